from __future__ import annotations

import asyncio

import pytest

from moothall.services.log.signing_times import ASKED_MS, CHECKPOINT_MS, SigningTimes
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run


def test_it_is_signed_each_minute_and_where_somebody_asks_but_not_more_often_than_each_ten_seconds() -> None:
    async def story() -> None:
        clock, signed = LoopClock(), list[int]()

        async def sign() -> None:
            signed.append(clock.monotonic())

        times = SigningTimes(sign, lambda: 7, lambda: None, clock)
        running = asyncio.ensure_future(times.run())
        await clock.sleep(5_000)
        times.ask(6)
        await clock.sleep(1)
        assert signed == [], "there is one behind that event"
        times.ask(7)
        await clock.sleep(1)
        assert signed == [5_001]
        times.ask(8)
        times.ask(9)
        await clock.sleep(CHECKPOINT_MS)
        assert signed == [5_001, 5_001 + ASKED_MS, CHECKPOINT_MS]
        times.ask(7)
        await clock.sleep(1)
        assert signed[3:] == [CHECKPOINT_MS + 5_002]
        running.cancel()

    run(story())


@pytest.mark.parametrize(
    ("ago", "waits"),
    [(CHECKPOINT_MS + 1, 0), (CHECKPOINT_MS - 1_000, 1_000), (0, CHECKPOINT_MS), (-5_000, CHECKPOINT_MS)],
)
def test_what_an_earlier_life_left_unsigned_is_signed_a_minute_after_it_was_written(ago: int, waits: int) -> None:
    async def story() -> None:
        clock, signed = LoopClock(), list[int]()

        async def sign() -> None:
            signed.append(clock.monotonic())

        written = clock.wall() - ago
        times = SigningTimes(sign, lambda: 0, lambda: written, clock)
        running = asyncio.ensure_future(times.run())
        await clock.sleep(CHECKPOINT_MS + 1)
        assert signed[0] == waits
        running.cancel()

    run(story())
