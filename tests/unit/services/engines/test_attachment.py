from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState, Partial, Unsaved
from moothall.core.signals import Sound as Heard
from moothall.services.engines.assignment import CATCH_UP_MS, AudioSpan
from moothall.services.engines.attachment import (
    AHEAD_MS,
    PORTION,
    attach_message,
    first_sample,
    known_resume_point,
)
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import CONTEXT_MS, RATE, LiveAudio, to_ms
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MIC, MemoryHall, Sound, assigned, attached, hello, memory_hall, shown


class Scene:
    """A session whose channel is attached to an engine that the test plays."""

    def __init__(self, hall: MemoryHall, live: LiveSession, audio: LiveAudio, engine: EngineEnd) -> None:
        self.hall = hall
        self.live = live
        self.audio = audio
        self.engine = engine
        self.outlet = MemoryOutlet()
        self.attach: wire.Attach
        self.task: asyncio.Task[None]

    async def act(
        self,
        name: str,
        *commands: wire.AttachmentCommand,
        show: Partial | None = None,
        resume_point: wire.ResumePoint | None = None,
    ) -> wire.Accepted | wire.Refused:
        """Send an act and get its answer, past the audio that comes meanwhile."""
        act = wire.PassAct(
            attachment=self.attach.attachment,
            id=CommandId(name),
            commands=commands,
            show=show,
            resume_point=resume_point,
        )
        await self.engine.send(act)
        return await self.answer()

    async def answer(self) -> wire.Accepted | wire.Refused:
        while True:
            message = await self.engine.receive()
            assert message is not None
            if isinstance(message, wire.Accepted | wire.Refused):
                return message

    def commit(self, first: int, text: str, *, start: bool = False, generation: int | None = None) -> do.CommitWords:
        return do.CommitWords(
            channel=FLOOR,
            generation=self.attach.generation if generation is None else generation,
            segment=SegmentId("a"),
            first=first,
            words=(le.Word(text=text, t0=1_000 * first, t1=1_000 * first + 500),),
            start=do.SegmentStart(t0=0, language="en") if start else None,
        )


@asynccontextmanager
async def scene(seconds: int = 1) -> AsyncIterator[Scene]:
    async with memory_hall() as hall:
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
        audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
        await audio.carry(Sound(seconds * RATE), as_live=False)
        made = Scene(hall, live, audio, hall.connect())
        await live.fanout.subscribe(made.outlet, Feed(FLOOR), Format.SSE, None)
        assert hall.group is not None
        made.task = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
        await hello(made.engine)
        made.attach = await attached(made.engine)
        yield made
        made.task.cancel()


def refusal(answer: wire.Accepted | wire.Refused) -> RefusalCode:
    assert isinstance(answer, wire.Refused), answer
    return answer.refusal.code


def test_an_act_is_in_the_log_when_it_is_accepted_and_on_the_screen_with_its_partial() -> None:
    async def story() -> None:
        async with scene() as it:
            rest = Partial(channel=FLOOR, segment=SegmentId("a"), first=1, text=" day", language="en")
            answer = await it.act("w1", it.commit(0, "Good", start=True), show=rest)
            assert answer == wire.Accepted(
                attachment=it.attach.attachment, id=CommandId("w1"), offset=it.live.writer.offset
            )
            events = await it.hall.events()
            assert [type(event) for event in events[-2:]] == [le.SegmentOpened, le.WordsCommitted]
            await it.hall.clock.sleep(10)
            assert [signal for signal in shown(it.outlet) if isinstance(signal, Partial)] == [rest]

    loop.run(story())


def test_an_engine_writes_its_own_channel_and_nothing_else() -> None:
    async def story() -> None:
        async with scene() as it:
            elsewhere = do.NoteGap(channel=ChannelId("pt"), t0=0, t1=1, reason=ev.GapReason.STORAGE)
            assert refusal(await it.act("w1", elsewhere)) is RefusalCode.FORBIDDEN
            future = it.commit(0, "Good", start=True, generation=99)
            assert refusal(await it.act("w2", future)) is RefusalCode.FORBIDDEN
            assert refusal(await it.act("w3")) is RefusalCode.FORBIDDEN
            past = it.commit(0, "Good", start=True, generation=0)
            assert refusal(await it.act("w4", past)) is RefusalCode.STALE
            # Signals of other channels, and streams that nobody knows, are passed over.
            foreign = Partial(channel=ChannelId("pt"), segment=SegmentId("x"), first=0, text="x", language="pt")
            await it.engine.send(wire.Tell(attachment=it.attach.attachment, signal=foreign))
            await it.engine.send(wire.Tell(attachment=999, signal=foreign))
            await it.act("w5", it.commit(0, "Good", start=True), show=foreign)
            await it.hall.clock.sleep(10)
            assert [signal for signal in shown(it.outlet) if signal.channel != FLOOR] == []

    loop.run(story())


def test_signals_of_the_channel_reach_the_readers() -> None:
    async def story() -> None:
        async with scene() as it:
            state = ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=40, t=700)
            await it.engine.send(wire.Tell(attachment=it.attach.attachment, signal=state))
            await it.hall.clock.sleep(10)
            assert shown(it.outlet) == [state]

    loop.run(story())


@pytest.mark.parametrize("late_s", [40, 90, 300])
def test_however_late_the_text_is_readers_are_told_so(late_s: int) -> None:
    """An engine has recognised nothing yet of so much sound. It hears 30 s ahead, and reports only now and then."""

    async def story() -> None:
        async with scene(seconds=late_s) as it:
            got = await heard_until_quiet(it)
            state = ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=got, t=30_000)
            await it.engine.send(wire.Tell(attachment=it.attach.attachment, signal=state))
            await it.hall.clock.sleep(10)
            first = shown(it.outlet)[-1]
            assert isinstance(first, ChannelState)
            assert abs(first.lag - late_s * 1_000) <= 500
            await it.hall.clock.sleep(10_000)
            states = [each for each in shown(it.outlet) if isinstance(each, ChannelState)]
            assert states[-1] is not first, "the server tells it while the engine reports nothing"
            assert abs(states[-1].lag - late_s * 1_000) <= 500

    loop.run(story())


def test_while_nothing_can_be_stored_words_are_shown_as_unsaved_and_later_acts_wait_behind() -> None:
    async def story() -> None:
        async with scene() as it:
            log = it.hall.log
            assert isinstance(log, FailingLog)
            log.full = True
            first, second = it.commit(0, "Good", start=True), it.commit(1, " day")
            assert refusal(await it.act("w1", first)) is RefusalCode.UNAVAILABLE
            assert refusal(await it.act("w2", second)) is RefusalCode.UNAVAILABLE
            log.full = False
            # The disk has room again, but the first must come first.
            assert refusal(await it.act("w2", second)) is RefusalCode.UNAVAILABLE
            await it.hall.clock.sleep(10)
            assert shown(it.outlet)[-1] == Unsaved(channel=FLOOR, text="Good day")
            assert isinstance(await it.act("w1", first), wire.Accepted)
            await it.hall.clock.sleep(10)
            assert shown(it.outlet)[-1] == Unsaved(channel=FLOOR, text="day")
            assert isinstance(await it.act("w2", second), wire.Accepted)
            await it.hall.clock.sleep(10)
            assert shown(it.outlet)[-1] == Unsaved(channel=FLOOR, text="")

    loop.run(story())


def test_unsaved_words_leave_the_screen_with_their_engine() -> None:
    async def story() -> None:
        async with scene() as it:
            assert isinstance(it.hall.log, FailingLog)
            it.hall.log.full = True
            await it.act("w1", it.commit(0, "Good", start=True))
            it.hall.log.full = False
            it.hall.links[0].cut()
            await it.hall.clock.sleep(10)
            assert shown(it.outlet)[-1] == Unsaved(channel=FLOOR, text="")

    loop.run(story())


def test_the_next_engine_goes_on_where_the_words_end() -> None:
    async def story() -> None:
        async with scene(seconds=10) as it:
            for first, text in enumerate(("Good", " day", " to", " you", " all")):
                await it.act(f"w{first}", it.commit(first, text, start=first == 0))
            it.hall.links[0].cut()
            engine = it.hall.connect("second")
            await hello(engine)
            attach = await attached(engine)
            assert attach.committed_through == 4_500
            assert attach.audio_from == 4_500 - CONTEXT_MS
            assert [word.text for word in attach.last_words] == ["Good", " day", " to", " you", " all"]
            assert attach.open_segment is not None
            assert (attach.open_segment.segment, len(attach.open_segment.words)) == ("a", 5)
            audio = await engine.receive()
            assert isinstance(audio, wire.Audio)
            assert (audio.t, len(audio.pcm) // 2) == (attach.audio_from, PORTION)

    loop.run(story())


def resume_point(words: int) -> wire.ResumePoint:
    """Where an engine may stand after `words` words of `Scene.commit`."""
    return wire.ResumePoint(
        committed_through=1_000 * words - 500,
        segment=SegmentId("a"),
        words=words,
        audio_from=320,
        begin=640,
        language="en",
        suspect=None,
        speaking=None,
    )


async def next_attach(it: Scene) -> wire.Attach:
    """What the next engine is told when this one's link is cut."""
    it.hall.links[0].cut()
    engine = it.hall.connect("second")
    await hello(engine)
    return await attached(engine)


def test_the_next_engine_is_told_where_the_one_before_stood() -> None:
    async def story() -> None:
        async with scene(seconds=10) as it:
            await it.act("w1", it.commit(0, "Good", start=True), resume_point=resume_point(1))
            await it.act("w2", it.commit(1, " day"), resume_point=resume_point(2))
            attach = await next_attach(it)
            assert attach.resume_point == resume_point(2)
            assert attach.audio_from == 320

    loop.run(story())


def test_a_place_whose_act_is_not_in_the_log_is_passed_over_for_the_one_before() -> None:
    async def story() -> None:
        async with scene(seconds=10) as it:
            await it.act("w1", it.commit(0, "Good", start=True), resume_point=resume_point(1))
            assert refusal(await it.act("w2", it.commit(5, " day"), resume_point=resume_point(6))) is RefusalCode.STALE
            assert (await next_attach(it)).resume_point == resume_point(1)

    loop.run(story())


def test_a_place_that_does_not_go_with_the_log_is_no_place() -> None:
    async def story() -> None:
        async with scene(seconds=10) as it:
            await it.act("w1", it.commit(0, "Good", start=True), resume_point=resume_point(3))
            attach = await next_attach(it)
            assert attach.resume_point is None
            assert attach.audio_from == 0

    loop.run(story())


def test_audio_runs_ahead_of_what_is_heard_only_so_far() -> None:
    async def story() -> None:
        async with scene(seconds=300) as it:
            sent = await heard_until_quiet(it)
            assert AHEAD_MS < sent <= AHEAD_MS + to_ms(PORTION)
            state = ChannelState(channel=FLOOR, sound=Heard.SILENCE, lag=0, t=60_000)
            await it.engine.send(wire.Tell(attachment=it.attach.attachment, signal=state))
            assert await heard_until_quiet(it) > sent + 59_000

    loop.run(story())


async def heard_until_quiet(it: Scene) -> int:
    """Take audio until none comes for a second; media ms of its end."""
    end = 0
    while True:
        try:
            async with asyncio.timeout(1):
                message = await it.engine.receive()
        except TimeoutError:
            return end
        if isinstance(message, wire.Audio):
            end = message.t + to_ms(len(message.pcm) // 2)


def test_a_channel_that_no_engine_may_have_is_given_up() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()  # It was never opened.
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            assert hall.group is not None
            task = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            engine = hall.connect()
            await hello(engine)
            await task

    loop.run(story())


LINE = SegmentId("a")


def span(start: int, *, kept: bool = True, barrier: int = 0) -> AudioSpan:
    return AudioSpan(kept=kept, start=start, stop=None, barrier=barrier)


def test_an_engine_that_comes_after_the_close_finds_nothing_to_do_and_that_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, recognising = await assigned(hall)
            await audio.carry(Sound(RATE), as_live=False)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)
            engine = hall.connect()
            await hello(engine)
            await recognising
            assert not any(isinstance(event, ev.EngineAttached) for event in await hall.events())

    with caplog.at_level(logging.INFO):
        loop.run(story())
    said = "session s channel floor: it was closed before an engine was attached"
    assert (said, logging.INFO) in [(record.getMessage(), record.levelno) for record in caplog.records]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_an_engine_gets_context_but_none_of_what_was_not_recorded() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            audio = LiveAudio(MIC, await hall.spools.open((await hall.session()).id, MIC), 0, hall.clock)
            await audio.carry(Sound(30 * RATE), as_live=False)
            assert first_sample(span(9_000), audio, None, None) == (9_000 - CONTEXT_MS) * 16
            assert first_sample(span(9_000, barrier=8_000), audio, None, None) == 8_000 * 16
            # Off the record it needn't hear again what is long past.
            unkept = span(9_000, kept=False, barrier=9_000)
            assert first_sample(unkept, audio, None, None) == (30_000 - CATCH_UP_MS) * 16
            assert first_sample(unkept, audio, None, 12_000) == 12_000 * 16
            assert first_sample(unkept, audio, None, 0) == 9_000 * 16

    loop.run(story())


def test_off_the_record_an_engine_is_told_nothing_of_the_record() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            begins = do.SegmentStart(t0=0, language="en")
            words = (le.Word(text="Good", t0=0, t1=500),)
            say = do.CommitWords(channel=FLOOR, generation=1, segment=LINE, first=0, words=words, start=begins)
            opening: list[do.AnyCommand] = [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m")]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), opening), Receipt)
            assert isinstance(await live.writer.send(Actor(Role.ENGINE, "m"), CommandId("say"), say), Receipt)
            state, channel = live.state, live.state.channels[FLOOR]
            told = attach_message(3, state, channel, span(500, kept=False), audio_from=700, resume_point=None)
            assert (told.committed_through, told.last_words, told.open_segment) == (700, (), None)
            told = attach_message(3, state, channel, span(9_000, barrier=9_000), audio_from=9_000, resume_point=None)
            assert (told.committed_through, told.last_words) == (9_000, words)
            told = attach_message(3, state, channel, span(500), audio_from=0, resume_point=None)
            assert told.open_segment is not None
            assert (told.committed_through, told.languages) == (500, ("en",))

    loop.run(story())


def test_a_damaged_note_holds_no_resume_point() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            state = (await hall.session()).state
            assert known_resume_point(b"\xff", state.channels[FLOOR], state) is None

    loop.run(story())
