"""`moothall verify FILE`: check a proof that was taken home, without a network and without the server.

It says what it has checked with, and what it has not got.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from moothall.adapters.proof.stamp_check import read_authorities, signer_of
from moothall.adapters.proof.texts import ProofText, source_text
from moothall.adapters.store import signing
from moothall.adapters.store.files import explained
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.lines import SegmentCorrected, SegmentEnded
from moothall.core.events.types import AnyEvent
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError, ProofBroken, RecordBroken
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.proof.checking import ProofCheck, ProofVerdict, Trusted, check
from moothall.core.proof.entries import MANIFEST_FORM
from moothall.core.proof.notes import SignedNote, VerifierKey, read_note
from moothall.core.proof.policy import TrustPolicy, read_policy
from moothall.core.proof.time_stamps import STAMP_SUFFIX, read_stamp
from moothall.core.proof.tlog_proofs import MAGIC, SUFFIX, Context, LoggedEvent, LoggedExport
from moothall.record.bundle import BundleManifest
from moothall.record.wrapping import plain

PROVED, BROKEN, UNREADABLE, UNPROVED = 0, 1, 2, 3
"""Exit codes, as those of `moothall verify`."""
_CODES = {ProofVerdict.PROVED: PROVED, ProofVerdict.BROKEN: BROKEN, ProofVerdict.UNPROVED: UNPROVED}


def proof_of(path: Path) -> Path | None:
    """The proof that a file is, or has beside it; None for another file, and for one that isn't there."""
    beside = path.with_name(path.name + SUFFIX)
    if not path.is_file():
        return None
    with explained(f"{path} can't be read"), path.open("rb") as file:
        begins = file.read(len(MAGIC))
    if begins == MAGIC.encode() or path.name.endswith(SUFFIX):
        return path
    return beside if beside.is_file() else None


def verify_file(
    path: Path,
    out: TextIO,
    *,
    keys: Sequence[str],
    seen: Sequence[Path],
    policy: Path | None,
    authorities: Sequence[Path] = (),
    read_keys: Callable[[str], Mapping[str, object]],
) -> int:
    """Check the proof at `path`, or that of the file there, and print what it proves. Return the exit code.

    `keys` are files or addresses of public keys, `seen` are files of checkpoints that were seen elsewhere, `policy` is
    a policy file. `authorities` are files of certificates with which the time stamp beside the proof is checked, if it
    has one. Raises ConfigurationError where one of them can't be read.
    """
    proof = proof_of(path) or path
    file = path if proof != path else path.with_name(path.name.removesuffix(SUFFIX))
    trusted = _trusted(keys, seen, policy, read_keys)
    with explained(f"{path} can't be read"):
        data = proof.read_bytes()
        content = file.read_bytes() if file != proof and file.is_file() else None
    found = _stamped(check(data, trusted, file=content), proof, data, authorities)
    found = _unpacked(found, file, content)
    print(f"{path}: {found.verdict.value}.", file=out)
    for sentence in (*found.faults, *_shown(found), *found.lacks, *found.notes):
        print(f"  {plain(sentence)}", file=out)  # A proof, from whomever, is no way into a terminal.
    if found.split is not None:
        for title, note in zip(("Seen elsewhere:", "In the proof:"), found.split, strict=True):
            print(f"  {title}", file=out)
            print("".join(f"    {line}\n" for line in str(note).splitlines()), end="", file=out)
    return _CODES[found.verdict]


def _unpacked(found: ProofCheck, path: Path, content: bytes | None) -> ProofCheck:
    """What was found, with what became of the files that a bundle's list names, which are beside it."""
    if content is None or not isinstance(found.thing, LoggedExport) or found.thing.file.form != MANIFEST_FORM:
        return found
    try:
        listed = read_json(content, BundleManifest)
    except Unreadable:
        return found  # It isn't what was logged, and that was found.
    altered, absent = list[str](), list[str]()
    for each in listed.files:
        there = path.parent / each.path
        if not there.resolve().is_relative_to(path.parent.resolve()) or not there.is_file():
            absent.append(each.path)
            continue
        with explained(f"{there} can't be read"), there.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != each.sha256:
                altered.append(each.path)
    faults = [f"{each} was altered: it isn't the file that was logged." for each in altered]
    lacks = (
        [f"Files that it lists aren't here, {len(absent)} of {len(listed.files)}, such as {absent[0]}."]
        if absent
        else []
    )
    whole = [] if altered or absent else [f"All {len(listed.files)} files that it lists are what was logged."]
    return msgspec.structs.replace(
        found,
        faults=(*found.faults, *faults),
        lacks=(*found.lacks, *lacks),
        notes=(*whole, *found.notes),
    )


def _stamped(found: ProofCheck, proof: Path, data: bytes, authorities: Sequence[Path]) -> ProofCheck:
    """What was found, with what the time stamp beside a proof says."""
    beside = proof.with_name(proof.name + STAMP_SUFFIX)
    believed = [each for path in authorities for each in read_authorities(path)]
    if not beside.is_file():
        lacks = (*found.lacks, f"There is no time stamp beside it, {beside.name}.") if authorities else found.lacks
        return msgspec.structs.replace(found, lacks=lacks)
    with explained(f"{beside} can't be read"):
        answer = beside.read_bytes()
    try:
        stamp = read_stamp(answer)
        by = signer_of(stamp, believed)
        if not stamp.is_of(data):
            raise ProofBroken("The time stamp beside it is of something else, or the proof was altered.")
    except ProofBroken as error:
        return msgspec.structs.replace(found, faults=(*found.faults, str(error)))
    said = f"It existed at {_when(stamp.at)}: time-stamped by {by}."
    doubt = "Whether that is an authority wasn't checked: no certificate was given. Use --authority."
    return msgspec.structs.replace(found, notes=(*found.notes, said, *([] if believed else [doubt])))


def _shown(found: ProofCheck) -> list[str]:
    """What a proof shows that isn't broken, in sentences."""
    if found.verdict is ProofVerdict.BROKEN or found.thing is None or found.head is None:
        return []
    context = found.thing.context
    lines: list[str] = []
    if isinstance(found.thing, LoggedEvent):
        header, event = found.thing.about, _event(found.thing.body)
        what = f"Session {header.session}, {header.lane}, event {header.offset} ({header.type})"
        text = event.text if isinstance(event, SegmentEnded | SegmentCorrected) else ""
        text += event.tail if isinstance(event, SegmentCorrected) else ""
        lines.append(f'{what}: "{text}"' if text else f"{what}.")
        lines.append(_since(header.at, context))
        source = "" if event is None else source_text(event, context.origin)
        lines += [source] if source else []
    else:
        file = found.thing.file
        if file.form == MANIFEST_FORM:
            lines.append(
                f"The list of a bundle's files, of session {file.session} as at event {file.offset} and others."
            )
        else:
            of = f"file '{file.form}' of text '{file.channel}'"
            lines.append(f"Session {file.session}, {of} as at event {file.offset}.")
        lines.append(_until(context))
    signed = f"Signed by {found.key}, " if found.key else "Not checked against a key, "
    lines.append(f"{signed}in the tree {found.head.origin} of {found.head.size} leaves.")
    lines += [f"Cosigned by {each.witness} at {_when(1_000 * each.at)}." for each in found.cosigned]
    return lines


def _since(at: int, context: Context) -> str:
    times = {"since": _when(at), "until": _when(context.signed_at)}
    if not context.version:
        return ProofText.SINCE.format(**times)
    return ProofText.SINCE_VERSION.format(**times, version=context.version)


def _until(context: Context) -> str:
    return f"Logged by {_when(context.signed_at)}, as the server says; changes after that can't be seen offline."


def _event(body: bytes) -> AnyEvent | UnknownEvent | None:
    """The event of a body; None where it can't be read, as one of a later release may be."""
    try:
        return decode_event(body)
    except RecordBroken:
        return None


def _when(ms: int) -> str:
    return f"{UTC_ZONE.at(ms):%Y-%m-%d %H:%M:%S} UTC"


def _trusted(
    keys: Sequence[str],
    seen: Sequence[Path],
    policy: Path | None,
    read_keys: Callable[[str], Mapping[str, object]],
) -> Trusted:
    named: list[VerifierKey] = []
    publics: list[bytes] = []
    for source in keys:
        vkeys = _vkeys(source)
        named += vkeys
        publics += () if vkeys else signing.public_keys(read_keys(source))
    return Trusted(
        verify=signing.ed25519,
        publics=tuple(publics),
        keys=tuple(named),
        policy=None if policy is None else _policy(policy),
        seen=tuple(_checkpoint(path) for path in seen),
    )


def _vkeys(source: str) -> list[VerifierKey]:
    """The keys of a file that has one a line, as `/log/policy` writes them; none for another source."""
    path = Path(source)
    if not path.is_file():
        return []
    with explained(f"The public keys can't be read from {source}"):
        lines = path.read_text(encoding="utf-8", errors="replace").split()
    try:
        return [VerifierKey.parse(line) for line in lines]
    except ProofBroken:
        return []


def _policy(path: Path) -> TrustPolicy:
    with explained(f"The policy {path} can't be read"):
        data = path.read_bytes()
    try:
        return read_policy(data)
    except ProofBroken as error:
        raise ConfigurationError(f"The policy {path} can't be used. {error}") from error


def _checkpoint(path: Path) -> SignedNote:
    with explained(f"The checkpoint {path} can't be read"):
        data = path.read_bytes()
    try:
        return read_note(data)
    except ProofBroken as error:
        msg = f"{path} is no checkpoint, as /log/checkpoint gives it. {error}"
        raise ConfigurationError(msg) from error
