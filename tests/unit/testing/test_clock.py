from __future__ import annotations

import asyncio

from moothall.testing.clock import LONG_AGO, LoopClock, ManualClock
from moothall.testing.loop import run


async def test_it_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(wall=1_000, monotonic=7)
    await clock.sleep(0)
    assert (clock.wall(), clock.monotonic()) == (1_000, 7)
    await clock.advance(250)
    assert (clock.wall(), clock.monotonic()) == (1_250, 257)
    clock.set_wall(5)
    await clock.advance(1)
    assert (clock.wall(), clock.monotonic()) == (6, 258)


async def test_sleepers_wake_in_order_and_at_their_own_times() -> None:
    clock = ManualClock()
    woke: list[tuple[str, int]] = []

    async def sleeper(name: str, ms: int) -> None:
        await clock.sleep(ms)
        woke.append((name, clock.monotonic()))
        await clock.sleep(ms)
        woke.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        group.create_task(sleeper("b", 20))
        group.create_task(sleeper("a", 15))
        await clock.advance(19)
        assert woke == [("a", 15)]
        assert clock.sleepers == 2
        await clock.advance(21)
    assert woke == [("a", 15), ("b", 20), ("a", 30), ("b", 40)]
    assert clock.sleepers == 0


async def test_a_sleeper_that_was_cancelled_is_forgotten() -> None:
    clock = ManualClock()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(clock.sleep(10))
        await clock.advance(1)
        task.cancel()
    await clock.advance(20)
    assert clock.monotonic() == 21


def test_the_loops_clock_follows_the_loop() -> None:
    async def main() -> tuple[int, int]:
        clock = LoopClock()
        began = clock.monotonic()
        await clock.sleep(90_000)
        await clock.sleep(-5)
        return clock.monotonic() - began, clock.wall() - LONG_AGO - began

    assert run(main()) == (90_000, 90_000)
