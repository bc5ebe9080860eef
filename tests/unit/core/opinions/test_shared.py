from __future__ import annotations

from math import isclose

from moothall.core.events.question_parts import OpinionGroup, OpinionSums
from moothall.core.opinions.shared import estimate, shared_first, telling
from moothall.core.questions.voting import CountedOpinions
from support.opinions import comment


def sums(agree: int, disagree: int, passed: int = 0) -> OpinionSums:
    return OpinionSums(agree=agree, disagree=disagree, passed=passed)


A, B, C = comment(0), comment(1), comment(2)
ONE = OpinionGroup(people=10, sums={A: sums(9, 1), B: sums(9, 0, 1), C: sums(1, 8)})
OTHER = OpinionGroup(people=8, sums={A: sums(7, 1), B: sums(0, 8), C: sums(0, 8)})
COUNTED = CountedOpinions(voters=18, sums={A: sums(16, 2), B: sums(9, 8, 1), C: sums(1, 16)}, groups=(ONE, OTHER))


def test_what_all_groups_share_stands_first() -> None:
    found = shared_first(COUNTED)
    assert [(each.comment, each.shared, each.agreed) for each in found] == [
        (C, True, False),
        (A, True, True),
        (B, False, True),
    ]
    # The product over the groups of (agree + 1) / (people + 2), as Polis computes it.
    assert isclose(found[1].consensus, 10 / 12 * 8 / 10)
    assert isclose(found[0].consensus, 9 / 11 * 9 / 10)


def test_without_groups_all_are_one() -> None:
    found = shared_first(CountedOpinions(voters=18, sums=COUNTED.sums))
    told = [(each.comment, each.shared, each.agreed) for each in found]
    assert told == [(C, True, False), (A, True, True), (B, False, True)]
    assert isclose(found[-1].consensus, estimate(9, 18))


def test_a_comment_that_a_group_does_not_show_is_shared_by_nobody() -> None:
    hidden = CountedOpinions(voters=18, sums={A: sums(16, 2)}, groups=(ONE, OpinionGroup(people=8, sums={})))
    assert [each.shared for each in shared_first(hidden)] == [False]


def test_what_sets_a_group_apart() -> None:
    found = telling(ONE, [OTHER])
    assert [(each.comment, each.agree) for each in found] == [(B, True), (A, True)]
    assert isclose(found[0].share, 10 / 12)
    assert isclose(found[0].ratio, (10 / 12) / (1 / 10))
    assert telling(OpinionGroup(people=5, sums={A: sums(5, 0)}), []) == []
    assert [each.agree for each in telling(OTHER, [ONE]) if each.comment == B] == [False]
