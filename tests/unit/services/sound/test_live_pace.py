from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.services.sound.live_audio import RATE
from moothall.services.sound.live_pace import KEPT, Pace, Paces

HOUR_S = 3_600


def test_what_a_microphone_kept_comes_at_once_and_then_no_faster_than_it_is_heard() -> None:
    pace, now = Pace(0), 0
    for _ in range(KEPT // RATE):
        assert pace.take(RATE, now) == 0
    waited = 0
    for _ in range(100):
        wait = pace.take(RATE, now)
        waited += wait
        now += wait
    assert 94_000 <= waited <= 96_000
    assert not pace.rested(now)


def test_a_microphone_that_sends_as_it_hears_never_waits_and_neither_does_one_after_any_outage() -> None:
    pace = Pace(0)
    for second in range(HOUR_S):
        assert pace.take(RATE, second * 1000) == 0
    now = (HOUR_S + 600) * 1000
    assert pace.rested(now)
    for _ in range(600):
        assert pace.take(RATE, now) == 0


def test_a_texts_pace_is_remembered_until_it_is_rested() -> None:
    paces: Paces[str] = Paces()
    used = paces.of("a", 0)
    used.take(3 * RATE, 0)
    other = paces.of("b", 0)
    assert paces.of("a", 1_000) is used
    assert paces.of("b", 2_000) is not other
    assert paces.of("c", 10_000) is not used
    assert paces.of("a", 10_000) is not used


@given(st.lists(st.tuples(st.integers(0, 600_000), st.integers(1, RATE)), max_size=60))
def test_whoever_waits_as_told_sends_no_more_than_was_kept_and_what_time_gives(sent: list[tuple[int, int]]) -> None:
    pace, now, total = Pace(0), 0, 0
    for pause, samples in sent:
        now += pause
        now += pace.take(samples, now)
        total += samples
        assert total <= KEPT + now * RATE * 105 // 100_000 + RATE
