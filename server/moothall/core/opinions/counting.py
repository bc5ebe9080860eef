"""From votes to what everybody may know: sums of at least five people.

A comment's sum is shown once five people have voted on it, in a group once five of the group have. What is left when
the shown groups are taken from the whole must concern nobody or five people; else these few are in the whole neither
(compare complementary suppression in `moothall.core.questions.disclosure`, which would hold a group back).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from moothall.core.events.question_parts import Opinion, OpinionGroup, OpinionSums
from moothall.core.kernel.ids import InterventionId
from moothall.core.opinions.groups import OpinionVotes, Voter, groups_of
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.questions.disclosure import FEWEST, few
from moothall.core.questions.voting import CountedOpinions


def counted(
    votes: OpinionVotes, comments: Collection[InterventionId], rooms: Iterable[RoomVotes] = ()
) -> CountedOpinions:
    """Count the votes on these comments; nothing where fewer than five people voted. `rooms`: those of hubs, whose
    people are in the sums of all and in no group.
    """
    kept, there = _kept(votes, comments), [room.on(comments) for room in rooms]
    people = len(kept) + sum(room.people for room in there)
    if people < FEWEST:
        return CountedOpinions()
    parts = groups_of(kept)
    totals, of_parts = _sums(kept, kept), [_sums(kept, part) for part in parts]
    for room in there:
        totals |= {name: _added([each, *filter(None, [totals.get(name)])]) for name, each in room.sums.items()}
    shown = {comment: each for comment, each in totals.items() if each.people >= FEWEST}
    in_groups: list[dict[InterventionId, OpinionSums]] = [{} for _ in parts]
    for comment, total in list(shown.items()):
        told = [n for n, sums in enumerate(of_parts) if comment in sums and sums[comment].people >= FEWEST]
        for n in told:
            in_groups[n][comment] = of_parts[n][comment]
        if told and few(total.people - sum(of_parts[n][comment].people for n in told)):
            shown[comment] = _added(of_parts[n][comment] for n in told)
    return CountedOpinions(
        voters=people,
        sums=shown,
        groups=tuple(OpinionGroup(people=len(part), sums=found) for part, found in zip(parts, in_groups, strict=True)),
    )


def summed(votes: OpinionVotes, comments: Collection[InterventionId]) -> RoomVotes:
    """The sums of a room's votes on these comments, of any number of people."""
    kept = _kept(votes, comments)
    return RoomVotes(people=len(kept), sums=_sums(kept, kept))


def changed(before: OpinionVotes, now: OpinionVotes) -> int:
    """The number of people whose votes differ."""
    return sum(before.get(voter) != now.get(voter) for voter in before.keys() | now.keys())


def _kept(votes: OpinionVotes, comments: Collection[InterventionId]) -> dict[Voter, dict[InterventionId, Opinion]]:
    return {
        voter: found
        for voter, of_voter in votes.items()
        if (found := {comment: vote for comment, vote in of_voter.items() if comment in comments})
    }


def _sums(votes: OpinionVotes, voters: Iterable[Voter]) -> dict[InterventionId, OpinionSums]:
    found: dict[InterventionId, Counter[Opinion]] = {}
    for voter in voters:
        for comment, vote in votes[voter].items():
            found.setdefault(comment, Counter())[vote] += 1
    return {
        comment: OpinionSums(agree=each[Opinion.AGREE], disagree=each[Opinion.DISAGREE], passed=each[Opinion.PASS])
        for comment, each in sorted(found.items())
    }


def _added(some: Iterable[OpinionSums]) -> OpinionSums:
    every = list(some)
    return OpinionSums(
        agree=sum(each.agree for each in every),
        disagree=sum(each.disagree for each in every),
        passed=sum(each.passed for each in every),
    )
