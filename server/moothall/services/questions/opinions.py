"""Votes on comments: takes them, and tells sums of them in the log.

A vote is a ballot (`moothall.services.questions.ballot_box`): a comment, the keyed hash of a browser's token, a choice.
It is accepted once it is on the disk, and destroyed with its key seven days after the close. A vote is a political
opinion: no single one is in the log, and sums are told anew only when the votes of at least five people have changed.
The rooms of hubs send sums of their own (`count_in_hub`), which are stored with the ballots.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from moothall.core.commands import CountOpinions
from moothall.core.events.question_parts import Opinion
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import NO_QUESTION, RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.opinions.counting import changed, counted
from moothall.core.opinions.rooms import RoomVotes, changed_in_rooms
from moothall.core.opinions.voting_rules import VOTES_OVER, put_to_vote, refused_room
from moothall.core.ports import Clock, Randomness
from moothall.core.questions.disclosure import FEWEST
from moothall.core.sessions.state import Status
from moothall.services.questions.ballot_box import BallotBox
from moothall.services.questions.ballots import before
from moothall.services.questions.comment_votes import CommentVotes, counts_of, is_vote, rooms_in, votes_in
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

COUNT_MS = 30_000
"""How long after a count the next one begins, in ms: finding groups takes up to seconds."""


class Opinions:
    """Takes votes on comments and counts them into the log; they are in the box of the other ballots. Without a running
    `run` none is counted.
    """

    def __init__(self, sessions: Sessions, box: BallotBox, *, clock: Clock, randomness: Randomness) -> None:
        self._sessions = sessions
        self._votes = CommentVotes(box)
        self._clock = clock
        self._randomness = randomness
        # Bound: the sessions with ballots.
        self._due: set[SessionId] = set()
        self._news = asyncio.Event()
        sessions.tell_loaded(self._loaded)

    async def vote(
        self, session: SessionId, number: int, opinion: Opinion, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Store a browser's vote on the comment with this number; its newest vote counts. None: it is on the disk.

        `visitor` is the browser's token or empty: without one nothing is counted; `address` the client's network;
        `hasty`: the choice was faster than anybody can read. Refused where nobody can vote on it now, and when there
        are too many ballots. Raises StorageUnavailable when the session can't be loaded or the vote can't be written.
        """
        live = await self._sessions.find(session)
        if live is None:
            return NO_QUESTION
        state = live.state
        refused = await self._votes.give(
            *(state, number, opinion),
            visitor=visitor,
            address=address,
            before=lambda: before(state.questions),
            hasty=hasty,
        )
        if refused is None:
            self._is_due(session)
        return refused

    async def count_in_hub(self, live: LiveSession, room: RoomVotes, *, hub: str, node: str) -> Refusal | None:
        """Store what a hub's room has voted, as counted by one of its machines; None: it is on the disk. Comments that
        are not put to the vote are left out. Raises StorageUnavailable when it can't be written.
        """
        questions = live.state.questions
        counts = counts_of(room, questions.voting.comments)
        box = self._votes.box.boxes.get(live.id)
        if box is not None and not box.of_hubs.changed(counts, hub, node):
            return None  # A repetition, since the answer was lost.
        refused = refused_room(live.state, room)
        if refused is None and self._votes.are_destroyed(live.id, lambda: before(questions)):
            refused = VOTES_OVER
        refused = refused or await self._votes.box.count_in_hub(
            live.id, counts, hub=hub, node=node, before=lambda: before(questions)
        )
        self._votes.box.close(live.id, closed=live.state.status is Status.CLOSED)
        if refused is None:
            self._is_due(live.id)
        return refused

    def voted(self, session: SessionId, visitor: str) -> Mapping[InterventionId, Opinion]:
        """A browser's votes, by comment."""
        return self._votes.voted(session, visitor)

    def set_aside(self, session: SessionId) -> int:
        """The number of votes of a flood, which don't count."""
        box = self._votes.box.boxes.get(session)
        return sum(count for what, count in ({} if box is None else box.set_aside()).items() if is_vote(what))

    async def run(self) -> None:
        """Count votes until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            due, self._due = self._due, set()
            for session in sorted(due):
                if not await self._count(session):
                    self._due.add(session)
                    self._news.set()
            await self._clock.sleep(COUNT_MS)

    async def _count(self, session: SessionId) -> bool:
        """Tell the votes of a session, where enough have changed. Return False where it has to be tried again."""
        box = self._votes.box.boxes.get(session)
        try:
            live = await self._sessions.find(session)
            if box is None or live is None:
                return True
            questions, votes, rooms = live.state.questions, votes_in(box), rooms_in(box)
            known, people = questions.voting.counted, len(votes) + sum(room.people for room in rooms.values())
            if box.told is None and known.voters and people - known.voters < FEWEST:
                # It was told before a restart, and nobody knows of which votes; these are not too new.
                box.told = votes, rooms
            told_here, told_in_rooms = box.told or ({}, {})
            if changed(told_here, votes) + changed_in_rooms(told_in_rooms, rooms) < FEWEST:
                return True
            comments = {each.id for each in put_to_vote(questions)}
            found = await asyncio.to_thread(counted, votes, comments, rooms.values())
            if not found.voters or found == known:
                return True
            command = CountOpinions(voters=found.voters, sums=found.sums, groups=found.groups)
            name = CommandId(f"opinions:{self._randomness.bytes(8).hex()}")
            if isinstance(await live.writer.send(SYSTEM, name, command), Refusal):
                return False
        except (StorageUnavailable, RecordBroken):
            return False
        box.told = votes, rooms
        return True

    def _is_due(self, session: SessionId) -> None:
        self._due.add(session)
        self._news.set()

    def _loaded(self, live: LiveSession) -> None:
        """Have the votes of a session counted when it is loaded: a crash may have prevented the last count."""
        box = self._votes.box.boxes.get(live.id)
        if box is not None and any(map(is_vote, (*box.given, *box.of_hubs.counted))):
            self._is_due(live.id)
