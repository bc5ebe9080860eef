"""The groups of opinion: voters who voted alike.

Only voters who have voted on enough comments are placed; groups are told apart only among more than twenty of these,
and only where each has at least five.
"""

from __future__ import annotations

from collections.abc import Mapping

from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.ids import InterventionId
from moothall.core.opinions.clusters import best_clusters
from moothall.core.opinions.components import points_of
from moothall.core.questions.disclosure import FEWEST

MORE_THAN = 20
"""Groups are told apart only among more voters than these."""
ENOUGH = 7
"""Votes after which a voter is placed; where there are fewer comments, all of them. The number is that of Polis."""
MOST_PLACED = 2_000
"""Voters that are placed, since this takes seconds. Overflow: the last in the order of their keyed hashes, which is as
good as chance, are in no group; sums have all.
"""
VALUES: Mapping[Opinion, float] = {Opinion.AGREE: 1.0, Opinion.DISAGREE: -1.0, Opinion.PASS: 0.0}

Voter = str
OpinionVotes = Mapping[Voter, Mapping[InterventionId, Opinion]]
"""The votes of each voter, by comment."""


def groups_of(votes: OpinionVotes, *, most: int = MOST_PLACED) -> list[list[Voter]]:
    """The groups, the largest first; empty where none can be told apart. At most `most` voters are placed."""
    comments = sorted({comment for of_voter in votes.values() for comment in of_voter})
    enough = min(ENOUGH, len(comments))
    placed = sorted(voter for voter, of_voter in votes.items() if of_voter and len(of_voter) >= enough)[:most]
    if len(placed) <= MORE_THAN:
        return []
    number = {comment: n for n, comment in enumerate(comments)}
    rows = [{number[comment]: VALUES[vote] for comment, vote in votes[voter].items()} for voter in placed]
    found: dict[int, list[Voter]] = {}
    for voter, label in zip(placed, best_clusters(points_of(rows, len(comments)), FEWEST), strict=False):
        found.setdefault(label, []).append(voter)
    return sorted(found.values(), key=lambda group: (-len(group), group))
