from __future__ import annotations

import pytest

from moothall.services.engines.deaths import Deaths
from moothall.services.supervision.pulses import Fate

FATES = {"crash": Fate.CRASHED, "crash2": Fate.CRASHED, "stuck": Fate.GIVEN_UP}
KILLED = {f"kill{number}": Fate.KILLED for number in range(5)}


def fate(life: str) -> Fate | None:
    return {**FATES, **KILLED}.get(life)


def test_two_that_broke_down_at_one_position_make_its_sound_a_gap_up_to_where_both_had_heard() -> None:
    deaths = Deaths()
    deaths.note("crash", 5_000, 7_300)
    assert deaths.deadly(5_000, fate) is None
    deaths.note("stuck", 5_000, 9_000)
    assert deaths.deadly(5_000, fate) == (5_000, 7_300)
    assert deaths.deadly(6_000, fate) is None, "words came meanwhile"
    deaths.forget()
    assert deaths.deadly(5_000, fate) is None


def test_one_that_got_on_in_between_is_another_position() -> None:
    deaths = Deaths()
    deaths.note("crash", 5_000, 7_000)
    deaths.note("crash2", 5_500, 7_000)
    assert deaths.deadly(5_500, fate) is None


def test_where_none_said_how_far_it_had_heard_a_second_is_stepped_over() -> None:
    deaths = Deaths()
    deaths.note("crash", 5_000, 3_000)
    deaths.note("crash2", 5_000, 4_000)
    assert deaths.deadly(5_000, fate) == (5_000, 6_000)


@pytest.mark.parametrize(("lives", "deadly"), [((*KILLED,)[:4], False), ((*KILLED,), True), (("lost", "gone"), False)])
def test_those_that_somebody_killed_or_whose_link_was_cut_say_little_of_the_sound(
    lives: tuple[str, ...], deadly: bool
) -> None:
    deaths = Deaths()
    for life in lives:
        deaths.note(life, 5_000, 7_000)
    assert (deaths.deadly(5_000, fate) is not None) == deadly
