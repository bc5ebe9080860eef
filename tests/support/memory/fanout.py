"""A fan-out that runs in a test, and readers who join it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.kernel.ids import Position
from moothall.core.kernel.lanes import Feed
from moothall.services.readers.fanout import SessionFanout
from moothall.services.readers.feed import Subscription
from moothall.testing.log_memory import MemoryLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from support.sessions.meeting import LIVE, Meeting


async def settle() -> None:
    """Turn the loop until nothing more comes of what was done: nobody tells that there is nothing left to do."""
    for _ in range(100):
        await asyncio.sleep(0)


async def one_line(house: Meeting, fanout: SessionFanout) -> None:
    """A line is published, and everybody is served who can be."""
    fanout.publish(await house.line())
    await settle()


async def until_written(outlet: MemoryOutlet) -> None:
    """Until a walk has begun with `outlet`, and not a turn of the loop longer."""
    before = len(outlet.writes)
    for _ in range(100):
        if len(outlet.writes) > before:
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing was written")


async def walked() -> None:
    """What was published has been handed out by itself: the fan-out wakes in one turn of the loop, and walks by the
    next.
    """
    await asyncio.sleep(0)
    await asyncio.sleep(0)


@asynccontextmanager
async def running(fanout: SessionFanout) -> AsyncIterator[None]:
    task = asyncio.ensure_future(fanout.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def meeting(log: MemoryLog | None = None) -> Meeting:
    made = Meeting(log)
    await made.open()
    return made


async def join(
    fanout: SessionFanout, after: Position | None = None, feed: Feed = LIVE, *, stalled: bool = False
) -> tuple[MemoryOutlet, Subscription]:
    outlet = MemoryOutlet(stalled=stalled)
    subscription = await fanout.subscribe(outlet, feed, Format.SSE, after)
    assert isinstance(subscription, Subscription)
    return outlet, subscription
