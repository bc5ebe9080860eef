from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.services.metrics.measures import Durations, Measures
from moothall.testing.clock import ManualClock


async def test_an_append_is_timed_and_its_events_are_counted() -> None:
    clock = ManualClock()
    made, began = Measures(clock), clock.monotonic()
    await clock.advance(7)
    made.appended(began, 3)
    assert (made.appends.count, made.appends.total, made.events) == (1, 7, 3)


async def test_it_is_known_since_when_appends_are_refused() -> None:
    clock = ManualClock()
    made = Measures(clock)
    lasted = made.append_refused_for
    assert lasted is None
    made.append_refused()
    await clock.advance(4_000)
    lasted = made.append_refused_for
    assert (lasted, made.append_failures) == (4_000, 1)
    made.appended(clock.monotonic(), 1)
    lasted = made.append_refused_for
    assert lasted is None


EDGES = (1, 10, 100)


def test_a_duration_falls_into_the_class_up_to_whose_edge_it_reaches() -> None:
    made = Durations(EDGES)
    for ms in (0, 1, 2, 10, 11, 100, 101, 5_000):
        made.note(ms)
    assert made.counts == [2, 2, 2, 2]
    assert made.cumulative() == [(1, 2), (10, 4), (100, 6)]
    assert (made.count, made.total) == (8, 5_225)


def test_what_a_clock_that_was_set_makes_negative_counts_as_nothing() -> None:
    made = Durations(EDGES)
    made.note(-5)
    assert (made.counts[0], made.total) == (1, 0)


@given(st.lists(st.integers(min_value=0, max_value=1_000)))
def test_what_lasted_at_most_as_long_as_an_edge_is_counted_there(lasted: list[int]) -> None:
    made = Durations(EDGES)
    for ms in lasted:
        made.note(ms)
    assert made.cumulative() == [(edge, sum(ms <= edge for ms in lasted)) for edge in EDGES]
    assert (made.count, made.total) == (len(lasted), sum(lasted))
