from __future__ import annotations

import time

from moothall.adapters.system.clock import SystemClock, SystemRandomness


async def test_it_is_the_machines_time() -> None:
    clock = SystemClock()
    assert abs(clock.wall() - time.time_ns() // 1_000_000) < 60_000
    began = clock.monotonic()
    await clock.sleep(-1)
    await clock.sleep(2)
    assert clock.monotonic() - began >= 1


def test_random_bytes_do_not_repeat() -> None:
    randomness = SystemRandomness()
    assert len(randomness.bytes(16)) == 16
    assert randomness.bytes(16) != randomness.bytes(16)
