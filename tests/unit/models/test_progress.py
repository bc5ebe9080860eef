from __future__ import annotations

from collections.abc import Callable

from moothall_models.progress import MEASURED, Progress


def turn(answer: Callable[[], None]) -> None:
    answer()


def test_while_it_loads_it_tells_what_it_has_loaded_and_then_no_more() -> None:
    progress = Progress("a")
    assert (progress.pulse(1_000, 7).working, progress.pulse(1_000, 8).loaded) == (False, 8)
    progress.loaded()
    assert (progress.pulse(1_000, 9).working, progress.pulse(1_000, 9).loaded) == (True, 0)


def test_a_pass_ages_by_the_ticks_of_the_thread_that_tells_and_not_by_what_a_machine_slept() -> None:
    progress = Progress("a")
    number = progress.begin((2, 1), 5_000)
    assert progress.news.is_set()
    assert progress.pulse(1_000, 0).busy_ms == 1_000
    pulse = progress.pulse(600_000, 0)
    assert (pulse.busy_ms, pulse.passes, pulse.streams) == (3_000, 0, (1, 2))
    progress.end(number, 500)
    pulse = progress.pulse(1_000, 0)
    assert (pulse.busy_ms, pulse.passes, pulse.streams) == (0, 1, ())


def test_how_long_a_pass_takes_is_told_by_the_slowest_of_late_and_by_the_first_try() -> None:
    progress = Progress("a")
    progress.loaded(longest_ms=900)
    progress.begin(window_ms=10_000)
    assert progress.pulse(0, 0).usual_ms == 900
    progress.end(progress.begin(window_ms=1_000), 400)
    progress.end(progress.begin(window_ms=1_000), None)
    progress.end(progress.begin(), 1_000_000)
    assert progress.pulse(0, 0).usual_ms == 4_000
    for _ in range(MEASURED):
        progress.end(progress.begin(window_ms=1_000), 50)
    assert progress.pulse(0, 0).usual_ms == 900


def test_of_several_passes_the_one_that_is_most_overdue_is_told() -> None:
    progress = Progress("a")
    progress.end(progress.begin(window_ms=1_000), 100)
    progress.begin(window_ms=30_000)
    progress.pulse(2_000, 0)
    progress.begin(window_ms=100)
    pulse = progress.pulse(1_000, 0)
    assert (pulse.busy_ms, pulse.usual_ms) == (1_000, 10)
    progress.begin(window_ms=100, limit_ms=20_000)
    assert progress.pulse(2_000, 0).limit_ms == 0


def test_an_event_loop_that_takes_no_turn_is_told_and_one_that_has_ended_is_not() -> None:
    progress, asked = Progress("a"), list[Callable[[], None]]()
    progress.ask_loop(asked.append)
    assert [progress.pulse(1_000, 0).loop_ms for _ in range(4)] == [0, 1_000, 2_000, 3_000]
    assert len(asked) == 1
    asked[0]()
    assert progress.pulse(1_000, 0).loop_ms == 0

    def ended(_: Callable[[], None]) -> None:
        msg = "Event loop is closed"
        raise RuntimeError(msg)

    progress.ask_loop(ended)
    assert [progress.pulse(1_000, 0).loop_ms for _ in range(3)] == [0, 0, 0]
    progress.ask_loop(turn)
    assert [progress.pulse(1_000, 0).loop_ms for _ in range(3)] == [0, 0, 0]
