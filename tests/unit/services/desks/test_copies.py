"""Removing lines that were moved: from every log, from whichever session the request comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.moves import returned
from moothall.core.removal.selection import Lines, Selection, SpokenSpan, WordsOf
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.moving import move_back, move_lines
from moothall.services.desks.removal import Spoken, remove
from moothall.services.log.act_queue import Receipt
from moothall.services.log.session_writer import SessionWriter
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import FailingLog
from support.memory.writer import ENGINE, FLOOR, TECHNICIAN, Stage, opened, said, stage

HIDDEN = b"rhubarb"
MORNING, NOON, NIGHT = SessionId("morning"), SessionId("noon"), SessionId("night")
A, B = SegmentId("a"), SegmentId("b")
ANA, BO = SpeakerId("ana"), SpeakerId("bo")


class CopiedLogs:
    """Three sessions on one log. In the morning two lines were said; the word stands in the second, Ana's."""

    def __init__(self, log: FailingLog, clock: ManualClock, stages: Sequence[Stage]) -> None:
        self.log = log
        self.clock = clock
        self.stages = {each.writer.session: each for each in stages}
        self.morning, self.noon, self.night = stages
        self.silent: list[tuple[SessionId, Spoken]] = []
        self.forgotten: list[tuple[SessionId, tuple[SegmentId, ...], bool]] = []
        """Sessions, lines, and whether the log still had the word then."""
        self.damaged: set[SessionId] = set()
        self.away = False

    async def find(self, session: SessionId) -> SessionWriter | None:
        if session in self.damaged:
            raise RecordBroken
        if self.away:
            raise StorageUnavailable
        found = self.stages.get(session)
        return None if found is None else found.writer

    async def silence(self, session: SessionId, spoken: Sequence[Spoken]) -> None:
        self.silent += [(session, each) for each in spoken]

    async def forget(self, writer: SessionWriter, segments: Sequence[SegmentId]) -> None:
        there = writer.session in await self.holding()
        self.forgotten.append((writer.session, tuple(segments), there))

    async def move(self, start: Stage, end: Stage, *lines: SegmentId, name: str = "m") -> Receipt | Refusal:
        return await move_lines(
            start.writer,
            end.writer,
            TECHNICIAN,
            CommandId(name),
            channel=FLOOR,
            segments=lines,
            to_channel=FLOOR,
            clock=self.clock,
        )

    async def moved(self, start: Stage, end: Stage, *lines: SegmentId, name: str = "m") -> SegmentId:
        """Move lines; what the last one is called where it stands."""
        assert isinstance(await self.move(start, end, *lines, name=name), Receipt)
        await self.clock.advance(60_000)
        came = [event for event in end.events if isinstance(event, le.SegmentsMovedHere)]
        return came[-1].segments[-1]

    async def moved_back(self, *lines: SegmentId) -> Receipt | Refusal:
        return await move_back(
            self.morning.writer,
            self.noon.writer,
            TECHNICIAN,
            CommandId("undo:m"),
            moved=CommandId("m"),
            channel=FLOOR,
            segments=lines,
            to_channel=FLOOR,
            clock=self.clock,
        )

    async def remove(self, made: Stage, selection: Selection, name: str = "r") -> Receipt | Refusal:
        copies = OtherLogs(self.log, self.find)
        return await remove(
            made.writer,
            TECHNICIAN,
            CommandId(name),
            selection,
            copies=copies,
            silence=self.silence,
            forget=self.forget,
        )

    async def holding(self, text: bytes = HIDDEN) -> list[SessionId]:
        """The sessions whose logs hold a text."""
        return [session for session, made in self.stages.items() if text in await made.bodies()]

    async def removals(self) -> dict[SessionId, list[ev.BodyRemoved]]:
        found: dict[SessionId, list[ev.BodyRemoved]] = {}
        for session, made in self.stages.items():
            events = [decode_event(record.body) for record in await made.records() if record.body is not None]
            if removed := [event for event in events if isinstance(event, ev.BodyRemoved)]:
                found[session] = removed
        return found


@asynccontextmanager
async def house() -> AsyncIterator[CopiedLogs]:
    log, clock = FailingLog(), ManualClock()
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(stage(log, session, clock)) for session in (MORNING, NOON, NIGHT)]
        for made in stages:
            await opened(made)
        morning = stages[0]
        await said(morning, "a", 1_000, "Good", " day.")
        await said(morning, "b", 3_000, "So", " rhubarb", " it", " is.")
        await morning.done("i", do.IntroduceSpeaker(speaker=ANA, name="Ana"))
        await morning.done("ana", do.AssignSpeaker(segments=(B,), speaker=ANA))
        await clock.advance(60_000)
        yield CopiedLogs(log, clock, stages)


async def test_removed_where_it_stands_it_leaves_the_log_that_it_came_from_with_its_sound() -> None:
    async with house() as it:
        there = await it.moved(it.morning, it.noon, A, B)
        assert await it.holding() == [MORNING, NOON]
        answer = await it.remove(it.noon, Lines((there,)))
        assert isinstance(answer, Receipt)
        assert await it.holding() == []
        removals = await it.removals()
        assert {name: [each.by for each in removed] for name, removed in removals.items()} == {
            MORNING: ["t1"],
            NOON: ["t1"],
        }
        assert it.noon.texts() == ["Good day."]
        assert b"Good" in await it.morning.bodies()
        assert (MORNING, (FLOOR, 3_000, 4_900)) in it.silent
        offsets = [made.writer.offset for made in it.stages.values()]
        assert await it.remove(it.noon, Lines((there,))) == answer
        assert [made.writer.offset for made in it.stages.values()] == offsets


@pytest.mark.parametrize(
    "selection", [Lines((B,)), SpokenSpan(3_400, 3_600), WordsOf(ANA)], ids=lambda each: type(each).__name__
)
async def test_removed_where_it_was_it_leaves_the_log_that_it_was_moved_to(selection: Selection) -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, A, B)
        assert isinstance(await it.remove(it.morning, selection), Receipt)
        assert await it.holding() == []
        assert it.noon.texts() == ["Good day."]
        # What is stored of the lines outside the logs is forgotten before the logs are touched, in both sessions.
        assert [(session, there) for session, _, there in it.forgotten] == [(MORNING, True), (NOON, True)]
        assert all(segments for _, segments, _ in it.forgotten)
        # What was said elsewhere at that time of day has its sound.
        assert {session for session, _ in it.silent} == {MORNING}


async def split_off(made: Stage, line: SegmentId, word: int) -> SegmentId:
    """Split a line before a word; what the part is called."""
    part = SegmentId(f"{line}-part")
    (revision,) = (each.revision for name, each in made.writer.state.segments.items() if name == line)
    split = do.SplitSegment(channel=FLOOR, segment=line, revision=revision, word=word, into=part)
    await made.done(f"split-{line}", split, actor=TECHNICIAN)
    return part


async def test_with_a_part_goes_nothing_of_the_line_that_was_moved_since() -> None:
    async with house() as it:
        part = await split_off(it.morning, B, 2)
        noon = await it.moved(it.morning, it.noon, A, B)
        night = await it.moved(it.noon, it.night, noon, name="n")
        assert isinstance(await it.remove(it.morning, Lines((part,))), Receipt)
        # It was logged with the part there.
        assert await it.holding() == [NOON, NIGHT]
        assert (it.morning.texts(), it.night.texts()) == ([], ["So rhubarb"])
        assert await it.holding(b" is.") == []
        assert isinstance(await it.remove(it.night, Lines((night,)), name="r2"), Receipt)
        assert await it.holding() == []


async def test_with_a_part_goes_what_its_line_was_before_it_was_moved() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, B)
        assert isinstance(await it.moved_back(B), Receipt)
        part = await split_off(it.morning, returned(B), 2)
        assert isinstance(await it.remove(it.morning, Lines((part,))), Receipt)
        assert (await it.holding(), await it.holding(b" is.")) == ([MORNING], [])
        assert it.morning.texts() == ["Good day.", "So rhubarb"]


@pytest.mark.parametrize("asked", [MORNING, NOON, NIGHT])
async def test_moved_twice_it_leaves_all_three(asked: SessionId) -> None:
    async with house() as it:
        noon = await it.moved(it.morning, it.noon, B)
        night = await it.moved(it.noon, it.night, noon, name="n")
        assert await it.holding() == [MORNING, NOON, NIGHT]
        line = {MORNING: B, NOON: noon, NIGHT: night}[asked]
        assert isinstance(await it.remove(it.stages[asked], Lines((line,))), Receipt)
        assert await it.holding() == []
        assert set(await it.removals()) == {MORNING, NOON, NIGHT}
        assert (MORNING, (FLOOR, 3_000, 4_900)) in it.silent


async def test_moved_back_it_leaves_both_and_the_words_around_a_span_stay() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, A, B)
        assert isinstance(await it.moved_back(A, B), Receipt)
        assert await it.holding() == [MORNING, NOON]
        assert isinstance(await it.remove(it.morning, SpokenSpan(3_400, 3_600)), Receipt)
        assert await it.holding() == []
        assert it.morning.texts() == ["Good day.", "So", " it is."]


async def test_moved_back_the_line_that_stands_takes_the_struck_ones_with_it() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, B)
        assert isinstance(await it.moved_back(B), Receipt)
        back = it.morning.events[-1]
        stands = [name for name, line in it.morning.writer.state.segments.items() if not line.gone and name != A]
        assert isinstance(back, le.SegmentEnded)
        assert stands == [back.segment]
        assert isinstance(await it.remove(it.morning, Lines((back.segment,))), Receipt)
        assert await it.holding() == []


async def test_after_a_crash_between_the_logs_the_same_command_goes_on() -> None:
    async with house() as it:
        there = await it.moved(it.morning, it.noon, B)
        it.away = True
        assert isinstance(answer := await it.remove(it.noon, Lines((there,))), Refusal)
        assert (answer.code, await it.holding()) == (RefusalCode.UNAVAILABLE, [MORNING, NOON])
        it.away, it.log.keeps = False, True
        assert isinstance(answer := await it.remove(it.noon, Lines((there,))), Refusal)
        assert (answer.code, await it.holding()) == (RefusalCode.UNAVAILABLE, [MORNING, NOON])
        it.log.keeps = False
        it.log.keeps_of = {NOON}
        assert isinstance(answer := await it.remove(it.noon, Lines((there,))), Refusal)
        # The log where it was asked is the last: so the words still say where they are.
        assert (answer.code, await it.holding()) == (RefusalCode.UNAVAILABLE, [NOON])
        it.log.keeps_of = set()
        assert isinstance(await it.remove(it.noon, Lines((there,))), Receipt)
        assert await it.holding() == []
        assert {name: len(found) for name, found in (await it.removals()).items()} == {MORNING: 1, NOON: 1}


@pytest.mark.parametrize("selection", [Lines((SegmentId("d"),)), WordsOf(BO)], ids=lambda each: type(each).__name__)
async def test_what_was_heard_of_it_before_it_was_recognised_again_goes_too(selection: Selection) -> None:
    async with house() as it:
        await it.morning.done("i2", do.IntroduceSpeaker(speaker=BO, name="Bo"))
        await said(it.morning, "c", 6_000, "Ruhe", " bar", " rhubarb", " it.")
        await it.morning.done("again", do.RewindChannel(channel=FLOOR, t=6_000), actor=TECHNICIAN)
        await said(it.morning, "d", 6_500, "Quiet,", " rhubarb.")
        await said(it.morning, "e", 7_600, "Next.")
        await it.morning.done("bo", do.AssignSpeaker(segments=(SegmentId("d"),), speaker=BO))
        await it.clock.advance(60_000)
        await it.moved(it.morning, it.noon, SegmentId("d"))
        assert isinstance(await it.remove(it.morning, Lines((B,)), name="other"), Receipt)
        assert b"Ruhe" in await it.morning.bodies()
        assert isinstance(await it.remove(it.morning, selection), Receipt)
        assert (await it.holding(), await it.holding(b"Ruhe")) == ([], [])
        assert it.morning.texts() == ["Good day.", "Next."]
        # The sound of what stands stays.
        assert it.silent[-1] == (MORNING, (FLOOR, 6_500, 7_400))


@pytest.mark.parametrize("asked", [MORNING, NOON])
async def test_a_move_that_was_cut_short_hides_nothing(asked: SessionId) -> None:
    async with house() as it:
        it.log.refuses = {MORNING}
        assert isinstance(await it.move(it.morning, it.noon, A, B), Refusal)
        it.log.refuses = set()
        assert await it.holding() == [MORNING, NOON]
        (line,) = (name for name, line in it.stages[asked].writer.state.segments.items() if "rhubarb" in line.whole)
        assert isinstance(await it.remove(it.stages[asked], Lines((line,))), Receipt)
        assert await it.holding() == []
        assert it.morning.texts() == it.noon.texts() == ["Good day."]


@pytest.mark.parametrize("asked", ["backstage", NOON])
async def test_a_move_from_a_session_that_is_not_named_was_cut_short(asked: SessionId) -> None:
    async with house() as it, stage(it.log, SessionId("backstage"), it.clock) as notes_and_tags:
        await notes_and_tags.done("c", do.CreateSession(title="x", languages=("en",), access=ev.Access.STAFF))
        floor = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
        await notes_and_tags.done("o", floor, do.OpenSession(), do.AttachEngine(channel=FLOOR, model="scripted"))
        # A name that a line of another session has as well.
        await said(notes_and_tags, "b", 1_000, "Privately,", " rhubarb.")
        it.stages[SessionId("backstage")] = notes_and_tags
        await it.clock.advance(60_000)
        it.log.refuses = {SessionId("backstage")}
        assert isinstance(await it.move(notes_and_tags, it.noon, B), Refusal)
        it.log.refuses = set()
        made = it.stages[SessionId(asked)]
        (line,) = (name for name, _ in made.writer.state.segments.items())
        assert isinstance(await it.remove(made, Lines((line,))), Receipt)
        assert await it.holding(b"Privately") == []
        assert await it.holding() == [MORNING]
        # The other line of that name, in a session that would have been named, is left alone, and alone.
        assert isinstance(await it.remove(it.morning, Lines((B,)), name="s"), Receipt)
        assert [len(found) for found in (await it.removals()).values()] == [1, 1, 1]


async def test_of_somebodys_words_not_what_was_given_to_somebody_else_since() -> None:
    async with house() as it:
        there = await it.moved(it.morning, it.noon, B)
        await it.noon.done("i", do.IntroduceSpeaker(speaker=BO, name="Bo"))
        await it.noon.done("bo", do.AssignSpeaker(segments=(there,), speaker=BO))
        assert isinstance(await it.remove(it.morning, WordsOf(ANA)), Receipt)
        assert await it.holding() == [NOON]
        assert isinstance(await it.remove(it.noon, WordsOf(BO), name="s"), Receipt)
        assert await it.holding() == []


async def test_a_name_goes_where_only_the_move_had_brought_it() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, B)
        await it.night.done("i", do.IntroduceSpeaker(speaker=ANA, name="Ana"))
        assert await it.holding(b'"Ana"') == [MORNING, NOON, NIGHT]
        assert isinstance(await it.remove(it.morning, WordsOf(ANA, name=True)), Receipt)
        assert await it.holding(b'"Ana"') == [NIGHT]


async def test_a_name_stays_where_it_was_before_or_has_other_lines() -> None:
    async with house() as it:
        await it.night.done("i", do.IntroduceSpeaker(speaker=BO, name="Ana"))
        await said(it.noon, "n", 70_000, "Mine.")
        await it.moved(it.morning, it.night, A, name="unassigned")
        there = await it.moved(it.morning, it.noon, B)
        await it.noon.done("n", do.AssignSpeaker(segments=(SegmentId("n"),), speaker=ANA))
        await it.clock.advance(60_000)
        await it.moved(it.noon, it.night, there, name="n")
        assert isinstance(await it.remove(it.morning, WordsOf(ANA, name=True)), Receipt)
        assert await it.holding() == []
        assert await it.holding(b'"Ana"') == [NOON, NIGHT]


async def test_a_log_that_is_damaged_hinders_no_other_and_is_named() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, B)
        it.damaged = {NOON}
        answer = await it.remove(it.morning, Lines((B,)))
        assert isinstance(answer, Refusal)
        assert (answer.code, "noon" in answer.message) == (RefusalCode.CONFLICT, True)
        assert await it.holding() == [NOON]


async def test_lines_of_a_session_that_was_forgotten_are_passed_over() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, B)
        del it.stages[NOON]
        assert isinstance(await it.remove(it.morning, Lines((B,))), Receipt)
        assert await it.holding() == []


async def test_who_may_not_remove_removes_nowhere() -> None:
    async with house() as it:
        await it.moved(it.morning, it.noon, B)
        refusal = await remove(
            it.morning.writer,
            ENGINE,
            CommandId("r"),
            Lines((B,)),
            copies=OtherLogs(it.log, it.find),
            silence=it.silence,
        )
        assert isinstance(refusal, Refusal)
        assert refusal.code is RefusalCode.FORBIDDEN
        assert (await it.holding(), it.silent) == ([MORNING, NOON], [])
