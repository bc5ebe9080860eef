from __future__ import annotations

from moothall.core.events.question_parts import Opinion
from moothall.core.opinions.groups import ENOUGH, MORE_THAN, groups_of
from support.opinions import camps, comment


def test_camps_are_found_the_largest_first() -> None:
    for sizes in ((12, 15), (11, 9, 14)):
        found = groups_of(camps(*sizes))
        assert sorted(map(len, found), reverse=True) == sorted(sizes, reverse=True)
        assert [len({voter[0] for voter in group}) for group in found] == [1] * len(sizes)


def test_groups_are_told_apart_only_among_more_than_twenty() -> None:
    assert groups_of(camps(MORE_THAN // 2, MORE_THAN // 2)) == []
    assert len(groups_of(camps(MORE_THAN // 2, MORE_THAN // 2 + 1))) == 2
    assert groups_of({}) == []


def test_no_group_has_fewer_than_five() -> None:
    assert all(len(group) >= 5 for group in groups_of(camps(4, 18)))


def test_whoever_voted_on_few_comments_is_in_no_group() -> None:
    votes = camps(12, 12, answered=1.0)
    votes["late"] = {comment(n): Opinion.AGREE for n in range(ENOUGH - 1)}
    votes["none"] = {}
    assert {voter for group in groups_of(votes) for voter in group} == votes.keys() - {"late", "none"}
    # Where there are fewer comments than seven, all of them are enough.
    few = {f"v{n}": {comment(0): Opinion.AGREE if n % 2 else Opinion.DISAGREE} for n in range(24)}
    assert [len(group) for group in groups_of(few)] == [12, 12]


def test_of_very_many_some_are_placed() -> None:
    assert sum(map(len, groups_of(camps(20, 20), most=30))) == 30
