"""A fan-out that runs in a test, and readers that join it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.kernel.ids import Position
from moothall.core.kernel.lanes import Feed
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import Subscription
from moothall.testing.log_memory import MemoryLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from support.sessions.meeting import LIVE, Meeting


async def settle() -> None:
    """Run the loop until everything has settled; 100 turns, since no signal says that nothing is left to do."""
    for _ in range(100):
        await asyncio.sleep(0)


async def one_line(house: Meeting, fanout: SessionFanout) -> None:
    """Publish a line, and let it reach every reader that can take it."""
    fanout.publish(await house.line())
    await settle()


async def until_written(outlet: MemoryOutlet) -> None:
    """Wait until the fan-out has written to `outlet` once more, and not a turn of the loop longer."""
    before = len(outlet.writes)
    for _ in range(100):
        if len(outlet.writes) > before:
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing was written")


async def walked() -> None:
    """Wait until the fan-out has delivered what was published: it wakes in one turn of the loop,
    and delivers by the next.
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
