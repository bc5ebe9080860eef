"""Take the votes of a hub's room on comments: votes are stored on the hub, and their sums go to the meeting.

Votes are ballots in the box of the room's shows of hands (`moothall_hub.room.hands`), checked, stored and destroyed by
the centre's own rules. No vote leaves this machine. Sums are absolute, and newer ones take the place of those that wait
in the outbox, so that a long cut costs one act. They may be of one person: the meeting tells sums of five alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.errors import NO_QUESTION, Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.opinions.counting import summed
from moothall.core.opinions.voting_rules import put_to_vote
from moothall.services.questions.ballot_box import BallotBox, Before
from moothall.services.questions.comment_votes import CommentVotes, is_vote, votes_in
from moothall.services.supervision.waiting import every
from moothall.wire.hubs.acts import OpinionsAct
from moothall_hub.outbox.outbox import ActState
from moothall_hub.room.ports import RoomParts

logger = logging.getLogger(__name__)

PASS_ON_MS = 30_000
"""Milliseconds between two reports of the room's sums: the meeting counts no more often."""


class RoomOpinions:
    """The votes of a hub's room on comments, in `box`. Call `load` once the box is loaded; `run` passes sums on."""

    def __init__(self, room: RoomParts, box: BallotBox) -> None:
        self._room = room
        self._votes = CommentVotes(box)
        # Both bounded by the sessions with ballots.
        self._due: set[SessionId] = set()
        """Sessions whose sums may differ from those that were put into the outbox last."""
        self._told: dict[SessionId, tuple[CommandId, OpinionsAct]] = {}
        """The newest act of each session since the start. Nothing of it is stored, since the sums may be of one person;
        after a start they are sent once more, which changes nothing.
        """

    async def load(self) -> None:
        """Have the sums of all sessions in the box sent."""
        self._due |= {session for session, box in self._votes.box.boxes.items() if any(map(is_vote, box.given))}

    async def run(self) -> None:
        """Pass on sums every PASS_ON_MS, until cancelled."""

        def unavailable(error: StorageUnavailable) -> None:
            logger.warning("the outbox can't store votes on comments at the moment: %s", error)

        await every(PASS_ON_MS, self.pass_on, self._room.clock, unavailable)

    async def vote(
        self, session: SessionId, number: int, opinion: Opinion, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Store a vote of somebody in the room (`OpinionVoting`)."""
        state = await self._room.meetings.state(session)
        if state is None:
            return NO_QUESTION
        refused = await self._votes.give(
            state, number, opinion, visitor=visitor, address=address, before=Before, hasty=hasty
        )
        if refused is None:
            self._due.add(session)
        return refused

    def voted(self, session: SessionId, visitor: str) -> Mapping[InterventionId, Opinion]:
        """A browser's votes, by comment (`OpinionVoting`)."""
        return self._votes.voted(session, visitor)

    async def pass_on(self) -> None:
        """Put sums that have changed into the outbox. Raises StorageUnavailable; `run` then tries again."""
        self._told = {session: told for session, told in self._told.items() if session in self._votes.box.boxes}
        for session in sorted(self._due):
            state, box = await self._room.meetings.state(session), self._votes.box.boxes.get(session)
            if box is None:  # The votes were destroyed.
                self._due.discard(session)
            elif state is not None and state.questions.voting.on:
                room = summed(votes_in(box), {each.id for each in put_to_vote(state.questions)})
                await self._put(session, OpinionsAct(people=room.people, sums=room.sums))

    async def _put(self, session: SessionId, act: OpinionsAct) -> None:
        # Before anything is awaited: a vote that is given meanwhile is due again.
        self._due.discard(session)
        try:
            if (told := self._told.get(session)) is not None and told[1] == act:
                stands = await self._room.outbox.state(told[0])
                if stands is None or stands.state is not ActState.REFUSED:
                    return
            name = CommandId(f"opinions:{self._room.randomness.bytes(16).hex()}")
            await self._room.outbox.put(session, name, "", act, self._room.clock.wall())
        except StorageUnavailable:
            self._due.add(session)
            raise
        self._told[session] = name, act
