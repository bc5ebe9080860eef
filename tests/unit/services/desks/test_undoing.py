from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.removal.selection import SpokenSpan
from moothall.core.rules.acts import undo_id
from moothall.services.capture.closing import Closing
from moothall.services.capture.redoing import redo
from moothall.services.desks.acts import DeskActs
from moothall.services.desks.undoing import undo_act
from moothall.services.engines.recognising import Recognising
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.testing import loop
from moothall.testing.clock import ManualClock
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.wire.engine import Accepted, Attach, PassAct
from support.memory.hall import MIC, Sound, attached, hello, memory_hall, next_attached
from support.memory.writer import FLOOR, TECHNICIAN, Stage, opened, said, stage

Q = InterventionId("q")
ANA, BO, ZOE = SpeakerId("ana"), SpeakerId("bo"), SpeakerId("zoe")
TOOK = do.SetSpeaker(channel=FLOOR, speaker=BO)


class On:
    """A session in which Ana has the floor, until somebody says that it is Bo."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.receipt = Receipt(0, 0)
        self.clock = ManualClock()

    async def took(self, act: do.AnyCommand = TOOK, name: str = "took") -> None:
        self.receipt = await self.on.done(name, act, actor=TECHNICIAN)
        acts = DeskActs(self.on.writer.session, self.on.log)
        await acts.load(self.on.writer)
        self.act = acts.all()[-1]

    async def undone(self) -> Receipt | Refusal:
        return await undo_act(
            self.on.writer, TECHNICIAN, self.act, log=self.on.log, closing=Closing(), held=Recognising(self.clock).held
        )

    def speakers(self) -> dict[str, SpeakerId | None]:
        return {name: line.speaker for name, line in self.on.writer.state.segments.items()}


@asynccontextmanager
async def meeting(log: FailingLog | None = None) -> AsyncIterator[On]:
    async with stage(log or FailingLog(), SessionId("s"), ManualClock()) as on:
        await opened(on)
        for who in (ANA, BO, ZOE):
            await on.done(f"i-{who}", do.IntroduceSpeaker(speaker=who, name=who.title()))
        await on.done("ana", do.SetSpeaker(channel=FLOOR, speaker=ANA))
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
        await it.on.done("zoe", do.SetSpeaker(channel=FLOOR, speaker=ZOE))
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
        removed = await it.on.writer.remove(TECHNICIAN, CommandId("gone"), SpokenSpan(1_500, 1_900))
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


def test_what_was_heard_before_another_language_was_said_stands_again_and_the_engine_goes_on_behind_it() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session(languages=("en", "pt"))
            await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            await audio.carry(Sound(30 * RATE), as_live=False)
            assert hall.group is not None
            task = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            engine = hall.connect()
            await hello(engine, channels=2)
            await heard(engine, await attached(engine), "Bom", 10_000)
            redone = asyncio.ensure_future(redo(live.writer, hall.recognising, TECHNICIAN, CommandId("r"), FLOOR, "en"))
            await heard(engine, await next_attached(engine), "Bone", 10_000)
            assert isinstance(await redone, Receipt)
            acts = DeskActs(live.id, hall.log)
            await acts.load(live.writer)
            (act,) = acts.all()
            undoing = asyncio.ensure_future(
                undo_act(live.writer, TECHNICIAN, act, log=hall.log, closing=hall.closing, held=hall.recognising.held)
            )
            again = await next_attached(engine)
            assert isinstance(await undoing, Receipt)
            assert (again.committed_through, again.languages, again.open_segment) == (14_000, ("en", "pt"), None)
            assert [line.whole for _, line in live.state.segments.items() if not line.gone] == ["Bom"]
            task.cancel()

    loop.run(story())


async def heard(engine: EngineEnd, attach: Attach, text: str, t0: int) -> None:
    """The engine hears a line of four seconds."""
    line, generation = SegmentId(text.lower()), attach.generation
    words = (le.Word(text=text, t0=t0, t1=t0 + 4_000),)
    start = do.SegmentStart(t0=t0, language="en")
    say = do.CommitWords(channel=FLOOR, generation=generation, segment=line, first=0, words=words, start=start)
    end = do.EndSegment(channel=FLOOR, generation=generation, segment=line, t1=t0 + 4_000, reason=le.EndReason.SENTENCE)
    await engine.send(PassAct(attachment=attach.attachment, id=CommandId(text), commands=(say, end)))
    while not isinstance(await engine.receive(), Accepted):
        pass


async def test_while_yet_another_language_is_spoken_nothing_is_restored() -> None:
    async with stage(FailingLog(), SessionId("s"), ManualClock()) as on:
        floor = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en", "pt", "es"))
        await on.done("make", do.CreateSession(title="x", languages=("en", "pt", "es")), floor, do.OpenSession())
        it = On(on)
        await on.done("engine", do.AttachEngine(channel=FLOOR, model="m"))
        await said(on, "a", 0, "Bom")
        for name, language in (("p", "pt"), ("e", "es")):
            force, rewind = do.ForceLanguage(channel=FLOOR, language=language), do.RewindChannel(channel=FLOOR, t=0)
            await on.done(name, force, rewind, actor=TECHNICIAN)
        acts = DeskActs(on.writer.session, on.log)
        await acts.load(on.writer)
        older, newer = acts.all()
        it.act = older
        refused = await it.undone()
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.STALE
        for it.act in (newer, older):
            assert isinstance(await it.undone(), Receipt)
        assert on.texts() == ["Bom"]


async def test_who_was_on_air_comes_back_unless_somebody_else_is_there_by_now() -> None:
    async with meeting() as it:
        put = do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON, holder="c1")
        await it.took(put)
        await it.on.done("other", msgspec.structs.replace(put, holder="c2"), actor=TECHNICIAN)
        refused = await it.undone()
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.STALE
        await it.on.done("back", put, actor=TECHNICIAN)
        assert isinstance(await it.undone(), Receipt)
        assert it.on.writer.state.channels[FLOOR].air.machine


async def test_a_question_that_was_brought_elsewhere_since_stays_there() -> None:
    async with meeting() as it:
        asked = do.Ask(intervention=Q, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="x")
        await it.on.done("ask", asked, actor=TECHNICIAN)
        await it.took(do.SetStatus(interventions=(Q,), status=InterventionStatus.QUEUED), "approve")
        for status in (InterventionStatus.CALLED, InterventionStatus.ANSWERED):
            await it.on.done(status, do.SetStatus(interventions=(Q,), status=status), actor=TECHNICIAN)
        answer = await it.undone()
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.STALE
        each = it.on.writer.state.questions.get(Q)
        assert each is not None
        assert each.status is InterventionStatus.ANSWERED
