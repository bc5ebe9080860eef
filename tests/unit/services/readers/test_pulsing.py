from __future__ import annotations

import asyncio

from moothall.services.readers.pulsing import pulsing
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run
from moothall.wire.frames import PULSE_MS


def test_it_is_said_at_once_and_then_each_interval_until_the_end() -> None:
    async def story() -> None:
        clock = LoopClock()
        said: list[int] = []

        async def say() -> None:
            said.append(clock.monotonic())

        async with pulsing(say, clock, wanted=True):
            await clock.sleep(2 * PULSE_MS + 1)
        await clock.sleep(PULSE_MS)
        assert said == [0, PULSE_MS, 2 * PULSE_MS]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(story())


def test_who_doesnt_want_it_has_none() -> None:
    async def story() -> None:
        async def say() -> None:
            raise AssertionError("nobody asked for it")

        async with pulsing(say, LoopClock(), wanted=False):
            await asyncio.sleep(60)

    run(story())
