from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from moothall_models.engine.progress import MEASURED, EngineProgress


def turn(answer: Callable[[], None]) -> None:
    answer()


def test_while_it_loads_it_tells_what_it_has_loaded_and_then_no_more() -> None:
    progress = EngineProgress("a")
    assert (progress.pulse(1_000, 7).working, progress.pulse(1_000, 8).loaded) == (False, 8)
    progress.loaded()
    assert (progress.pulse(1_000, 9).working, progress.pulse(1_000, 9).loaded) == (True, 0)


def test_a_pass_ages_by_the_ticks_of_the_thread_that_tells_and_not_by_what_a_machine_slept() -> None:
    progress = EngineProgress("a")
    progress.attachments = frozenset({2, 1})
    assert progress.pulse(1_000, 0).attachments == ()
    with progress.passing(5_000):
        assert progress.news.is_set()
        assert progress.pulse(1_000, 0).busy_ms == 1_000
        pulse = progress.pulse(600_000, 0)
        assert (pulse.busy_ms, pulse.passes, pulse.attachments) == (3_000, 0, (1, 2))
    pulse = progress.pulse(1_000, 0)
    assert (pulse.busy_ms, pulse.passes, pulse.attachments) == (0, 1, ())


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_how_long_a_pass_takes_is_told_by_the_slowest_of_late_and_by_the_first_try() -> None:
    clock = Clock()
    progress = EngineProgress("a", clock)

    def done(window_ms: int, took_s: float, *, failed: bool = False) -> None:
        with suppress(ValueError), progress.passing(window_ms):
            clock.now += took_s
            if failed:
                raise ValueError

    def usual() -> int:
        with progress.passing(10_000):
            return progress.pulse(0, 0).usual_ms

    progress.loaded(longest_ms=900)
    assert usual() == 900
    done(1_000, 0.4)
    done(1_000, 9.0, failed=True)
    done(0, 900.0)
    assert usual() == 4_000
    for _ in range(MEASURED):
        done(1_000, 0.05)
    assert usual() == 900


def test_of_several_passes_the_one_that_is_most_overdue_is_told() -> None:
    clock = Clock()
    progress = EngineProgress("a", clock)
    with progress.passing(1_000):
        clock.now += 0.1
    with progress.passing(30_000):
        progress.pulse(2_000, 0)
        with progress.passing(100):
            pulse = progress.pulse(1_000, 0)
            assert (pulse.busy_ms, pulse.usual_ms) == (1_000, 10)
            with progress.passing(100, limit_ms=20_000):
                assert progress.pulse(2_000, 0).limit_ms == 0


def test_an_event_loop_that_takes_no_turn_is_told_and_one_that_has_ended_is_not() -> None:
    progress, asked = EngineProgress("a"), list[Callable[[], None]]()
    progress.ask_loop(asked.append)
    assert [progress.pulse(1_000, 0).loop_ms for _ in range(4)] == [0, 1_000, 2_000, 3_000]
    assert len(asked) == 1
    asked[0]()
    assert progress.pulse(1_000, 0).loop_ms == 0

    def ended(_: Callable[[], None]) -> None:
        raise RuntimeError("Event loop is closed")

    progress.ask_loop(ended)
    assert [progress.pulse(1_000, 0).loop_ms for _ in range(3)] == [0, 0, 0]
    progress.ask_loop(turn)
    assert [progress.pulse(1_000, 0).loop_ms for _ in range(3)] == [0, 0, 0]
