from __future__ import annotations

import asyncio

from moothall.services.metrics.measures import LOOK_MS, Durations, watch_loop
from moothall.testing.clock import ManualClock


async def test_it_is_noted_how_much_too_late_the_loop_comes() -> None:
    clock, lag = ManualClock(), Durations((1, 10, 100))
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(watch_loop(clock, lag))
        await clock.advance(LOOK_MS)
        assert lag.counts == [1, 0, 0, 0]
        await clock.advance(LOOK_MS)
        assert lag.count == 2
        watching.cancel()
