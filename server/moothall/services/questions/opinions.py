"""Votes on comments: takes them, and tells sums of them in the log.

A vote is a ballot (`moothall.services.questions.ballot_box`): a comment, the keyed hash of a browser's token, a choice.
It is accepted once it is on the disk, and destroyed with its key seven days after the close. A vote is a political
opinion: no single one is in the log, and sums are told anew only when the votes of at least five people have changed.
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
from moothall.core.opinions.groups import OpinionVotes
from moothall.core.opinions.voting_rules import VOTES_OVER, comment_to_vote, put_to_vote
from moothall.core.ports import Clock, Randomness
from moothall.core.questions.disclosure import FEWEST
from moothall.services.questions.ballot_box import NOBODY, BallotBox, Box
from moothall.services.questions.ballots import before
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

COUNT_MS = 30_000
"""How long after a count the next one begins, in ms: finding groups takes up to seconds."""
_VOTE = ":vote:"
"""Prefix of a comment's id in the subject of its votes: no intervention's id begins like this."""
_CHOICES = tuple(Opinion)


class Opinions:
    """Takes votes on comments and counts them into the log; they are in the box of the other ballots. Without a running
    `run` none is counted.
    """

    def __init__(self, sessions: Sessions, box: BallotBox, *, clock: Clock, randomness: Randomness) -> None:
        self._sessions = sessions
        self._box = box
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
        comment = comment_to_vote(live.state, number)
        if isinstance(comment, Refusal):
            return comment
        if self._are_destroyed(live):
            return VOTES_OVER
        questions, choice = live.state.questions, _CHOICES.index(opinion)
        refused = await self._box.give(
            session,
            f"{_VOTE}{comment.id}",
            choice,
            visitor=visitor,
            address=address,
            before=lambda: before(questions),
            hasty=hasty,
        )
        if refused is None:
            self._due.add(session)
            self._news.set()
        return refused

    def voted(self, session: SessionId, visitor: str) -> Mapping[InterventionId, Opinion]:
        """A browser's votes, by comment."""
        box = self._box.boxes.get(session)
        chosen = {} if box is None else box.chosen(visitor)
        return {
            InterventionId(what.removeprefix(_VOTE)): _CHOICES[choice]
            for what, choice in chosen.items()
            if what.startswith(_VOTE)
        }

    def set_aside(self, session: SessionId) -> int:
        """The number of votes of a flood, which don't count."""
        box = self._box.boxes.get(session)
        return sum(count for what, count in ({} if box is None else box.set_aside()).items() if what.startswith(_VOTE))

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
        box = self._box.boxes.get(session)
        try:
            live = await self._sessions.find(session)
            if box is None or live is None:
                return True
            questions, votes = live.state.questions, _votes_in(box)
            known = questions.voting.counted
            if box.told is None and known.voters and len(votes) - known.voters < FEWEST:
                # It was told before a restart, and nobody knows of which votes; these are not too new.
                box.told = votes
            if changed(box.told or {}, votes) < FEWEST:
                return True
            found = await asyncio.to_thread(counted, votes, {each.id for each in put_to_vote(questions)})
            if not found.voters or found == known:
                return True
            command = CountOpinions(voters=found.voters, sums=found.sums, groups=found.groups)
            name = CommandId(f"opinions:{self._randomness.bytes(8).hex()}")
            if isinstance(await live.writer.send(SYSTEM, name, command), Refusal):
                return False
        except (StorageUnavailable, RecordBroken):
            return False
        box.told = votes
        return True

    def _are_destroyed(self, live: LiveSession) -> bool:
        """Whether earlier votes were counted and then destroyed: new ones alone would take the place of their sums."""
        box = self._box.boxes.get(live.id)
        return bool(live.state.questions.voting.counted.voters) if box is None else box.kept.opinions

    def _loaded(self, live: LiveSession) -> None:
        """Have the votes of a session counted when it is loaded: a crash may have prevented the last count."""
        box = self._box.boxes.get(live.id)
        if box is not None and any(what.startswith(_VOTE) for what in box.given):
            self._due.add(live.id)
            self._news.set()


def _votes_in(box: Box) -> OpinionVotes:
    found: dict[str, dict[InterventionId, Opinion]] = {}
    for what, given in box.given.items():
        if what.startswith(_VOTE):
            comment = InterventionId(what.removeprefix(_VOTE))
            for voter, choice in given.items():
                if voter not in box.aside and voter != NOBODY:
                    found.setdefault(voter, {})[comment] = _CHOICES[choice]
    return found
