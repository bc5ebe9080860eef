from __future__ import annotations

import asyncio

from moothall.services.signing_times import ASKED_MS, CHECKPOINT_MS, SigningTimes
from moothall.testing.clock import LoopClock
from moothall.testing.loop import run


def test_it_is_signed_each_minute_and_where_somebody_asks_but_not_more_often_than_each_ten_seconds() -> None:
    async def story() -> None:
        clock, signed = LoopClock(), list[int]()

        async def sign() -> None:
            signed.append(clock.monotonic())

        times = SigningTimes(sign, clock)
        running = asyncio.ensure_future(times.run())
        await clock.sleep(5_000)
        times.ask()
        await clock.sleep(1)
        assert signed == [5_000]
        times.ask()
        times.ask()
        await clock.sleep(CHECKPOINT_MS)
        assert signed == [5_000, 5_000 + ASKED_MS, CHECKPOINT_MS]
        times.ask()
        await clock.sleep(1)
        assert signed[3:] == [CHECKPOINT_MS + 5_001]
        running.cancel()

    run(story())
