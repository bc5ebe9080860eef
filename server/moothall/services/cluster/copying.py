"""Bringing one copy of a log up to another: events as they are, removals as removals."""

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
"""Events that are copied at once."""
_REMOVED = str(BodyRemoved.__struct_config__.tag)
_EMPTY = LaneHead(offset=0, digest=GENESIS.hex())


class Readable(Protocol):
    """What a log is copied from."""

    async def read(self, session: SessionId, after: int, limit: int, /) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`LogReading`)."""
        ...


Copied = Callable[[LogHead, Sequence[LogRecord], Sequence[int]], Awaitable[None]]
"""Told of what a copy has by now: where it ends, the records that came, and the offsets whose bodies it has no more."""


async def _nobody(head: LogHead, records: Sequence[LogRecord], removed: Sequence[int]) -> None:
    """For a copy that nobody looks on at."""


async def copy(
    source: Readable,
    target: EventLog,
    session: SessionId,
    head: LogHead,
    *,
    copied: Copied = _nobody,
    asides: Asides | None = None,
) -> LogHead:
    """Append to `target`, whose `head` is given, what `source` has behind it; the new head.

    Where bodies were removed they are removed in the copy, once nothing of the session is in `asides`, where the words
    may stand as well: so a copy that has the event which says what was removed stands for both. Raises as both logs do,
    and RecordBroken where what is behind doesn't go on from the digests of the copy's lanes.
    """
    many = PAGE
    while many == PAGE and (page := await source.read(session, head.offset, PAGE)):
        many = len(page)  # A page that isn't full is the end, as of when it was read.
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
    """Raises RecordBroken unless `longer` goes on from where `shorter` ends, by the digests of every lane.

    What `longer` has given up was compared before it was (`archiving.py`).
    """
    for lane, head in shorter.lanes.items():
        try:
            found = await longer.read(session, head.offset - 1, 1)
        except LogTrimmed:
            continue
        if not found or (found[0].header.lane, found[0].digest.hex()) != (lane, head.digest):
            raise _contradiction(session, head.offset)


async def common_end(session: SessionId, one: Readable, other: Readable, after: int) -> int:
    """The last offset up to which two logs, the same up to `after`, are the same. Raises as both do."""
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
