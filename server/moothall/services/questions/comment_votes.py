"""Votes on comments among the ballots of a session: takes them, and reads them back as votes and as the sums of rooms.

Used at the centre (`moothall.services.questions.opinions`) and in the rooms of hubs (`moothall_hub.room.opinions`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from moothall.core.events.question_parts import Opinion, OpinionSums
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.opinions.groups import OpinionVotes
from moothall.core.opinions.rooms import NO_VOTES, RoomVotes
from moothall.core.opinions.voting_rules import VOTES_OVER, comment_to_vote
from moothall.core.sessions.state import State
from moothall.services.questions.ballot_box import NOBODY, BallotBox, Before, Box
from moothall.services.questions.hub_ballots import Counts

_VOTE = ":vote:"
"""Prefix of a comment's id in the subject of its votes: no intervention's id begins like this. Alone it is the subject
of how many people of a room have voted.
"""
_CHOICES = tuple(Opinion)


class CommentVotes:
    """The votes on comments in a box of ballots: one of each browser on each comment, its newest."""

    def __init__(self, box: BallotBox) -> None:
        self.box = box

    async def give(
        self,
        state: State,
        number: int,
        opinion: Opinion,
        *,
        visitor: str,
        address: str,
        before: Callable[[], Before],
        hasty: bool,
    ) -> Refusal | None:
        """Store a vote on the comment with this number; else as `BallotBox.give`. Refused where nobody can vote on it
        now.
        """
        comment = comment_to_vote(state, number)
        if isinstance(comment, Refusal):
            return comment
        if self.are_destroyed(state.id, before):
            return VOTES_OVER
        what, choice = f"{_VOTE}{comment.id}", _CHOICES.index(opinion)
        return await self.box.give(state.id, what, choice, visitor=visitor, address=address, before=before, hasty=hasty)

    def are_destroyed(self, session: SessionId, before: Callable[[], Before]) -> bool:
        """Whether earlier votes were told and then destroyed: new ones alone would take the place of their sums."""
        box = self.box.boxes.get(session)
        return (before() if box is None else box.kept).opinions

    def voted(self, session: SessionId, visitor: str) -> Mapping[InterventionId, Opinion]:
        """A browser's votes, by comment."""
        box = self.box.boxes.get(session)
        chosen = {} if box is None else box.chosen(visitor)
        return {_comment(what): _CHOICES[choice] for what, choice in chosen.items() if is_vote(what)}


def is_vote(what: str) -> bool:
    """Whether ballots on this subject are votes on a comment."""
    return what.startswith(_VOTE)


def votes_in(box: Box) -> OpinionVotes:
    """The votes of all browsers that count."""
    found: dict[str, dict[InterventionId, Opinion]] = {}
    for what, given in box.given.items():
        if is_vote(what):
            for voter, choice in given.items():
                if voter not in box.aside and voter != NOBODY:
                    found.setdefault(voter, {})[_comment(what)] = _CHOICES[choice]
    return found


def rooms_in(box: Box) -> dict[str, RoomVotes]:
    """What the rooms of hubs have voted, by hub."""
    sums: dict[str, dict[InterventionId, OpinionSums]] = {}
    for what in box.of_hubs.counted:
        if is_vote(what) and what != _VOTE:
            for hub, (agree, disagree, passed) in box.of_hubs.by_hub(what).items():
                sums.setdefault(hub, {})[_comment(what)] = OpinionSums(agree=agree, disagree=disagree, passed=passed)
    return {
        hub: RoomVotes(people=people, sums=sums.get(hub, {})) for hub, (people,) in box.of_hubs.by_hub(_VOTE).items()
    }


def counts_of(room: RoomVotes, comments: Iterable[InterventionId]) -> dict[str, Counts]:
    """What a room has voted on these comments, as counts of hubs by subject (`rooms_in`)."""
    sums = {name: room.sums.get(name, NO_VOTES) for name in comments}
    return {
        _VOTE: (room.people,),
        **{f"{_VOTE}{name}": (each.agree, each.disagree, each.passed) for name, each in sums.items()},
    }


def _comment(what: str) -> InterventionId:
    return InterventionId(what.removeprefix(_VOTE))
