"""Brings one copy of a log up to date with another: events are copied unchanged, and removals are carried out as
removals.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Protocol

import msgspec

from moothall.core.chain import GENESIS, LogRecord, link
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved, LaneHead
from moothall.core.kernel.errors import LogTrimmed, RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Asides, EventLog, LogHead

PAGE = 250
"""Most events that are read in one batch."""
_REMOVED = str(BodyRemoved.__struct_config__.tag)
_EMPTY = LaneHead(offset=0, digest=GENESIS.hex())


class Readable(Protocol):
    """A source from which a log is copied."""

    async def read(self, session: SessionId, after: int, limit: int, /) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`LogReading`)."""
        ...


Copied = Callable[[LogHead, Sequence[LogRecord], Sequence[int]], Awaitable[None]]
"""Callback after each batch, with the copy's head, the records that were stored, and the offsets whose bodies the copy
has erased."""


async def _nobody(head: LogHead, records: Sequence[LogRecord], removed: Sequence[int]) -> None:
    """Do nothing: the default callback, for a copy without an observer."""


async def copy(
    source: Readable,
    target: EventLog,
    session: SessionId,
    head: LogHead,
    *,
    copied: Copied = _nobody,
    asides: Asides | None = None,
) -> LogHead:
    """Append to `target`, whose head is `head`, all that `source` has after it; return the new head.

    Where bodies were removed, erase them in the copy too, but first erase the session from `asides`, which may hold the
    same words. So once a copy has the event that says what was removed, neither holds the words any more. Raises what
    both logs raise, and RecordBroken where the records of `source` don't continue the digests of the copy's lanes.
    """
    many = PAGE
    while many == PAGE and (page := await source.read(session, head.offset, PAGE)):
        many = len(page)  # A page that isn't full was the last one when it was read.
        for removal, some in groupby(page, key=lambda record: record.header.type == _REMOVED):
            records = list(some)
            for part in [[each] for each in records] if removal else [records]:
                before, head = head.offset, _grown(session, head, part)
                removed = _removed(part[0]) if removal else ()
                if removal:
                    if asides is not None:
                        await asides.forget(session)
                    await target.remove(session, head.term, before, removed, part)
                else:
                    await target.append(session, head.term, before, part)
                await copied(head, part, removed)
    return head


def _grown(session: SessionId, head: LogHead, records: Sequence[LogRecord]) -> LogHead:
    lanes = dict(head.lanes)
    for record in records:
        header = record.header
        last = lanes.get(header.lane, _EMPTY)
        digest = link(bytes.fromhex(last.digest), record.header_bytes, record.body_digest)
        if (header.prev, digest) != (last.offset, record.digest):
            raise _contradiction(session, header.offset)
        lanes[header.lane] = LaneHead(offset=header.offset, digest=digest.hex())
    return msgspec.structs.replace(head, offset=records[-1].header.offset, lanes=lanes)


async def refuse_contradiction(session: SessionId, shorter: LogHead, longer: Readable) -> None:
    """Raise RecordBroken unless `longer` continues `shorter` from its head, by the digest of every lane.

    Events that `longer` has trimmed are skipped: they were compared before they were trimmed (`archiving.py`).
    """
    for lane, head in shorter.lanes.items():
        try:
            found = await longer.read(session, head.offset - 1, 1)
        except LogTrimmed:
            continue
        if not found or (found[0].header.lane, found[0].digest.hex()) != (lane, head.digest):
            raise _contradiction(session, head.offset)


async def common_end(session: SessionId, one: Readable, other: Readable, after: int) -> int:
    """The last offset up to which two logs are equal, knowing that they are up to `after`. Raises what both raise."""
    while True:
        pages = [await each.read(session, after, PAGE) for each in (one, other)]
        for here, there in zip(*pages, strict=False):
            if (here.header_bytes, here.digest) != (there.header_bytes, there.digest):
                return after
            after = here.header.offset
        if min(map(len, pages)) < PAGE:
            return after


def _contradiction(session: SessionId, offset: int) -> RecordBroken:
    return RecordBroken(
        f"Two copies of session {session} contradict each other at event {offset} at the latest. None was "
        "changed; 'moothall verify' on each says which of them is whole."
    )


def _removed(record: LogRecord) -> tuple[int, ...]:
    event = None if record.body is None else decode_event(record.body)
    if not isinstance(event, BodyRemoved):
        msg = (
            f"Event {record.header.offset} of session {record.header.session} says what was removed, and can't be read."
        )
        raise RecordBroken(msg)
    return event.offsets
