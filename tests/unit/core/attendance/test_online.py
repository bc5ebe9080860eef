from __future__ import annotations

from moothall.core.attendance.online import MOST_HOURS, OnlineCount, added
from moothall.core.attendance.ranges import PeopleRange


def test_browsers_of_two_runs_of_a_server_may_be_the_same() -> None:
    one = OnlineCount(people=PeopleRange(8, 12), hours={0: PeopleRange(8, 12)}, languages={"en": PeopleRange(8, 12)})
    other = OnlineCount(people=PeopleRange(5, 9), hours={1: PeopleRange(5, 9)}, languages={"en": PeopleRange(5, 9)})
    assert added(one, other) == OnlineCount(
        people=PeopleRange(8, 21),
        hours={0: PeopleRange(8, 12), 1: PeopleRange(5, 9)},
        languages={"en": PeopleRange(8, 21)},
    )


def test_without_an_upper_bound_where_others_read_whom_nobody_counts() -> None:
    count = OnlineCount(people=PeopleRange(8, 12))
    assert count.all_people == PeopleRange(8, 12)
    behind = added(count, OnlineCount(uncounted=True))
    assert behind.all_people == PeopleRange(8, None)
    assert added(count, OnlineCount(elsewhere=3)).all_people == PeopleRange(8, None)
    assert added(OnlineCount(elsewhere=7), OnlineCount(elsewhere=3)).elsewhere == 7


def test_hours_are_kept_up_to_a_limit() -> None:
    many = OnlineCount(hours={hour: PeopleRange(1, 1) for hour in range(MOST_HOURS + 5)})
    assert len(added(many, OnlineCount()).hours) == MOST_HOURS
