from __future__ import annotations

from moothall.core.attendance.ranges import NOBODY, UNKNOWN, PeopleRange, apart, exactly, perhaps_same


def test_people_who_may_be_the_same_are_at_least_the_largest_part_and_at_most_all() -> None:
    assert perhaps_same((exactly(30), PeopleRange(10, 25))) == PeopleRange(30, 55)
    assert perhaps_same(()) == NOBODY


def test_people_in_different_places_add_up() -> None:
    assert apart((exactly(30), PeopleRange(10, 25))) == PeopleRange(40, 55)
    assert apart(()) == NOBODY


def test_unknown_stays_unknown() -> None:
    assert exactly(None) == UNKNOWN
    assert not UNKNOWN.known
    assert (NOBODY.known, NOBODY.exact) == (True, True)
    assert (PeopleRange(3).known, PeopleRange(3).exact) == (True, False)
    assert perhaps_same((exactly(30), UNKNOWN)) == PeopleRange(30, None)
    assert apart((exactly(30), UNKNOWN)) == PeopleRange(30, None)
