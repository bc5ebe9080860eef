"""Votes on comments: agree, disagree or pass. The fold of their events.

A moderator puts published comments to the vote. What each browser chose is no part of the log
(`moothall.services.questions.opinions`); sums of at least five people are.
"""

from __future__ import annotations

import msgspec

from moothall.core.events import questions as qe
from moothall.core.events.question_parts import OpinionGroup, OpinionSums
from moothall.core.kernel.ids import InterventionId


class CountedOpinions(msgspec.Struct, frozen=True, kw_only=True):
    """What everybody may know of the votes on a session's comments."""

    voters: int = 0
    """How many people have voted; 0 where too few have."""
    sums: dict[InterventionId, OpinionSums] = {}
    groups: tuple[OpinionGroup, ...] = ()
    """The groups of opinion, the largest first; empty where none can be told apart."""


class Voting(msgspec.Struct, frozen=True, kw_only=True):
    """The votes on a session's comments."""

    on: bool = False
    """Whether people can vote."""
    comments: tuple[InterventionId, ...] = ()
    """The comments that were put to the vote, in the order in which they were put."""
    counted: CountedOpinions = CountedOpinions()

    def shown(self, *, over: bool) -> bool:
        """Whether pages lead to the votes: people can vote, or enough have. `over`: whether the session is closed or
        cancelled.
        """
        return (self.on and not over) or self.counted.voters > 0


def evolve_voting(voting: Voting, event: qe.VotingFact) -> Voting:
    """Return the votes after `event`."""
    replace = msgspec.structs.replace
    match event:
        case qe.VotingSwitched():
            return replace(voting, on=event.on)
        case qe.CommentsPutToVote():
            return replace(voting, comments=event.comments)
        case _:
            return replace(voting, counted=CountedOpinions(voters=event.voters, sums=event.sums, groups=event.groups))
