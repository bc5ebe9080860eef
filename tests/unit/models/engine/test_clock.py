from __future__ import annotations

import asyncio
import time

import pytest

from moothall.testing.loop import run
from moothall_models.engine.clock import EngineClock


def test_it_is_the_loops_time_and_counts_cpu_from_the_warm_up_on() -> None:
    async def main() -> None:
        spent = [5_000_000_000]
        clock = EngineClock(lambda: spent[0])
        began = clock.now()
        await asyncio.sleep(3_600)
        assert clock.now() == pytest.approx(began + 3_600_000)
        spent[0] += 7_000_000
        assert clock.cpu_ms() == 7.0
        clock.warmed_up()
        assert clock.cpu_ms() == 0.0

    run(main())


def test_real_cpu_time_is_counted_whatever_else_the_machine_does() -> None:
    clock = EngineClock()
    until = time.process_time_ns() + 50_000_000
    while time.process_time_ns() < until:
        pass
    assert 50 <= clock.cpu_ms() < 60
