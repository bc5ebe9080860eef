from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.errors import Refusal, RefusalCode
from moothall.core.ids import CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.removing import Span
from moothall.core.undo import inverse
from moothall.services.closing import Closing
from moothall.services.desk_acts import Act, Presence
from moothall.services.orders import Receipt
from moothall.services.undoing import undo_act, undo_id
from moothall.testing.clock import ManualClock
from moothall.testing.failing_log import FailingLog
from writing import FLOOR, TECHNICIAN, Stage, opened, said, stage

ANA, BO, ZOE = SpeakerId("ana"), SpeakerId("bo"), SpeakerId("zoe")
TOOK = do.TakeFloor(channel=FLOOR, speaker=BO)


class On:
    """A session in which Ana has the floor, until somebody says that it is Bo."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.receipt = Receipt(0, 0)

    async def took(self, act: do.AnyCommand = TOOK, name: str = "took") -> None:
        who = Presence(seat="1", role=TECHNICIAN.role, label="x")
        undo = inverse(self.on.writer.state, [act])
        self.act = Act(id=CommandId(name), at=0, by=who, commands=(act,), undo=undo)
        self.receipt = await self.on.done(name, act, actor=TECHNICIAN)

    async def undone(self) -> Receipt | Refusal:
        return await undo_act(self.on.writer, TECHNICIAN, self.act, self.receipt, log=self.on.log, closing=Closing())

    def speakers(self) -> dict[str, SpeakerId | None]:
        return {name: line.speaker for name, line in self.on.writer.state.segments.items()}


@asynccontextmanager
async def meeting(log: FailingLog | None = None) -> AsyncIterator[On]:
    async with stage(log or FailingLog(), SessionId("s"), ManualClock()) as on:
        await opened(on)
        for who in (ANA, BO, ZOE):
            await on.done(f"i-{who}", do.IntroduceSpeaker(speaker=who, name=who.title()))
        await on.done("ana", do.TakeFloor(channel=FLOOR, speaker=ANA))
        await said(on, "a", 0, "Before.")
        yield On(on)


async def test_lines_that_opened_under_the_wrong_name_go_back_to_whoever_spoke() -> None:
    async with meeting() as it:
        await it.took()
        await said(it.on, "b", 1_000, "Wrong.")
        await said(it.on, "c", 2_000, "By", " hand.")
        await it.on.done("hand", do.AssignSpeaker(segments=(SegmentId("c"),), speaker=BO))
        first = await it.undone()
        assert isinstance(first, Receipt)
        assert it.speakers() == {"a": ANA, "b": ANA, "c": BO}
        assert it.on.writer.state.channels[FLOOR].speaker == ANA
        offset = it.on.writer.offset
        assert await it.undone() == first
        assert it.on.writer.offset == offset


async def test_whoever_was_given_the_floor_meanwhile_keeps_it_and_their_lines() -> None:
    async with meeting() as it:
        await it.took()
        await said(it.on, "b", 1_000, "Wrong.")
        await it.on.done("zoe", do.TakeFloor(channel=FLOOR, speaker=ZOE))
        await said(it.on, "c", 2_000, "Zoe's.")
        assert await it.undone() == it.receipt
        assert it.speakers() == {"a": ANA, "b": ANA, "c": ZOE}
        assert it.on.writer.state.channels[FLOOR].speaker == ZOE


async def test_after_a_crash_between_the_floor_and_the_lines_the_same_undoing_goes_on() -> None:
    log = FailingLog()
    async with meeting(log) as it:
        await it.took()
        await said(it.on, "b", 1_000, "Wrong.")
        # The floor went back, and then nothing more.
        back = await it.on.writer.send(TECHNICIAN, undo_id(it.act.id), it.act.undo)
        log.refuses = {it.on.writer.session}
        cut = await it.undone()
        assert isinstance(cut, Refusal)
        assert cut.code is RefusalCode.UNAVAILABLE
        log.refuses = set()
        assert await it.undone() == back
        assert it.speakers() == {"a": ANA, "b": ANA}


async def test_what_a_removal_said_again_was_not_said_meanwhile() -> None:
    async with meeting() as it:
        await said(it.on, "o", 500, "Bo", " said", " it.")
        await it.on.done("o", do.AssignSpeaker(segments=(SegmentId("o"),), speaker=BO))
        await it.took()
        await said(it.on, "b", 3_000, "Wrong.")
        removed = await it.on.writer.remove(TECHNICIAN, CommandId("gone"), Span(1_500, 1_900))
        assert isinstance(removed, Receipt)
        assert isinstance(await it.undone(), Receipt)
        speakers = it.speakers()
        assert speakers.pop("a") == speakers.pop("b") == ANA
        assert list(speakers.values()) == [BO]


async def test_an_act_that_gave_nobody_the_floor_is_undone_as_it_was_named() -> None:
    async with meeting() as it:
        await it.took(do.AssignSpeaker(segments=(SegmentId("a"),), speaker=ZOE))
        assert isinstance(await it.undone(), Receipt)
        assert it.speakers() == {"a": ANA}


async def test_acts_with_long_names_that_begin_alike_are_undone_each() -> None:
    async with meeting() as it:
        first, second = (do.AssignSpeaker(segments=(SegmentId("a"),), speaker=who) for who in (BO, ZOE))
        await it.took(first, "x" * 127 + "1")
        assert isinstance(await it.undone(), Receipt)
        await it.took(second, "x" * 127 + "2")
        assert isinstance(await it.undone(), Receipt)
        assert it.speakers() == {"a": ANA}
