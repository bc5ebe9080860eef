"""`moothall verify`: check for each session in a data folder whether its record is still what was written; or a proof
that was taken home, or a file that has one beside it (`moothall.cli.proof.proof_files`).
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TextIO
from urllib.error import HTTPError
from urllib.parse import urlsplit

import msgspec

from moothall.adapters.store import one_copy_list, removal_list, signing, sqlite_file
from moothall.adapters.store.files import explained
from moothall.adapters.store.one_copy_list import OneCopySpan, read_spans
from moothall.adapters.store.removal_list import read_removals
from moothall.adapters.system.clock import SystemClock
from moothall.cli.proof.proof_files import proof_of, verify_file
from moothall.core.backup.removed import RemovedContent, TextAct, TextRemoved, united
from moothall.core.chain import checkpoint_bytes
from moothall.core.events.types import LaneHead
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId, is_name, log_epoch
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.proof.tlog_proofs import SUFFIX
from moothall.core.retention.periods import DUE, STAFF_DUE
from moothall.record.verify import (
    Gone,
    RecordVerdict,
    RemovalEvent,
    Verification,
    VerifySignature,
    signature_bytes,
    verify,
)

SOUND, UNSOUND, UNREADABLE, UNPROVED = 0, 1, 2, 3
"""Exit codes: intact or removed; broken or something is missing; cannot be read; whole, but nothing proves that it was
not written anew."""
_WORST = (UNREADABLE, UNSOUND, UNPROVED, SOUND)
SIGNED_WITHIN_MS = 300_000
"""A server signs what it wrote within a minute. An event that is unsigned for this many ms is no longer about to be
signed."""
_REASONS = {
    "request": "on request",
    "not-recorded": "as it was not to be recorded",
    DUE: "as its time was over",
    STAFF_DUE: "as its time was over",
}
"""The reasons of `BodyRemoved` in words."""
_LANES = {
    "session": "names",
    "questions": "questions and comments",
    "staff": "notes of the staff",
    "hub": "notes of a hub",
}
KEYS_PATH = "/.well-known/moothall.json"
MOST_BYTES = 64 << 10
"""The most bytes of a document of keys."""
WITHIN_S = 20.0
_SHOWN = 10


class _Meeting(msgspec.Struct):
    id: str


class _Position(msgspec.Struct):
    epoch: str
    offset: int


class _Checkpoint(msgspec.Struct):
    offset: int
    key: str
    signature: str
    lanes: dict[str, LaneHead]


class SeenHeads(msgspec.Struct, frozen=True):
    """The chain heads of a session as somebody else has seen them, in a record as JSON that they have kept."""

    session: _Meeting
    position: _Position
    heads: dict[str, LaneHead]
    checkpoint: _Checkpoint | None = None

    def expected(self) -> list[dict[Lane, LaneHead]]:
        """The heads that it names, for `moothall.record.verify`: its own, and its checkpoint's."""
        named = [self.heads] if self.checkpoint is None else [self.heads, self.checkpoint.lanes]
        return [{Lane(lane): head for lane, head in lanes.items()} for lanes in named]

    def signed(self, by: VerifySignature) -> bool:
        """Whether its checkpoint is signed by a known key; False when it has none."""
        point = self.checkpoint
        if point is None:
            return False
        # Readers may get another epoch than the log's own, with a count appended: `core.kernel.ids.reader_epoch`.
        own = log_epoch(Epoch(self.position.epoch))
        signature = signature_bytes(point.signature)
        return any(
            by(point.key, checkpoint_bytes(SessionId(self.session.id), Epoch(epoch), point.lanes), signature)
            for epoch in (self.position.epoch, own)
        )


class _Known(msgspec.Struct, frozen=True):
    """What a record is compared with."""

    signed: VerifySignature | None
    """Verifies signatures; None: there is no key, so signatures are not checked."""
    beside: bool
    """Whether the key was read from the log's own folder."""
    seen: Sequence[SeenHeads]
    one_copy: Mapping[SessionId, Sequence[OneCopySpan]] = {}
    """The spans of events that had one copy, in a house of several nodes."""
    returned: Mapping[SessionId, Sequence[TextAct]] = {}
    """The acts of the lists of removals whose words the log holds again."""

    def expected(self, session: SessionId) -> list[dict[Lane, LaneHead]]:
        found = [heads for each in self.seen if each.session.id == session for heads in each.expected()]
        return found or [{}]


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    verify = commands.add_parser(
        "verify",
        help="check that records are what was written",
        description="Check the chain and the signatures of the sessions in a data folder, or a proof.",
        epilog="Exit status: 0 intact, 1 broken or something is missing, 2 can't be read, 3 whole but not proved.",
    )
    verify.add_argument(
        "session", nargs="?", help="one session, all of them by default; or a proof, or a file with one"
    )
    verify.add_argument("--data", type=Path, default=Path("data"), help="the server's data folder")
    verify.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE|URL",
        help="public keys that were saved elsewhere, or where the server publishes them; may be said several times",
    )
    verify.add_argument(
        "--heads",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a record.json that was taken home, or from a hub: the log has to hold what it saw; with a proof, a "
        "checkpoint that was seen elsewhere; several times too",
    )
    verify.add_argument(
        "--policy", type=Path, metavar="FILE", help="with a proof: which witnesses have to have cosigned its checkpoint"
    )
    verify.add_argument(
        "--authority",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="with a proof: certificates (PEM) of time-stamping authorities that are believed; several times too",
    )
    verify.add_argument(
        "--removals",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="a list of removals besides the folder's own: nothing that one of them names may be in the log",
    )
    verify.set_defaults(run=_verify)


def _verify(arguments: argparse.Namespace) -> int:
    return verify_command(
        arguments.data,
        arguments.session,
        sys.stdout,
        keys=arguments.key,
        seen=arguments.heads,
        removals=arguments.removals,
        policy=arguments.policy,
        authorities=arguments.authority,
    )


def verify_command(
    data: Path,
    session: str | None,
    out: TextIO,
    *,
    keys: Sequence[str] = (),
    seen: Sequence[Path] = (),
    removals: Sequence[Path] = (),
    policy: Path | None = None,
    authorities: Sequence[Path] = (),
) -> int:
    """Verify one session, or all, of the data folder `data`, and print a sentence on each to `out`. Nothing is changed.

    `keys` are files or addresses of public keys; without any, the key beside the log is used. `seen` are records as
    JSON that somebody has kept. If `session` is such a file itself, the command prints how to use it. `removals` are
    lists of removals besides the one in the folder. If `session` is a proof, or a file with one beside it, that is
    checked instead, with the `policy`, with checkpoints as `seen`, and its time stamp with the certificates of
    `authorities`.

    Return 0 when all are intact (removed bodies are not damage), 1 when one is broken or lacks something, 2 when the
    log or a session cannot be read, 3 when all are whole but something is not proved.
    """
    try:
        if session is not None and proof_of(Path(session)) is not None:
            return verify_file(
                Path(session), out, keys=keys, seen=seen, policy=policy, authorities=authorities, read_keys=read_keys
            )
        if policy is not None or authorities:
            option = "--authority" if policy is None else "--policy"
            raise ConfigurationError(f"{option} is for a proof, or a file with its proof beside it; this is neither.")
        heads = [read_heads(path) for path in seen]
        if session is not None and (Path(session).is_file() or not is_name(session)):
            return _taken_home(_record(Path(session)), session, _published(data, keys), out)
        known = _Known(_published(data, keys), not keys, heads, read_spans(data / one_copy_list.FILE_NAME))
        lists = [read_removals(path) for path in (data / removal_list.FILE_NAME, *removals)]
        reader = sqlite_file.LogReader(sqlite_file.open_for_reading(data / sqlite_file.FILE_NAME))
    except ConfigurationError as error:
        print(error, file=out)
        return UNREADABLE
    try:
        returned = reader.held(RemovedContent(united(*lists)).carried_out())
        known = msgspec.structs.replace(known, returned=_by_session(returned))
        return _verify_all(reader, session, known, out)
    except (RecordBroken, StorageUnavailable) as error:
        print(error, file=out)
        return UNREADABLE
    finally:
        reader.close()


def read_heads(path: Path) -> SeenHeads:
    """Read a record as JSON. Raises ConfigurationError when the file cannot be read or is no record."""
    with explained(f"{path} can't be read"):
        data = path.read_bytes()
    try:
        return read_json(data, SeenHeads)
    except Unreadable as error:
        msg = f"{path} is no record as JSON (record.json), as a server and its hubs give it."
        raise ConfigurationError(msg) from error


def _record(path: Path) -> SeenHeads:
    """Read a record as JSON, which was given in place of a session. Raises ConfigurationError."""
    try:
        return read_heads(path)
    except ConfigurationError as error:
        lacks = f" Nor is its proof beside it, {path.name}{SUFFIX}." if path.is_file() else ""
        raise ConfigurationError(f"{error}{lacks}") from error


def _published(data: Path, keys: Sequence[str]) -> VerifySignature | None:
    if keys:
        return _any_of([signing.verifier(read_keys(source)) for source in keys])
    path = data / signing.FILE_NAME
    return signing.verifier(signing.Ed25519Signer.load(path).public_document()) if path.exists() else None


def _any_of(verifiers: Sequence[Callable[[str, bytes, bytes], bool]]) -> VerifySignature:
    return lambda key, message, signature: any(each(key, message, signature) for each in verifiers)


def _taken_home(record: SeenHeads, path: str, signed: VerifySignature | None, out: TextIO) -> int:
    """Print what a record as JSON proves: not its text, but the heads that the log must have had."""
    name = record.session.id
    print(
        f"{path} is a record of {name} that was taken home: it holds the text, not the chain that proves it.", file=out
    )
    point = record.checkpoint
    good = point is not None and signed is not None and record.signed(signed)
    if point is not None and signed is not None:
        found = f"signed by key {point.key}" if good else f"not signed by a known key, though it names {point.key}"
        print(f"It says where the log stood at event {point.offset}; that is {found}.", file=out)
    print(f"To compare the log with it: moothall verify {name} --data FOLDER --heads {path}", file=out)
    return UNSOUND if point is not None and signed is not None and not good else UNPROVED


def _verify_all(reader: sqlite_file.LogReader, session: str | None, known: _Known, out: TextIO) -> int:
    there = reader.sessions()
    if session is not None and session not in there:
        print(f"There is no session '{session}' in this log.", file=out)
        return UNREADABLE
    wanted = there if session is None else [SessionId(session)]
    codes = [_verify_one(reader, name, known, out) for name in wanted]
    for name in dict.fromkeys(each.session.id for each in known.seen):
        if name not in there and session in (None, name):
            print(f"{name}: missing. A record of it was taken home, and it isn't in this log.", file=out)
            codes.append(UNSOUND)
    if not there:
        print("The log holds no session yet.", file=out)
    elif known.signed is None:
        print(f"Signatures were not checked: there is no {signing.FILE_NAME} beside the log. Use --key.", file=out)
        codes.append(UNPROVED)
    elif known.beside:
        print("The key is the one beside the log; --key checks with one that was saved elsewhere.", file=out)
    return next((code for code in _WORST if code in codes), SOUND)


def _verify_one(reader: sqlite_file.LogReader, name: SessionId, known: _Known, out: TextIO) -> int:
    """Verify one session, and return its exit code. The other sessions are checked even after an error."""
    try:
        if not is_name(name):
            print(f"{name!r}: broken. The name of this session can't be read.", file=out)
            return UNSOUND
        each = [verify(reader.all(name), signed=known.signed, expected=heads) for heads in known.expected(name)]
    except RecordBroken as error:
        print(f"{name}: broken. {error}", file=out)
        return UNSOUND
    except StorageUnavailable as error:
        print(f"{name}: it can't be read. {error}", file=out)
        return UNREADABLE
    found = min(each, key=lambda one: list(RecordVerdict).index(one.verdict))
    doubt = _doubt(found, SystemClock().wall()) if known.signed is not None else ""
    print(f"{name}: {_sentence(found, checked=known.signed is not None)}{doubt}", file=out)
    for removal in found.removals:
        print(f"  {_removal(removal)}", file=out)
    for span in known.one_copy.get(name, ()):
        print(f"  {_one_copy(span)}", file=out)
    for act in known.returned.get(name, ()):
        print(f"  {_returned(act)}", file=out)
    if known.returned.get(name) or found.verdict not in (RecordVerdict.INTACT, RecordVerdict.REMOVED):
        return UNSOUND
    return UNPROVED if doubt else SOUND


def _doubt(found: Verification, now: int) -> str:
    """Say what is not proved of a record that is whole; empty when all is. `now` is in Unix ms."""
    if found.verdict not in (RecordVerdict.INTACT, RecordVerdict.REMOVED):
        return ""
    if found.closed > found.signed:
        return f" Not proved: it was closed at event {found.closed}, and nothing was signed then."
    if found.unsigned_ms > SIGNED_WITHIN_MS:
        return f" Not proved: nothing was signed in the last {found.unsigned_ms // 60_000} minutes of it."
    behind = [removal for removal in found.removals if removal.offset > found.signed]
    if behind and now - behind[0].at > SIGNED_WITHIN_MS:
        listed = _listed([removal.offset for removal in behind])
        return f" Not proved: the removal at event {listed} is behind the last signature."
    return ""


def _sentence(found: Verification, *, checked: bool) -> str:
    match found.verdict:
        case RecordVerdict.BROKEN:
            first, *others = found.broken
            more = f" Further damage: {_count(len(others), 'finding')}." if others else ""
            return f"broken at event {first.offset}. {first.reason}{more}"
        case RecordVerdict.TAIL_MISSING:
            return f"tail missing. {found.missing[0].reason}"
        case RecordVerdict.REMOVED:
            times = sum(1 for removal in found.removals if removal.gone)
            what = f"intact; words were removed by its keepers, {_count(times, 'time')}"
        case RecordVerdict.INTACT:
            what = "intact"
    if not checked:
        return f"{what}; {_count(found.events, 'event')}."
    signed = f"signed through event {found.signed} by key {found.key}" if found.signed else "none of it signed yet"
    return f"{what}; {_count(found.events, 'event')}, {signed}."


def _removal(removal: RemovalEvent) -> str:
    """Say when a removal was made, by which role, why, and of which events; never the words."""
    by = "the server" if removal.role is Role.SYSTEM else f"the role {removal.role}"
    why = _REASONS.get(removal.reason, removal.reason)
    parts: dict[str, list[Gone]] = {}
    for each in removal.gone:
        parts.setdefault(_part(each.lane), []).append(each)
    what = "; ".join(f"{part}, {_written(gone)}" for part, gone in parts.items())
    return f"Removed {_when(removal.at)} by {by}, {why} (event {removal.offset}): {what or 'no words'}."


def _one_copy(span: OneCopySpan) -> str:
    """Say which events only this node had while Redis was away, and what became of them."""
    if span.through is None or span.until is None:
        return f"Events from {span.first} on have one copy, on this disk, since {_when(span.since)}."
    if span.aside:
        behind = max(span.first, span.through + 1)
        return (
            f"Events from {behind} on had one copy, from {_when(span.since)}; they were set aside {_when(span.until)}."
        )
    return (
        f"Events {span.first} to {span.through} had one copy, from {_when(span.since)} until {_when(span.until)}, when "
        "Redis got them."
    )


def _returned(act: TextAct) -> str:
    """Say which removal of the list the log doesn't have, since it is an older copy."""
    what = f"{_count(len(act.events), 'event')}" if isinstance(act, TextRemoved) else "the whole session"
    return (
        f"Removed {_when(act.at)} by the list of removals, and here again: {what}. The log is an older copy; the "
        "server removes it once more when it starts."
    )


def _by_session(returned: Sequence[tuple[SessionId, TextAct]]) -> Mapping[SessionId, Sequence[TextAct]]:
    return {session: [act for other, act in returned if other == session] for session, _ in returned}


def _part(lane: Lane) -> str:
    kind, _, name = lane.partition(":")
    return f"text '{name}'" if kind in ("ch", "w") else _LANES.get(kind, f"lane '{lane}'")


def _written(gone: Sequence[Gone]) -> str:
    since, until = gone[0].at, gone[-1].at
    end = f" to {UTC_ZONE.at(until):%H:%M:%S}" if until // 1_000 > since // 1_000 else ""
    which = "event" if len(gone) == 1 else "events"
    return f"written {_when(since)}{end} ({which} {_listed([each.offset for each in gone])})"


def _when(ms: int) -> str:
    return f"{UTC_ZONE.at(ms):%Y-%m-%d %H:%M:%S} UTC"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _listed(offsets: Sequence[int]) -> str:
    shown = ", ".join(str(offset) for offset in offsets[:_SHOWN])
    return shown if len(offsets) <= _SHOWN else f"{shown} and {len(offsets) - _SHOWN} more"


def read_keys(source: str) -> dict[str, object]:
    """Read the public keys at `source`: a file, or the address of a server or of the document that it publishes.

    Raises ConfigurationError when it cannot be read or has no keys.
    """
    parts = urlsplit(source)
    try:
        if parts.scheme in ("http", "https"):
            address = source if parts.path.strip("/") else source.rstrip("/") + KEYS_PATH
            with urllib.request.urlopen(address, timeout=WITHIN_S) as answer:  # noqa: S310  # only these schemes
                data = answer.read(MOST_BYTES)
        else:
            data = Path(source).read_bytes()
        return read_json(data, dict[str, object])
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()  # It holds the connection.
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or "it is no JSON object"
        raise ConfigurationError(f"The public keys can't be read from {source}: {why}.") from error
