from __future__ import annotations

from msgspec.structs import replace

from moothall.core.programme.access_needs import AT_MOST_MS, DAY_MS, KEEP_MS, AccessNeed, due, in_order

NEED = AccessNeed(id="a", at=10 * DAY_MS, text="A seat")


def test_a_need_goes_a_week_after_what_it_is_about() -> None:
    end = 20 * DAY_MS
    assert not due(NEED, end, end + KEEP_MS - 1)
    assert due(NEED, end, end + KEEP_MS)


def test_one_that_came_after_the_end_is_kept_for_a_week_too() -> None:
    assert not due(NEED, 2 * DAY_MS, NEED.at + KEEP_MS - 1)
    assert due(NEED, 2 * DAY_MS, NEED.at + KEEP_MS)


def test_without_an_end_or_with_one_far_away_it_goes_all_the_same() -> None:
    for end in (None, 10_000 * DAY_MS):
        assert not due(NEED, end, NEED.at + AT_MOST_MS - 1)
        assert due(NEED, end, NEED.at + AT_MOST_MS)


def test_open_ones_come_first_and_of_each_the_newest() -> None:
    needs = [
        replace(NEED, id=name, at=at, dealt_with=done)
        for name, at, done in (("a", 1, False), ("b", 3, True), ("c", 2, False), ("d", 4, True))
    ]
    assert [each.id for each in in_order(needs)] == ["c", "a", "d", "b"]
