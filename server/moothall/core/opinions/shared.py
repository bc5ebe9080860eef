"""What all groups of opinion share, and what sets each apart.

The measures are those of Polis (see `moothall.core.opinions.components` for the source). The share of a group that
agrees is estimated as (agree + 1) / (people + 2), people being all of the group who voted on the comment. The product
of these over all groups is the *group-informed consensus*: it is high only where every group agrees. Whatever sets a
group apart has a high ratio of its share to that of all others (*representativeness*).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import msgspec

from moothall.core.events.question_parts import OpinionGroup, OpinionSums
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.voting import CountedOpinions

MOST_TELLING = 5
"""Comments that are named for a group, as in Polis."""
NO_SUMS = OpinionSums(agree=0, disagree=0, passed=0)


class SharedComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment with its votes."""

    comment: InterventionId
    sums: OpinionSums
    consensus: float
    """The group-informed consensus, for or against it, 0 to 1."""
    agreed: bool
    """Whether the greater consensus is for it."""
    shared: bool
    """Whether in each group more than half agree, or in each more than half disagree."""


class TellingComment(msgspec.Struct, frozen=True, kw_only=True):
    """A comment that sets a group apart."""

    comment: InterventionId
    agree: bool
    """Whether the group agrees; else it disagrees."""
    share: float
    """The estimated share of the group that does, 0 to 1."""
    ratio: float
    """How many times as large this is as the share of the others."""


def shared_first(counted: CountedOpinions) -> list[SharedComment]:
    """All counted comments; first those that all groups share, the greatest consensus first."""
    groups = [group.sums for group in counted.groups] or [counted.sums]
    found: list[SharedComment] = []
    for comment, sums in counted.sums.items():
        of_groups = [each.get(comment, NO_SUMS) for each in groups]
        agree = [estimate(each.agree, each.people) for each in of_groups]
        against = [estimate(each.disagree, each.people) for each in of_groups]
        one, other = prod(agree), prod(against)
        found.append(
            SharedComment(
                comment=comment,
                sums=sums,
                consensus=max(one, other),
                agreed=one >= other,
                shared=_most(agree) or _most(against),
            )
        )
    return sorted(found, key=lambda each: (not each.shared, -each.consensus, each.comment))


def telling(group: OpinionGroup, others: Sequence[OpinionGroup]) -> list[TellingComment]:
    """The comments on which most of a group vote otherwise than the other groups, the most telling first."""
    found: list[TellingComment] = []
    for comment, own in group.sums.items():
        rest = [each.sums[comment] for each in others if comment in each.sums]
        people = sum(each.people for each in rest)
        if not people:
            continue
        for agree in (True, False):
            share = estimate(_of(own, agree=agree), own.people)
            ratio = share / estimate(sum(_of(each, agree=agree) for each in rest), people)
            if share > 1 / 2 and ratio > 1:
                found.append(TellingComment(comment=comment, agree=agree, share=share, ratio=ratio))
    return sorted(found, key=lambda each: (-each.ratio * each.share, each.comment))[:MOST_TELLING]


def estimate(count: int, people: int) -> float:
    """The share of a group that does something, with one more who does and one more who doesn't."""
    return (count + 1) / (people + 2)


def _most(shares: Sequence[float]) -> bool:
    return all(share > 1 / 2 for share in shares)


def _of(sums: OpinionSums, *, agree: bool) -> int:
    return sums.agree if agree else sums.disagree
