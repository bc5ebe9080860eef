from __future__ import annotations

from moothall.core.attendance.hiding import FEWEST_YOUNG, fewest, large_enough, shown
from moothall.core.attendance.ranges import UNKNOWN, PeopleRange, exactly
from moothall.core.questions.disclosure import FEWEST


def test_a_figure_of_a_meeting_with_young_people_concerns_ten() -> None:
    assert fewest(young_people=False) == FEWEST == 5
    assert fewest(young_people=True) == FEWEST_YOUNG == 10


def test_a_small_number_is_hidden_and_another_one_that_would_tell_it() -> None:
    assert shown({"en": 20, "fr": 7, "pt": 3}) == {"en": 20, "fr": None, "pt": None}
    assert shown({"en": 20, "fr": 3, "pt": 2}) == {"en": 20, "fr": None, "pt": None}
    assert shown({"en": 20, "fr": 6, "pt": 0}) == {"en": 20, "fr": 6, "pt": 0}
    assert shown({"en": 3}) == {"en": None}
    assert shown({}) == {}


def test_zero_and_what_nobody_knows_may_be_told() -> None:
    assert large_enough(exactly(0), 10)
    assert large_enough(UNKNOWN, 10)
    assert large_enough(PeopleRange(10, None), 10)
    assert not large_enough(PeopleRange(0, 7), 10)
    assert not large_enough(PeopleRange(9, None), 10)
