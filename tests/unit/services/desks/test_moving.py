from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.selection import Lines
from moothall.core.rules.lines import MOST_BACK
from moothall.services.desks.moving import move_back, move_lines
from moothall.services.log.act_queue import Receipt
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import FailingLog
from support.memory.writer import ENGINE, FLOOR, TECHNICIAN, Stage, opened, said, stage

MORNING, NOON = SessionId("morning"), SessionId("noon")
ANA, BO = SpeakerId("ana"), SpeakerId("bo")
A, B = SegmentId("a"), SegmentId("b")


class Two:
    """Two sessions on one log: lines of the second went to the first, and 90 s later somebody sees it."""

    def __init__(self, morning: Stage, noon: Stage, clock: ManualClock) -> None:
        self.morning = morning
        self.noon = noon
        self.clock = clock

    async def move(
        self, *lines: SegmentId, name: str = "m", who: Actor = TECHNICIAN, to: ChannelId = FLOOR
    ) -> Receipt | Refusal:
        return await move_lines(
            self.morning.writer,
            self.noon.writer,
            who,
            CommandId(name),
            channel=FLOOR,
            segments=lines or (A, B),
            to_channel=to,
            clock=self.clock,
        )

    async def back(self, who: Actor = TECHNICIAN, name: str = "undo:m") -> Receipt | Refusal:
        return await move_back(
            self.morning.writer,
            self.noon.writer,
            who,
            CommandId(name),
            moved=CommandId("m"),
            channel=FLOOR,
            segments=(A, B),
            to_channel=FLOOR,
            clock=self.clock,
        )

    def arrived(self) -> list[SegmentId]:
        """What the lines are called in their new session, in order."""
        lines = (line for _, line in self.noon.writer.state.segments.items())
        return [line.id for line in sorted(lines, key=lambda line: line.t0)]


@asynccontextmanager
async def two(log: FailingLog | None = None) -> AsyncIterator[Two]:
    log, clock = log or FailingLog(), ManualClock()
    async with stage(log, MORNING, clock) as morning:
        await opened(morning)
        await clock.advance(10_000)
        async with stage(log, NOON, clock) as noon:
            await opened(noon)
            await said(morning, "a", 9_000, "Welcome", " back.")
            await said(morning, "b", 12_000, "We", " begin.")
            await clock.advance(90_000)
            yield Two(morning, noon, clock)


def taken_between(first: Stage, then: Stage, line: SegmentId) -> list[asyncio.Future[Receipt]]:
    """Somebody moves a line of the log `then` to a third one as soon as `first` has something new: between the two."""
    quicker: list[asyncio.Future[Receipt]] = []

    def hear(_: object) -> None:
        away = do.MoveSegmentsAway(channel=FLOOR, segments=(line,), session=SessionId("third"))
        if not quicker:
            quicker.append(asyncio.ensure_future(then.done("quick", away, actor=TECHNICIAN)))

    first.writer.listen(hear)
    return quicker


async def test_lines_leave_one_session_and_stand_in_the_other_at_the_same_time_of_day() -> None:
    async with two() as it:
        answer = await it.move()
        assert isinstance(answer, Receipt)
        assert (it.morning.texts(), it.noon.texts()) == ([], ["Welcome back.", "We begin."])
        lines = sorted((line for _, line in it.noon.writer.state.segments.items()), key=lambda line: line.t0)
        # Said a second before the other session began, and two seconds after.
        assert [(line.t0, line.t1) for line in lines] == [(0, 0), (2_000, 2_900)]
        assert {line.origin for line in lines} == {le.Origin.MACHINE}
        left, came = it.morning.events[-1], it.noon.events[-5]
        assert left == le.SegmentsMovedAway(channel=FLOOR, segments=(A, B), session=NOON)
        assert came == le.SegmentsMovedHere(channel=FLOOR, segments=tuple(line.id for line in lines), session=MORNING)


async def test_that_another_voice_follows_moves_with_a_line_and_comes_back() -> None:
    def changes(there: Stage) -> list[bool]:
        lines = sorted((line for _, line in there.writer.state.segments.items()), key=lambda line: line.t0)
        return [line.reason is le.EndReason.SPEAKER for line in lines if not line.gone]

    async with two() as it:
        follows = do.SplitSegment(channel=FLOOR, segment=A, revision=0, word=2, into=None)
        await it.morning.done("split", follows, actor=TECHNICIAN)
        assert isinstance(await it.move(), Receipt)
        assert changes(it.noon) == [True, False]
        first = it.arrived()[0]
        await it.noon.done(
            "on", do.MoveSegmentsAway(channel=FLOOR, segments=(first,), session=MORNING), actor=TECHNICIAN
        )
        await it.noon.done(
            "back", do.BringSegmentsBack(channel=FLOOR, segments=(first,), session=MORNING), actor=TECHNICIAN
        )
        assert sorted(changes(it.noon)) == [False, True]


async def test_the_same_command_moves_once() -> None:
    async with two() as it:
        first = await it.move()
        counts = it.morning.writer.offset, it.noon.writer.offset
        assert await it.move() == first
        assert (it.morning.writer.offset, it.noon.writer.offset) == counts
        again = await it.move(name="n")
        assert isinstance(again, Refusal)
        assert again.code is RefusalCode.UNKNOWN


async def test_after_a_crash_between_the_logs_the_same_command_goes_on() -> None:
    log = FailingLog()
    async with two(log) as it:
        log.refuses = {MORNING}
        cut = await it.move(name="x" * 128)
        assert isinstance(cut, Refusal)
        assert cut.code is RefusalCode.UNAVAILABLE
        assert it.morning.texts() == it.noon.texts() == ["Welcome back.", "We begin."]
        log.refuses = set()
        assert isinstance(await it.move(name="x" * 128), Receipt)
        assert (it.morning.texts(), it.noon.texts()) == ([], ["Welcome back.", "We begin."])


async def test_when_somebody_was_quicker_they_stand_once_all_the_same() -> None:
    async with two() as it:
        quicker = taken_between(it.noon, it.morning, A)
        refusal = await it.move()
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.UNKNOWN
        await asyncio.gather(*quicker)
        assert (it.morning.texts(), it.noon.texts()) == (["We begin."], [])


async def test_speakers_are_found_by_name_and_introduced_where_nobody_has_it() -> None:
    async with two() as it:
        for who, name in ((ANA, "Ana"), (BO, "Bo")):
            await it.morning.done(f"i-{who}", do.IntroduceSpeaker(speaker=who, name=name))
        await it.morning.done("a", do.AssignSpeaker(segments=(A,), speaker=ANA))
        await it.morning.done("b", do.AssignSpeaker(segments=(B,), speaker=BO))
        # There Ana has another id, and Ana's id is somebody else's.
        await it.noon.done("i", do.IntroduceSpeaker(speaker=SpeakerId("p1"), name="Ana"))
        await it.noon.done("j", do.IntroduceSpeaker(speaker=BO, name="Bob"))
        assert isinstance(await it.move(), Receipt)
        state = it.noon.writer.state
        lines = sorted((line for _, line in state.segments.items()), key=lambda line: line.t0)
        assert [state.speakers[line.speaker] for line in lines if line.speaker is not None] == ["Ana", "Bo"]
        assert (lines[0].speaker, len(state.speakers)) == ("p1", 3)
        third = SegmentId("c")
        await said(it.morning, "c", 20_000, "And", " on.")
        await it.clock.advance(30_000)
        await it.morning.done("c", do.AssignSpeaker(segments=(third,), speaker=BO))
        assert isinstance(await it.move(third, name="n"), Receipt)
        assert len(it.noon.writer.state.speakers) == 3


async def test_what_a_person_mended_stays_mended() -> None:
    async with two() as it:
        mend = do.CorrectSegment(channel=FLOOR, segment=A, base_revision=0, base_words=2, text="Welcome, all.")
        await it.morning.done("mend", mend, actor=Actor(Role.CAPTIONER, "c"))
        assert isinstance(await it.move(), Receipt)
        assert it.noon.texts() == ["Welcome, all.", "We begin."]
        assert [line.mended for _, line in sorted(it.noon.writer.state.segments.items(), key=lambda x: x[1].t0)] == [
            True,
            False,
        ]


async def test_a_session_that_is_not_public_is_not_named_in_the_other_one() -> None:
    async with two() as it, stage(it.morning.log, SessionId("backstage"), it.clock) as notes_and_tags:
        await notes_and_tags.done("c", do.CreateSession(title="x", languages=("en",), access=ev.Access.STAFF))
        floor = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
        await notes_and_tags.done("o", floor, do.OpenSession())
        await it.clock.advance(60_000)
        it.noon = notes_and_tags
        assert isinstance(await it.move(), Receipt)
        assert b"backstage" not in await it.morning.bodies()
        assert isinstance(it.morning.events[-1], le.SegmentsMovedAway)
        await it.clock.advance(90_000)
        it.noon, it.morning = it.morning, notes_and_tags
        segments = [name for name, _ in notes_and_tags.writer.state.segments.items()]
        assert isinstance(await it.move(*segments, name="n"), Receipt)
        assert b"backstage" not in await it.noon.bodies()


@pytest.mark.parametrize(
    ("lines", "who", "to", "code"),
    [
        ((A,), ENGINE, FLOOR, RefusalCode.FORBIDDEN),
        ((SegmentId("x"),), TECHNICIAN, FLOOR, RefusalCode.UNKNOWN),
        ((A,), TECHNICIAN, ChannelId("xx"), RefusalCode.UNKNOWN),
    ],
)
async def test_what_is_refused_changes_neither(
    lines: tuple[SegmentId, ...], who: Actor, to: ChannelId, code: RefusalCode
) -> None:
    async with two() as it:
        counts = it.morning.writer.offset, it.noon.writer.offset
        refusal = await it.move(*lines, who=who, to=to)
        assert isinstance(refusal, Refusal)
        assert refusal.code is code
        assert (it.morning.writer.offset, it.noon.writer.offset) == counts


async def test_nothing_is_moved_to_a_session_that_has_not_begun() -> None:
    async with two() as it, stage(it.morning.log, SessionId("evening"), it.clock) as evening:
        it.noon = evening
        refusal = await it.move()
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.CONFLICT


async def test_what_was_said_before_a_session_is_not_erased_with_its_last_half_minute() -> None:
    async with two() as it, stage(it.morning.log, SessionId("evening"), it.clock) as evening:
        await opened(evening)
        it.noon = evening
        await it.clock.advance(20_000)
        early = await it.move()
        assert isinstance(early, Refusal)
        assert early.code is RefusalCode.CONFLICT
        assert (it.morning.texts(), evening.texts()) == (["Welcome back.", "We begin."], [])
        await it.clock.advance(10_001)
        assert isinstance(await it.move(), Receipt)
        await evening.done("off", do.BeginNotRecorded(back=MOST_BACK), actor=TECHNICIAN)
        assert (it.morning.texts(), evening.texts()) == ([], ["Welcome back.", "We begin."])


async def test_a_move_is_undone_as_events_in_both_logs_and_once() -> None:
    async with two() as it:
        await it.morning.done("i", do.IntroduceSpeaker(speaker=ANA, name="Ana"))
        await it.noon.done("i", do.IntroduceSpeaker(speaker=BO, name="Ana"))
        await it.morning.done("a", do.AssignSpeaker(segments=(A,), speaker=ANA))
        was = [it.morning.writer.state.segments.get(name) for name in (A, B)]
        assert isinstance(await it.move(), Receipt)
        first = await it.back()
        assert isinstance(first, Receipt)
        assert (it.morning.texts(), it.noon.texts()) == (["Welcome back.", "We begin."], [])
        stands = [line for _, line in it.morning.writer.state.segments.items() if not line.gone]
        stands.sort(key=lambda line: line.t0)
        facts = [(line.t0, line.t1, line.words, line.speaker) for line in stands]
        assert facts == [(line.t0, line.t1, line.words, line.speaker) for line in was if line is not None]
        assert isinstance(it.noon.events[-1], le.SegmentsMovedAway)
        offsets = it.morning.writer.offset, it.noon.writer.offset
        assert await it.back() == first
        assert (it.morning.writer.offset, it.noon.writer.offset) == offsets


async def test_a_move_is_not_undone_once_a_line_was_changed_there() -> None:
    changes: list[do.AnyCommand] = []
    for n in range(5):
        async with two() as it:
            await it.noon.done("i", do.IntroduceSpeaker(speaker=ANA, name="Ana"))
            assert isinstance(await it.move(), Receipt)
            line = it.arrived()[0]
            changes = [
                do.CorrectSegment(channel=FLOOR, segment=line, base_revision=0, base_words=0, text="Other."),
                do.CorrectSegment(channel=FLOOR, segment=line, base_revision=0, base_words=0, text="Welcome back."),
                do.AssignSpeaker(segments=(line,), speaker=ANA),
                do.MoveSegmentsAway(channel=FLOOR, segments=(line,), session=SessionId("third")),
            ]
            if n < len(changes):
                await it.noon.done("change", changes[n], actor=TECHNICIAN)
            else:
                assert isinstance(
                    await it.noon.writer.remove(TECHNICIAN, CommandId("gone"), Lines(segments=(line,))), Receipt
                )
            offsets = it.morning.writer.offset, it.noon.writer.offset
            refusal = await it.back()
            assert isinstance(refusal, Refusal)
            assert (refusal.code, "changed" in refusal.message) == (RefusalCode.STALE, True)
            assert (it.morning.writer.offset, it.noon.writer.offset) == offsets


async def test_who_may_not_move_may_not_undo_it_and_a_crash_leaves_an_undoing_to_go_on_with() -> None:
    log = FailingLog()
    async with two(log) as it:
        assert isinstance(await it.move(), Receipt)
        forbidden = await it.back(ENGINE)
        assert isinstance(forbidden, Refusal)
        assert forbidden.code is RefusalCode.FORBIDDEN
        for refuses, morning in (({MORNING}, 0), ({NOON}, 2)):
            log.refuses = set(refuses)
            cut = await it.back()
            assert isinstance(cut, Refusal)
            assert cut.code is RefusalCode.UNAVAILABLE
            assert (len(it.morning.texts()), len(it.noon.texts())) == (morning, 2)
        log.refuses = set()
        assert isinstance(await it.back(), Receipt)
        assert (len(it.morning.texts()), len(it.noon.texts())) == (2, 0)


async def test_when_somebody_was_quicker_there_the_undoing_leaves_the_lines_once() -> None:
    async with two() as it:
        assert isinstance(await it.move(), Receipt)
        quicker = taken_between(it.morning, it.noon, it.arrived()[0])
        refusal = await it.back()
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.UNKNOWN
        await asyncio.gather(*quicker)
        assert (it.morning.texts(), it.noon.texts()) == ([], ["We begin."])
