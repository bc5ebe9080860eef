"""`moothall verify`: says of each session in a data folder whether its record is still what was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from moothall.adapters import signing, sqlite_file
from moothall.core.chain import LogRecord
from moothall.core.errors import ConfigurationError, RecordBroken, StorageUnavailable
from moothall.core.ids import SessionId
from moothall.record.verify import Verdict, Verification, VerifySignature, verify

SOUND, UNSOUND, UNREADABLE = 0, 1, 2
"""Exit codes: intact or removed; broken or tail missing; it can't be read."""
_PAGE = 500
_SHOWN = 10


def verify_command(data: Path, session: str | None, out: TextIO) -> int:
    """Verify one session, or all, of the data folder `data`; a sentence each goes to `out`. Changes nothing.

    Returns 0 when all are intact (removed bodies are no damage), 1 when one is broken or lacks its tail, 2 when the
    log or the session can't be read.
    """
    try:
        signed = _published(data)
        reader = sqlite_file.LogReader(sqlite_file.open_for_reading(data / sqlite_file.FILE_NAME))
    except ConfigurationError as error:
        print(error, file=out)
        return UNREADABLE
    try:
        return _verify_all(reader, session, signed, out)
    except (RecordBroken, StorageUnavailable) as error:
        print(error, file=out)
        return UNREADABLE
    finally:
        reader.close()


def _published(data: Path) -> VerifySignature | None:
    path = data / signing.FILE_NAME
    return signing.verifier(signing.Ed25519Signer.load(path).public_document()) if path.exists() else None


def _verify_all(reader: sqlite_file.LogReader, session: str | None, signed: VerifySignature | None, out: TextIO) -> int:
    known = reader.sessions()
    if session is not None and session not in known:
        print(f"There is no session '{session}' in this log.", file=out)
        return UNREADABLE
    sound = True
    for name in known if session is None else [SessionId(session)]:
        try:
            found = verify(_records(reader, name), signed=signed)
        except RecordBroken as error:
            sound = False
            print(f"{name}: broken. {error}", file=out)
            continue
        sound = sound and found.verdict in (Verdict.INTACT, Verdict.REMOVED)
        print(f"{name}: {_sentence(found, checked=signed is not None)}", file=out)
    if not known:
        print("The log holds no session yet.", file=out)
    elif signed is None:
        print(f"Signatures were not checked: there is no {signing.FILE_NAME} beside the log.", file=out)
    return SOUND if sound else UNSOUND


def _records(reader: sqlite_file.LogReader, session: SessionId) -> Iterator[LogRecord]:
    after = 0
    while page := reader.read(session, after, _PAGE):
        yield from page
        after = page[-1].header.offset


def _sentence(found: Verification, *, checked: bool) -> str:
    match found.verdict:
        case Verdict.BROKEN:
            first, *others = found.broken
            more = f" Further damage: {_count(len(others), 'finding')}." if others else ""
            return f"broken at event {first.offset}. {first.reason}{more}"
        case Verdict.TAIL_MISSING:
            return f"tail missing. {found.missing[0].reason}"
        case Verdict.REMOVED:
            what = f"intact but for {_count(len(found.removed), 'removed text')} (at {_listed(found.removed)})"
        case Verdict.INTACT:
            what = "intact"
    if not checked:
        return f"{what}; {_count(found.events, 'event')}."
    signed = f"signed through event {found.signed}" if found.signed else "none of it signed yet"
    return f"{what}; {_count(found.events, 'event')}, {signed}."


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _listed(offsets: Sequence[int]) -> str:
    shown = ", ".join(str(offset) for offset in offsets[:_SHOWN])
    return shown if len(offsets) <= _SHOWN else f"{shown} and {len(offsets) - _SHOWN} more"
