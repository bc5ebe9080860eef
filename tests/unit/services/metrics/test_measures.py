from __future__ import annotations

from moothall.services.metrics.measures import Measures
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
