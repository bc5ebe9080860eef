"""The votes of a hub's room on comments: one of each browser, and their sums at the meeting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, Opinion, OpinionSums
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import InterventionId, PollId, SessionId
from moothall.core.opinions.voting_rules import VOTES_OVER
from moothall.services.questions.ballot_box import KEPT_MS
from moothall.wire.hubs.acts import OpinionsAct
from support.hubs.desk import Room, S, jumping, room

A, B = InterventionId("a"), InterventionId("b")
AGREE, DISAGREE, PASS = Opinion


def sums(agree: int, disagree: int, passed: int) -> OpinionSums:
    return OpinionSums(agree=agree, disagree=disagree, passed=passed)


class VotingRoom:
    """A room in whose meeting two comments are put to the vote."""

    def __init__(self, made: Room) -> None:
        self.room = made

    async def vote(self, visitor: str, opinion: Opinion = AGREE, number: int = 1) -> Refusal | None:
        return await self.room.opinions.vote(S, number, opinion, visitor, f"192.0.2.{visitor}")

    async def sent(self) -> list[OpinionsAct]:
        """What was put into the outbox so far, with what is due now."""
        await self.room.opinions.pass_on()
        return [put.act for put in self.room.outbox.of(OpinionsAct) if isinstance(put.act, OpinionsAct)]

    def answer(self, code: RefusalCode | None = None) -> None:
        self.room.outbox.answer(self.room.outbox.of(OpinionsAct)[-1].id, code)


@asynccontextmanager
async def voting() -> AsyncIterator[VotingRoom]:
    async with room() as made:
        for name in (A, B):
            said = do.Ask(intervention=name, kind=InterventionKind.COMMENT, text="Open it.", language="en", asker=name)
            await made.meeting.do(said)
            await made.meeting.stand(name, InterventionStatus.QUEUED)
        await made.meeting.do(do.SwitchVoting(on=True))
        await made.meeting.do(do.PutToVote(comments=(A, B)))
        yield VotingRoom(made)


@jumping
async def test_each_browser_has_one_voice_and_the_sums_go_up() -> None:
    async with voting() as there:
        assert await there.sent() == []
        for visitor, opinion in (("1", AGREE), ("2", AGREE), ("2", PASS), ("3", DISAGREE)):
            assert await there.vote(visitor, opinion) is None
        await there.vote("3", AGREE, number=2)
        await there.vote("")
        assert await there.sent() == [OpinionsAct(people=3, sums={A: sums(1, 1, 1), B: sums(1, 0, 0)})]
        assert there.room.opinions.voted(S, "3") == {A: DISAGREE, B: AGREE}
        assert there.room.hands.voted(S, "3") == {}
        assert len(await there.sent()) == 1, "nothing has changed"
        await there.vote("3", DISAGREE)
        assert len(await there.sent()) == 1, "nor here"


@jumping
async def test_it_votes_while_the_line_is_down_and_after_a_start_nothing_is_lost() -> None:
    async with voting() as there:
        await there.room.meeting.do(do.OpenPoll(poll=PollId("p"), question="So?", language="en", options=("Y", "N")))
        await there.room.hands.vote(S, 1, 0, "1", "192.0.2.1")
        there.room.outbox.full = True
        await there.vote("1")
        with pytest.raises(StorageUnavailable):
            await there.sent()
        there.room.outbox.full = False
        await there.room.vote_again()
        assert there.room.opinions.voted(S, "1") == {A: AGREE}
        assert [*there.room.hands.voted(S, "1")] == [PollId("p")]
        assert await there.sent() == [OpinionsAct(people=1, sums={A: sums(1, 0, 0)})]


@jumping
async def test_what_was_refused_is_sent_again_with_the_next_vote() -> None:
    async with voting() as there:
        await there.vote("1")
        await there.sent()
        there.answer(RefusalCode.CONFLICT)
        assert len(await there.sent()) == 1
        await there.vote("1")
        assert await there.sent() == 2 * [OpinionsAct(people=1, sums={A: sums(1, 0, 0)})]


@jumping
async def test_who_can_vote_on_what_as_at_the_centre() -> None:
    async with voting() as there:
        assert await there.vote("1", number=9) == NO_QUESTION
        assert await there.room.opinions.vote(SessionId("none"), 1, AGREE, "1", "192.0.2.1") == NO_QUESTION
        await there.vote("1")
        await there.room.meeting.do(do.SwitchVoting(on=False))
        assert await there.vote("2") == VOTES_OVER
        assert await there.sent() == [], "while votes are off nothing is sent"
        await there.room.meeting.do(do.SwitchVoting(on=True))
        assert len(await there.sent()) == 1


@jumping
async def test_votes_are_gone_seven_days_after_the_close() -> None:
    async with voting() as there:
        await there.vote("1")
        await there.room.meeting.do(do.CloseSession(), actor=SYSTEM)
        there.room.hands.observe(there.room.meeting.live.state)
        await there.room.clock.sleep(KEPT_MS + 1_000_000)
        assert there.room.opinions.voted(S, "1") == {}
        assert await there.sent() == []
        assert not await there.room.book.read("ballots")
