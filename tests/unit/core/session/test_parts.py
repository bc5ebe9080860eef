from __future__ import annotations

from moothall.core.session.parts import HELD_MS, MediaClock


def test_it_runs_with_the_wall_and_not_before_its_mapping() -> None:
    clock = MediaClock(500, 10_000)
    assert [clock.at(wall) for wall in (9_000, 10_000, 10_700)] == [500, 500, 1_200]


def test_drift_holds_it_and_a_jump_sets_it_back() -> None:
    clock = MediaClock(0, 0)
    assert clock.mapped(60_000 - HELD_MS, 60_000) == (60_000 - HELD_MS, 60_000, 60_000)
    assert clock.mapped(60_000 - HELD_MS - 1, 60_000).reached == 0
    assert clock.mapped(60_500, 60_000) == (60_500, 60_000, 0)
