from __future__ import annotations

import time

import pytest

from moothall.adapters.system.clock import NS_PER_MS, NS_PER_US, CpuClock, SystemClock, SystemRandomness


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


def test_before_the_first_message_it_is_the_moment_of_its_making(cpu: Cpu) -> None:
    clock = CpuClock(append_us=500, cpu_ns=cpu)
    made = clock.wall()
    cpu.burn(5_000)
    assert clock.wall() == made
    assert clock.spent_us() == 0
    assert abs(made - time.time_ns() // NS_PER_MS) < 60_000


def test_a_messages_time_is_its_own_and_what_was_computed_since_it_arrived_and_an_append(cpu: Cpu) -> None:
    clock = CpuClock(append_us=2_000, cpu_ns=cpu)
    zero = clock.wall()
    receipt = clock.receipt(1_500.0)
    cpu.burn(3)
    clock.begin(receipt)
    cpu.burn(4)
    assert clock.wall() - zero == 1_500 + 3 + 4 + 2
    assert clock.spent_us() == 7_000


def test_parts_of_a_millisecond_count_as_a_whole_one(cpu: Cpu) -> None:
    clock = CpuClock(append_us=1, cpu_ns=cpu)
    zero = clock.wall()
    clock.begin(clock.receipt(10.0))
    assert clock.wall() - zero == 11
    assert NS_PER_MS == 1_000 * NS_PER_US


def test_what_was_computed_for_an_earlier_message_is_not_charged_to_a_later_one(cpu: Cpu) -> None:
    clock = CpuClock(append_us=0, cpu_ns=cpu)
    zero = clock.wall()
    clock.begin(clock.receipt(100.0))
    cpu.burn(50)
    assert clock.wall() - zero == 150
    clock.begin(clock.receipt(1_000.0))
    cpu.burn(1)
    assert clock.wall() - zero == 1_001
    assert clock.spent_us() == 1_000


def test_a_message_that_waited_its_turn_pays_for_the_wait(cpu: Cpu) -> None:
    clock = CpuClock(append_us=0, cpu_ns=cpu)
    zero = clock.wall()
    first, second = clock.receipt(100.0), clock.receipt(100.0)
    clock.begin(first)
    cpu.burn(30)
    clock.begin(second)
    assert clock.wall() - zero == 130


def test_it_never_runs_back(cpu: Cpu) -> None:
    clock = CpuClock(append_us=0, cpu_ns=cpu)
    zero = clock.wall()
    clock.begin(clock.receipt(1_000.0))
    cpu.burn(20)
    assert clock.wall() - zero == 1_020
    clock.begin(clock.receipt(1_005.0))
    assert clock.wall() - zero == 1_020
    cpu.burn(25)
    assert clock.wall() - zero == 1_030


async def test_waiting_and_monotonic_time_are_the_machines(cpu: Cpu) -> None:
    clock = CpuClock(append_us=0, cpu_ns=cpu)
    before = clock.monotonic()
    await clock.sleep(2)
    assert clock.monotonic() > before


def test_without_a_measure_of_its_own_it_counts_this_processs_cpu() -> None:
    clock = CpuClock(append_us=0)
    clock.begin(clock.receipt(0.0))
    while not clock.spent_us():
        pass
    assert clock.spent_us() > 0
