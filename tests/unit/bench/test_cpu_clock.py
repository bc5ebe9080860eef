from __future__ import annotations

import time

import pytest

from cpu_clock import NS_PER_MS, NS_PER_US, ClockTime, EngineCpuClock, ServerCpuClock
from moothall.testing.loop import run


class Cpu:
    """CPU time that a test burns itself."""

    def __init__(self) -> None:
        self.ns = 7_000_000_000

    def __call__(self) -> int:
        return self.ns

    def burn(self, ms: float) -> None:
        self.ns += round(ms * NS_PER_MS)


@pytest.fixture
def cpu() -> Cpu:
    return Cpu()


# The engine's


def test_the_cpu_clock_is_cpu_and_idle_time() -> None:
    async def main() -> None:
        cpu = Cpu()
        clock = EngineCpuClock(cpu)
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
    clock = EngineCpuClock(cpu)
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
    clock = EngineCpuClock(cpu)
    clock.start(0)

    def fail() -> None:
        with clock.unbilled():
            cpu.burn(70)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert clock.now() == 0.0


def test_real_cpu_time_is_counted_whatever_else_the_machine_does() -> None:
    clock = EngineCpuClock()
    clock.start(0)
    until = time.process_time_ns() + 50_000_000
    while time.process_time_ns() < until:
        pass
    assert 50 <= clock.now() < 60


def test_media_time_is_the_engines_clock() -> None:
    media = ClockTime()
    media.arrived(99_000, 1.0)
    assert media.at(1_234.9) == 1_234


# The server's


def test_before_the_first_message_it_is_the_moment_of_its_making(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=500, cpu_ns=cpu)
    made = clock.wall()
    cpu.burn(5_000)
    assert clock.wall() == made
    assert abs(made - time.time_ns() // NS_PER_MS) < 60_000


def test_a_messages_time_is_its_own_and_what_was_computed_since_it_arrived_and_an_append(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=2_000, cpu_ns=cpu)
    zero = clock.wall()
    receipt = clock.receipt(1_500.0)
    cpu.burn(3)
    clock.begin(receipt)
    cpu.burn(4)
    assert clock.wall() - zero == 1_500 + 3 + 4 + 2


def test_parts_of_a_millisecond_count_as_a_whole_one(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=1, cpu_ns=cpu)
    zero = clock.wall()
    clock.begin(clock.receipt(10.0))
    assert clock.wall() - zero == 11
    assert NS_PER_MS == 1_000 * NS_PER_US


def test_what_was_computed_for_an_earlier_message_is_not_charged_to_a_later_one(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=0, cpu_ns=cpu)
    zero = clock.wall()
    clock.begin(clock.receipt(100.0))
    cpu.burn(50)
    assert clock.wall() - zero == 150
    clock.begin(clock.receipt(1_000.0))
    cpu.burn(1)
    assert clock.wall() - zero == 1_001


def test_a_message_that_waited_its_turn_pays_for_the_wait(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=0, cpu_ns=cpu)
    zero = clock.wall()
    first, second = clock.receipt(100.0), clock.receipt(100.0)
    clock.begin(first)
    cpu.burn(30)
    clock.begin(second)
    assert clock.wall() - zero == 130


def test_it_never_runs_back(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=0, cpu_ns=cpu)
    zero = clock.wall()
    clock.begin(clock.receipt(1_000.0))
    cpu.burn(20)
    assert clock.wall() - zero == 1_020
    clock.begin(clock.receipt(1_005.0))
    assert clock.wall() - zero == 1_020
    cpu.burn(25)
    assert clock.wall() - zero == 1_030


async def test_waiting_and_monotonic_time_are_the_machines(cpu: Cpu) -> None:
    clock = ServerCpuClock(append_us=0, cpu_ns=cpu)
    before = clock.monotonic()
    await clock.sleep(2)
    assert clock.monotonic() > before


def test_without_a_measure_of_its_own_it_counts_this_processs_cpu() -> None:
    clock = ServerCpuClock(append_us=0)
    zero = clock.wall()
    clock.begin(clock.receipt(0.0))
    while clock.wall() < zero + 2:
        pass
    assert clock.wall() >= zero + 2
