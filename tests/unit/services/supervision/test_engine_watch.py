from __future__ import annotations

import pytest

from moothall.services.supervision.engine_watch import Fault, Patience, ProcessWatch
from moothall.wire.pulse import ProcessPulse

PATIENCE = Patience()
S = 1_000


def alive(**how: object) -> ProcessPulse:
    return ProcessPulse(**{"life": "a", "working": True, **how})  # type: ignore[arg-type]


def watched(*, working: bool = True) -> ProcessWatch:
    return ProcessWatch(PATIENCE, 0, working=working)


def test_without_a_pulse_for_fifteen_seconds_it_is_given_up() -> None:
    watch = watched()
    assert watch.verdict(14_999) is None
    assert watch.verdict(15_000) is Fault.SILENT
    watch.pulse(alive(), 15_000)
    assert watch.verdict(29_999) is None
    assert watch.verdict(30_000) is Fault.SILENT


def test_when_the_watcher_itself_was_held_up_all_patience_begins_anew() -> None:
    watch = watched()
    watch.pulse(alive(waiting=True), 0)
    watch.anew(90_000)
    assert watch.verdict(104_999) is None
    assert watch.verdict(105_000) is Fault.SILENT
    loading = watched(working=False)
    loading.anew(90_000)
    assert loading.verdict(149_999) is None


def test_one_that_beats_and_has_nothing_to_do_is_never_given_up() -> None:
    watch = watched()
    for at in range(0, 900 * S, S):
        watch.pulse(alive(passes=3, samples=7), at)
        assert watch.verdict(at + 999) is None


@pytest.mark.parametrize(("usual_ms", "limit_ms", "patience"), [(100, 0, 15), (9_000, 0, 90), (100, 80_000, 95)])
def test_with_work_waiting_and_no_progress_it_is_given_up_after_ten_passes_of_its_machine(
    usual_ms: int, limit_ms: int, patience: int
) -> None:
    watch = watched()
    for second in range(patience + 1):
        watch.pulse(alive(waiting=True, passes=2, samples=9, usual_ms=usual_ms, limit_ms=limit_ms), second * S)
        assert (watch.verdict(second * S) is None) == (second < patience)
    assert watch.verdict(patience * S) is Fault.STUCK
    watch.pulse(alive(waiting=True, passes=3, samples=9, usual_ms=usual_ms, limit_ms=limit_ms), patience * S)
    assert watch.verdict(patience * S) is None, "it is at work again"


def test_one_pass_that_hangs_is_found_although_the_others_go_on() -> None:
    watch = watched()
    for second in range(15):
        watch.pulse(
            alive(passes=second, samples=second, busy_ms=second * S, usual_ms=100, attachments=(3,)), second * S
        )
        assert watch.verdict(second * S) is None
    watch.pulse(alive(passes=15, samples=15, busy_ms=15 * S, usual_ms=100, attachments=(3,)), 15 * S)
    assert watch.verdict(15 * S) is Fault.STUCK
    assert watch.attachments == (3,)


def test_the_longest_pass_of_a_throttled_machine_is_not_given_up() -> None:
    watch = watched()
    for second in range(200):
        watch.pulse(alive(waiting=True, busy_ms=second * S, usual_ms=20_000), second * S)
        assert watch.verdict(second * S) is None
    watch.pulse(alive(waiting=True, busy_ms=200 * S, usual_ms=20_000), 200 * S)
    assert watch.verdict(200 * S) is Fault.STUCK


def test_an_event_loop_that_takes_no_turn_is_no_progress_whatever_a_pass_takes() -> None:
    watch = watched()
    watch.pulse(alive(loop_ms=14_999, usual_ms=60_000, busy_ms=1), 0)
    assert watch.verdict(0) is None
    watch.pulse(alive(loop_ms=15_000, usual_ms=60_000, busy_ms=1), S)
    assert watch.verdict(S) is Fault.STUCK


def test_while_it_loads_it_has_sixty_seconds_for_each_step_however_many_there_are() -> None:
    watch = watched(working=False)
    assert watch.attachments == ()
    assert watch.verdict(59_999) is None
    assert watch.verdict(60_000) is Fault.LOADING, "it never gave a sign"
    for minute in range(10):
        watch.pulse(alive(working=False, loaded=minute), minute * 59 * S)
        assert watch.verdict(minute * 59 * S + 59_999) is None
    watch.pulse(alive(working=False, loaded=9), 600 * S)
    assert watch.verdict(600 * S) is Fault.LOADING
    watch.pulse(alive(), 600 * S)
    assert watch.verdict(600 * S) is None, "it has loaded"


def test_after_its_hello_it_has_loaded_whatever_a_pulse_from_before_says() -> None:
    for late in ([], [alive(working=False, loaded=7)]):
        watch = watched(working=False)
        watch.pulse(alive(working=False, loaded=6), 9 * S)
        watch.hello(10 * S)
        for pulse in late:
            watch.pulse(pulse, 10 * S)
        assert watch.verdict(25 * S - 1) is None
        assert watch.verdict(25 * S) is Fault.SILENT
