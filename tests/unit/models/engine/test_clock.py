from __future__ import annotations

import time

import pytest

from moothall.testing.loop import run
from moothall_models.engine.clock import CpuClock, WallClock


class Cpu:
    def __init__(self) -> None:
        self.ns = 5_000_000_000

    def __call__(self) -> int:
        return self.ns

    def burn(self, ms: float) -> None:
        self.ns += round(ms * 1_000_000)


def test_the_cpu_clock_is_cpu_and_idle_time() -> None:
    async def main() -> None:
        cpu = Cpu()
        clock = CpuClock(cpu)
        cpu.burn(40)
        clock.start(2_000)
        assert clock.now() == 2_000.0
        cpu.burn(300)
        assert clock.now() == 2_300.0
        await clock.until(2_500)
        assert clock.now() == 2_500.0
        cpu.burn(0.25)
        assert clock.now() == 2_500.25
        await clock.until(2_400)
        assert clock.now() == 2_500.25

    run(main())


def test_what_is_unbilled_takes_no_time_but_is_used() -> None:
    cpu = Cpu()
    clock = CpuClock(cpu)
    cpu.burn(1_000)
    clock.warmed_up()
    clock.start(0)
    cpu.burn(10)
    with clock.unbilled():
        cpu.burn(70)
    cpu.burn(5)
    assert clock.now() == 15.0
    assert clock.cpu_ms() == 85.0


def test_what_is_unbilled_stays_so_when_it_fails() -> None:
    cpu = Cpu()
    clock = CpuClock(cpu)
    clock.start(0)

    def fail() -> None:
        with clock.unbilled():
            cpu.burn(70)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert clock.now() == 0.0


def test_the_wall_clock_is_the_loops() -> None:
    async def main() -> None:
        cpu = Cpu()
        clock = WallClock(cpu)
        began = clock.now()
        await clock.until(began + 3_600_000)
        assert clock.now() == pytest.approx(began + 3_600_000)
        await clock.until(began)
        assert clock.now() == pytest.approx(began + 3_600_000)
        with clock.unbilled():
            cpu.burn(7)
        assert clock.cpu_ms() == 7.0
        clock.warmed_up()
        assert clock.cpu_ms() == 0.0

    run(main())


def test_real_cpu_time_is_counted_whatever_else_the_machine_does() -> None:
    clock = CpuClock()
    clock.start(0)
    until = time.process_time_ns() + 50_000_000
    while time.process_time_ns() < until:
        pass
    assert 50 <= clock.now() < 60
