"""Bringing one copy of a log up to another: events as they are, removals as removals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby

from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import EventLog, LogHead, LogReading

PAGE = 250
"""Events that are copied at once."""
_REMOVED = str(BodyRemoved.__struct_config__.tag)

Copied = Callable[[Sequence[LogRecord], Sequence[int]], Awaitable[None]]
"""Told of records that the copy has by now, and of the offsets whose bodies it has no more."""


async def _nobody(records: Sequence[LogRecord], removed: Sequence[int]) -> None:
    """For a copy that nobody looks on at."""


async def copy(
    source: LogReading, target: EventLog, session: SessionId, *, term: int, after: int, copied: Copied = _nobody
) -> int:
    """Append to `target`, which ends at `after` and is held with `term`, what `source` has behind; the new end.

    Where bodies were removed they are removed in the copy. Raises as both logs do.
    """
    while page := await source.read(session, after, PAGE):
        for removal, some in groupby(page, key=lambda record: record.header.type == _REMOVED):
            records = list(some)
            if not removal:
                await target.append(session, term, after, records)
                await copied(records, ())
            else:
                for record in records:
                    removed = _removed(record)
                    await target.remove(session, term, record.header.offset - 1, removed, [record])
                    await copied([record], removed)
            after = records[-1].header.offset
    return after


async def refuse_contradiction(session: SessionId, shorter: LogHead, longer: LogReading) -> None:
    """Raises RecordBroken unless `longer` goes on from where `shorter` ends, by the digests of every lane."""
    for lane, head in shorter.lanes.items():
        found = await longer.read(session, head.offset - 1, 1)
        if not found or (found[0].header.lane, found[0].digest.hex()) != (lane, head.digest):
            msg = (
                f"Two copies of session {session} contradict each other at event {head.offset} at the latest. None was "
                "changed; 'moothall verify' on each says which of them is whole."
            )
            raise RecordBroken(msg)


def _removed(record: LogRecord) -> tuple[int, ...]:
    event = None if record.body is None else decode_event(record.body)
    if not isinstance(event, BodyRemoved):
        msg = (
            f"Event {record.header.offset} of session {record.header.session} says what was removed, and can't be read."
        )
        raise RecordBroken(msg)
    return event.offsets
