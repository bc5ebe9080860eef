from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import PollId, SessionId
from moothall.core.questions.polls import Choice
from moothall.services.questions.ballot_box import KEPT_MS, NAMESPACE
from moothall.services.questions.ballots import COUNT_MS
from moothall.wire.hubs.acts import HandsAct
from moothall_hub.outbox.outbox import ActState
from moothall_hub.room.hands import RoomHands
from support.hubs.desk import Put, Room, S, jumping, room

P, Q = PollId("p"), PollId("q")


class Voting:
    """A room in which a show of hands has begun."""

    def __init__(self, made: Room) -> None:
        self.room = made

    @property
    def hands(self) -> RoomHands:
        return self.room.hands

    async def open(self, poll: PollId = P) -> None:
        asked = do.OpenPoll(poll=poll, question="Shall we?", language="en", options=("Yes", "No", "Later"))
        await self.room.meeting.do(asked)

    async def vote(self, visitor: str, option: int, number: int = 1) -> Refusal | None:
        return await self.hands.vote(S, number, option, visitor, f"192.0.2.{visitor}")

    def mine(self, visitor: str, poll: PollId = P) -> Choice | None:
        return self.hands.voted(S, visitor).get(poll)

    async def settle(self) -> None:
        """Until all has gone that can."""
        await self.room.clock.sleep(3 * COUNT_MS)

    async def put(self) -> list[Put]:
        """What is in the outbox now."""
        await self.settle()
        return self.room.outbox.of(HandsAct)

    async def counts(self) -> list[tuple[int, ...]]:
        return [put.act.counts for put in await self.put() if isinstance(put.act, HandsAct)]

    async def answer(self, code: RefusalCode | None = None) -> None:
        """What the meeting says of the newest act."""
        self.room.outbox.answer((await self.put())[-1].id, code)
        await self.settle()


@asynccontextmanager
async def voting() -> AsyncIterator[Voting]:
    async with room() as made:
        there = Voting(made)
        await there.open()
        yield there


@jumping
async def test_what_the_room_chooses_goes_up_as_one_count_and_waits_until_it_is_answered() -> None:
    async with voting() as there:
        for visitor, option in (("1", 0), ("2", 0), ("3", 2), ("3", 2)):
            assert await there.vote(visitor, option) is None
        assert await there.counts() == [(2, 0, 1)]
        assert there.mine("1") == Choice(option=0, waits=True)
        assert there.mine("9") is None
        # While that is on its way others wait for their turn.
        await there.vote("4", 1)
        await there.vote("1", 1)
        assert await there.counts() == [(2, 0, 1)]
        await there.answer()
        assert await there.counts() == [(2, 0, 1), (1, 2, 1)]
        assert there.mine("2") == Choice(option=0)
        assert there.mine("1") == Choice(option=1, waits=True)
        await there.answer()
        assert there.mine("1") == there.mine("4") == Choice(option=1)
        assert len(await there.counts()) == 2


@jumping
async def test_what_came_after_the_close_is_not_counted_and_its_voter_is_told() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        await there.answer()
        await there.vote("1", 2)
        await there.vote("2", 1)
        await there.answer(RefusalCode.CONFLICT)
        assert there.mine("1") == Choice(option=0, late=2)
        assert there.mine("2") == Choice(late=1)
        assert len(await there.counts()) == 2, "nothing more is to be said"
        # When it is opened again they choose anew, and what was late is not among it.
        await there.vote("2", 1)
        await there.vote("3", 2)
        assert (await there.counts())[-1] == (1, 1, 1)
        assert there.mine("2") == Choice(option=1, waits=True)


@jumping
async def test_what_cannot_be_chosen_is_refused_as_at_the_centre() -> None:
    async with voting() as there:
        for number, option in ((2, 0), (1, 3), (1, -1)):
            refused = await there.vote("1", option, number)
            assert refused is not None
            assert refused.code is RefusalCode.UNKNOWN
        assert await there.hands.vote(SessionId("none"), 1, 0, "1", "192.0.2.1") is not None
        await there.room.meeting.do(do.ClosePoll(poll=P))
        refused = await there.vote("1", 0)
        assert refused is not None
        assert refused.code is RefusalCode.CONFLICT
        assert await there.put() == []
        there.room.meetings.away = True
        with pytest.raises(StorageUnavailable):
            await there.vote("1", 0)


@jumping
async def test_nothing_is_lost_or_doubled_when_the_hub_is_started_again() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        await there.answer()
        await there.vote("2", 1)
        await there.put()
        await there.vote("3", 1)
        await there.room.vote_again()
        assert [there.mine(each) for each in "123"] == [
            Choice(option=0),
            Choice(option=1, waits=True),
            Choice(option=1, waits=True),
        ]
        assert await there.counts() == [(1, 0, 0), (1, 1, 0)]
        await there.answer()
        assert await there.counts() == [(1, 0, 0), (1, 1, 0), (1, 2, 0)]
        await there.answer()
        await there.room.vote_again()
        await there.settle()
        assert there.mine("3") == Choice(option=1)
        assert len(await there.counts()) == 3, "what was answered is not said again"


@jumping
async def test_what_the_outbox_refuses_goes_later_in_the_same_order() -> None:
    async with voting() as there:
        there.room.outbox.full = True
        await there.vote("1", 0)
        await there.settle()
        await there.vote("2", 1)
        assert await there.put() == []
        assert there.mine("1") == Choice(option=0, waits=True)
        await there.room.vote_again()
        assert await there.put() == []
        there.room.outbox.full = False
        assert await there.counts() == [(1, 0, 0)]
        await there.answer()
        assert await there.counts() == [(1, 0, 0), (1, 1, 0)]


@jumping
async def test_a_ballot_that_cannot_be_kept_is_not_there() -> None:
    async with voting() as there:
        there.room.book.full = True
        with pytest.raises(StorageUnavailable):
            await there.vote("1", 0)
        there.room.book.full = False
        assert there.mine("1") is None
        assert await there.put() == []


@jumping
async def test_a_session_without_a_copy_waits_for_it() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        there.room.meetings.away = True
        assert await there.put() == []
        await there.room.vote_again()
        there.room.meetings.away = False
        assert await there.counts() == [(1, 0, 0)]


@jumping
async def test_an_outbox_that_was_lost_is_told_again() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        first = (await there.put())[0]
        there.room.outbox.acts.clear()
        there.room.outbox.standing.clear()
        await there.vote("2", 1)
        assert [put.id for put in await there.put()] == [first.id]


@jumping
async def test_each_show_of_hands_has_counts_of_its_own() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        await there.room.meeting.do(do.ClosePoll(poll=P))
        await there.open(Q)
        await there.vote("1", 2, 2)
        acts = [put.act for put in await there.put()]
        assert acts == [HandsAct(poll=P, counts=(1, 0, 0)), HandsAct(poll=Q, counts=(0, 0, 1))]
        assert len({put.id for put in await there.put()}) == 2


@jumping
async def test_a_flood_from_one_address_is_judged_as_at_the_centre() -> None:
    async with voting() as there:
        for visitor in range(12):
            await there.hands.vote(S, 1, 0, f"v{visitor}", "192.0.2.1", hasty=True)
        assert (await there.counts())[-1] == (10, 0, 0)


@jumping
async def test_ballots_and_their_key_are_destroyed_seven_days_after_the_close() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        await there.answer()
        await there.room.meeting.do(do.CloseSession(), actor=SYSTEM)
        await there.room.vote_again()  # It was closed while the hub was off.
        await there.room.clock.sleep(KEPT_MS // 2)
        assert there.mine("1") == Choice(option=0)
        await there.room.clock.sleep(KEPT_MS)
        assert there.mine("1") is None
        assert await there.room.book.read(NAMESPACE) == await there.room.book.read(f"{NAMESPACE}:{S}") == {}
        # Where the session is opened again after that, its acts have ids that were never used.
        there.room.meeting.live = await there.room.hall.sessions.open(S)  # Unloaded meanwhile.
        await there.room.meeting.do(do.ReopenSession(), actor=SYSTEM)
        await there.vote("1", 1)
        assert (await there.counts())[-1] == (0, 1, 0)
        assert len(await there.put()) == 2


@jumping
async def test_all_of_a_session_that_is_no_more_goes() -> None:
    async with voting() as there:
        await there.vote("1", 0)
        await there.put()
        await there.hands.forget(S)
        assert await there.room.book.read(NAMESPACE) == await there.room.book.read(f"{NAMESPACE}:{S}") == {}
        assert there.mine("1") is None
        state = await there.room.meetings.state(S)
        assert state is not None
        there.hands.observe(state)
        assert (await there.put())[-1].act == HandsAct(poll=P, counts=(1, 0, 0))
        assert there.room.outbox.standing[(await there.put())[-1].id].state is ActState.WAITING
