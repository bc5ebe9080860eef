"""Finds are counted by kind and value, each kind under the choices of all others."""

from __future__ import annotations

from datetime import date

from moothall.core.search.choosing import KINDS, FindChoice, Heap, count

MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)
HEAPS = (
    Heap(1, 3, ("plenary", "hall", "2026", "en", "machine", "plenary/ana"), MONDAY),
    Heap(2, 2, ("plenary", "hall", "2026", "fr", "translation", ""), MONDAY),
    Heap(3, 4, ("forum", "", "2026", "en", "person", ""), TUESDAY),
    Heap(4, 1, ("old", "", "", "en", "person", ""), None),
)


def test_all_are_counted() -> None:
    counted = count(HEAPS, FindChoice())
    assert counted.total == 10
    assert counted.keys == {1, 2, 3, 4}
    assert counted.kinds == {
        "meeting": {"plenary": 5, "forum": 4, "old": 1},
        "room": {"hall": 5},
        "year": {"2026": 9},
        "language": {"en": 8, "fr": 2},
        "source": {"machine": 3, "translation": 2, "person": 5},
        "speaker": {"plenary/ana": 3},
    }
    assert count((), FindChoice()) == (0, frozenset(), {kind: {} for kind in KINDS})


def test_another_value_of_a_kind_is_counted_as_if_it_were_chosen() -> None:
    counted = count(HEAPS, FindChoice(language="en", meeting="plenary"))
    assert (counted.total, sorted(counted.keys)) == (3, [1])
    assert counted.kinds["language"] == {"en": 3, "fr": 2}
    assert counted.kinds["meeting"] == {"plenary": 3, "forum": 4, "old": 1}
    assert counted.kinds["source"] == {"machine": 3}
    assert count(HEAPS, FindChoice(language="ru", source="person", room="hall")).kinds["room"] == {}


def test_days_leave_out_what_is_of_no_known_day() -> None:
    assert count(HEAPS, FindChoice(since=TUESDAY)).keys == {3}
    assert count(HEAPS, FindChoice(until=MONDAY)).keys == {1, 2}
    assert count(HEAPS, FindChoice(since=MONDAY, until=TUESDAY)).total == 9


def test_a_find_fits_where_it_has_all_that_is_chosen() -> None:
    values = HEAPS[0].values
    assert FindChoice().fits(values, None)
    assert FindChoice(language="en", year="2026", until=MONDAY).fits(values, MONDAY)
    assert not FindChoice(language="fr").fits(values, MONDAY)
    assert not FindChoice(since=TUESDAY).fits(values, MONDAY)
