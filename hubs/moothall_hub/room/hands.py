"""Count the votes of a hub's room in shows of hands: ballots are stored on the hub, and their counts go to the meeting.

Ballots are checked, stored and destroyed by the centre's own rules (`moothall.services.questions.ballot_box`). No
ballot leaves this machine. Only counts are sent up, and they are absolute, so that a repeated count changes nothing.

Ballots are collected in rounds. An act of the outbox ends a round: it counts the round's ballots, and those of earlier
rounds that the meeting has not refused. The next act is made once this one was answered. So the state of a ballot is
that of its round's act: the ballot waits, is counted, or was too late because the show of hands was closed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from contextlib import suppress

from moothall.core.kernel.errors import Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, PollId, SessionId
from moothall.core.questions.polls import NO_CHOICE, Choice, poll_of
from moothall.core.rules.polls import MOST_HANDS, NO_POLL, poll_to_vote
from moothall.core.sessions.state import State, Status
from moothall.services.questions.ballot_box import BallotBox, Before, Box
from moothall.services.questions.ballots import COUNT_MS, about, is_hands, poll_about
from moothall.wire.hubs.acts import HandsAct
from moothall_hub.outbox.outbox import ActState
from moothall_hub.room.ports import RoomParts

logger = logging.getLogger(__name__)

AGAIN_MS = 4_000
"""Milliseconds until the next attempt after the disk has refused."""
_UNANSWERED = (ActState.WAITING, ActState.SENT)


class RoomHands:
    """The votes of a hub's room. Call `load` first. No vote is taken while `run` is not running."""

    def __init__(self, room: RoomParts) -> None:
        self._room = room
        self.box = BallotBox(book=room.book, clock=room.clock, randomness=room.randomness)
        """The ballots of the room, those on comments too (`moothall_hub.room.opinions`)."""
        # Bounded by the shows of hands of the sessions that have ballots, and one round every `COUNT_MS` in which votes
        # were cast.
        self._rounds: dict[tuple[SessionId, PollId], list[ActState | None]] = {}
        """The state of the act of each round that has ended; None: the act is not in the outbox yet."""
        self._taking: Counter[tuple[SessionId, str]] = Counter()
        """How many ballots of each round are not on the disk yet, by the key that `_what` makes."""
        room.outbox.when_answered(lambda _: self.box.news.set())

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        await self.box.load()
        for session, box in self.box.boxes.items():
            ballots = [_read(what) for what in box.given if is_hands(what)]
            for poll in {poll for poll, _ in ballots}:
                rounds = await self._rounds_of(session, poll)
                last = max(number for each, number in ballots if each == poll)
                rounds += [None] * (last - 1 - len(rounds))  # A round may have ended before its act was stored.
            box.uncounted = {what for what in _uncounted(box) if self._number_now(session, what) <= _read(what)[1]}
            with suppress(StorageUnavailable):
                state = await self._room.meetings.state(session)
                if state is not None:
                    self.observe(state)
        self.box.news.set()

    async def run(self) -> None:
        """Store ballots, pass their counts on, and destroy old ballots, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.box.run())
            group.create_task(self._pass_on_all())

    async def vote(
        self, session: SessionId, number: int, option: int, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Store a choice of somebody in the room. See `moothall.services.questions.ballots.Ballots.vote`."""
        state = await self._room.meetings.state(session)
        poll = NO_POLL if state is None else poll_to_vote(state, number, option)
        if isinstance(poll, Refusal):
            return poll
        box, mine = self.box.boxes.get(session), self.voted(session, visitor).get(poll.id, NO_CHOICE)
        # A choice that still waits for the disk may be this browser's own, and another one.
        if box is not None and not box.waiting and mine == Choice(option=option, waits=mine.waits):
            return None
        what = _what(poll.id, len(await self._rounds_of(session, poll.id)) + 1)
        self._taking[session, what] += 1
        try:
            return await self.box.give(
                session, what, option, visitor=visitor, address=address, before=Before, hasty=hasty
            )
        finally:
            self._taking[session, what] -= 1
            self._taking += Counter()  # Adding an empty Counter removes the keys whose count is 0.
            self.box.news.set()

    def voted(self, session: SessionId, visitor: str) -> dict[PollId, Choice]:
        """The choices of a browser in a session, by show of hands, each with whether its count is still outstanding."""
        box = self.box.boxes.get(session)
        ballots = {} if box is None else box.chosen(visitor)
        found: dict[PollId, Choice] = {}
        for (poll, number), option in sorted(
            (_read(what), option) for what, option in ballots.items() if is_hands(what)
        ):
            rounds, before = self._rounds.get((session, poll), []), found.get(poll, NO_CHOICE)
            stands = rounds[number - 1] if number <= len(rounds) else None
            if stands is ActState.REFUSED:
                found[poll] = Choice(option=before.option, waits=before.waits, late=option)
            else:
                found[poll] = Choice(option=option, waits=stands is not ActState.DONE)
        return found

    def observe(self, state: State) -> None:
        """Take a session's new state: a close limits the time for which its ballots are kept; reopening lifts the
        limit.
        """
        self.box.close(state.id, closed=state.status is Status.CLOSED)

    async def forget(self, session: SessionId) -> None:
        """Destroy all ballots of a session. Raises StorageUnavailable."""
        await self.box.forget(session)

    # What is sent to the meeting

    async def pass_on(self) -> None:
        """Put the outstanding counts into the outbox. Raises StorageUnavailable; `run` then tries again."""
        for key in [key for key in self._rounds if key[0] not in self.box.boxes]:
            del self._rounds[key]
        for session, box in list(self.box.boxes.items()):
            waiting = {poll for (of, poll), rounds in self._rounds.items() if of == session and _unfinished(rounds)}
            for poll in sorted(waiting | {_read(what)[0] for what in _uncounted(box)}):
                await self._pass_on(session, box, poll)

    async def _pass_on_all(self) -> None:
        while True:
            await self.box.news.wait()
            self.box.news.clear()
            try:
                await self.pass_on()
            except StorageUnavailable as error:
                logger.warning("the outbox can't store votes at the moment: %s", error)
                await self._room.clock.sleep(AGAIN_MS)
                self.box.news.set()
            await self._room.clock.sleep(COUNT_MS)

    async def _pass_on(self, session: SessionId, box: Box, poll: PollId) -> None:
        rounds = await self._rounds_of(session, poll)
        for at, stands in enumerate(rounds):
            if stands in _UNANSWERED:
                now = await self._room.outbox.state(self._act_id(session, poll, at + 1))
                rounds[at] = None if now is None else now.state
            if rounds[at] is None:
                await self._put(session, box, poll, at + 1)
            if rounds[at] in (None, *_UNANSWERED):
                return
        if any(_read(what)[0] == poll for what in _uncounted(box)):
            rounds.append(None)
            await self._put(session, box, poll, len(rounds))

    async def _put(self, session: SessionId, box: Box, poll: PollId, number: int) -> None:
        """Count the choices up to a round, and put the act that ends the round into the outbox."""
        if self._taking[session, _what(poll, number)]:
            return  # `news` is set again once these ballots are on the disk.
        state = await self._room.meetings.state(session)
        known = None if state is None else poll_of(state.questions.polls, poll)
        if known is None:
            return  # The hub has no copy of it at the moment.
        rounds, chosen = self._rounds[session, poll], dict[str, int]()
        for at, stands in enumerate(rounds[:number], 1):
            box.uncounted.discard(_what(poll, at))
            if stands is not ActState.REFUSED:
                chosen |= box.given.get(_what(poll, at), {})
        tally = Counter(option for voter, option in chosen.items() if voter not in box.aside)
        counts = tuple(min(MOST_HANDS, tally[option]) for option in range(len(known.options)))
        act_id = self._act_id(session, poll, number)
        await self._room.outbox.put(session, act_id, "", HandsAct(poll=poll, counts=counts), self._room.clock.wall())
        rounds[number - 1] = ActState.WAITING

    async def _rounds_of(self, session: SessionId, poll: PollId) -> list[ActState | None]:
        """The states of the acts of all rounds that have ended, oldest first, as far as the outbox knows them."""
        key = (session, poll)
        if key not in self._rounds:
            found: list[ActState | None] = []
            while (now := await self._room.outbox.state(self._act_id(session, poll, len(found) + 1))) is not None:
                found.append(now.state)
            self._rounds.setdefault(key, found)
        return self._rounds[key]

    def _number_now(self, session: SessionId, what: str) -> int:
        """The number of the first round whose act is not in the outbox; rounds count from 1."""
        rounds = self._rounds[session, _read(what)[0]]
        return len([stands for stands in rounds if stands is not None]) + 1

    def _act_id(self, session: SessionId, poll: PollId, number: int) -> CommandId:
        name = hashlib.sha256(f"{self._room.node} {session} {poll}".encode()).hexdigest()[:32]
        return CommandId(f"hands:{name}:{number}")


def _uncounted(box: Box) -> set[str]:
    """The subjects of shows of hands that may have to be counted; votes on comments are in the same box."""
    return set(filter(is_hands, box.uncounted))


def _unfinished(rounds: list[ActState | None]) -> bool:
    return any(stands in (None, *_UNANSWERED) for stands in rounds)


def _what(poll: PollId, number: int) -> str:
    """The key under which the ballot box keeps the ballots of a round."""
    return f"{about(poll)}:{number}"


def _read(what: str) -> tuple[PollId, int]:
    poll, _, number = what.rpartition(":")
    return poll_about(poll), int(number)
