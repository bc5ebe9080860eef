from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState, Partial, Unsaved
from moothall.core.signals import Sound as Heard
from moothall.services.engines.attaching import CONTEXT_MS
from moothall.services.engines.streams import AHEAD_MS, PORTION
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import RATE, LiveAudio, to_ms
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd
from moothall.testing.failing_log import FailingLog
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MIC, MemoryHall, Sound, attached, hello, memory_hall, shown


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
        self, name: str, *commands: wire.EngineCommand, show: Partial | None = None, place: wire.Place | None = None
    ) -> wire.Accepted | wire.Refused:
        """Send an act and get its answer, past the audio that comes meanwhile."""
        act = wire.Act(stream=self.attach.stream, id=CommandId(name), commands=commands, show=show, place=place)
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
            words=(ev.Word(text=text, t0=1_000 * first, t1=1_000 * first + 500),),
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
            assert answer == wire.Accepted(stream=it.attach.stream, id=CommandId("w1"), offset=it.live.writer.offset)
            events = await it.hall.events()
            assert [type(event) for event in events[-2:]] == [ev.SegmentOpened, ev.WordsCommitted]
            await it.hall.clock.sleep(10)
            assert [signal for signal in shown(it.outlet) if isinstance(signal, Partial)] == [rest]

    loop.run(story())


def test_whoever_wants_to_know_is_told_which_lines_are_heard_once_more_before_they_end() -> None:
    async def story() -> None:
        async with scene() as it:
            told: list[tuple[SessionId, tuple[SegmentId, ...], bool, bool]] = []

            def note(session: SessionId, lines: tuple[SegmentId, ...], still: bool) -> None:
                line = it.live.state.segments.get(lines[0])
                told.append((session, lines, still, line is not None and line.ended))

            it.hall.recognising.tell_again(note)
            assert isinstance(await it.act("w0", it.commit(0, "Good", start=True)), wire.Accepted)
            end = do.EndSegment(
                channel=FLOOR,
                generation=it.attach.generation,
                segment=SegmentId("a"),
                t1=900,
                reason=ev.EndReason.SENTENCE,
            )
            act = wire.Act(stream=it.attach.stream, id=CommandId("e"), commands=(end,), again=(SegmentId("a"),))
            await it.engine.send(act)
            assert isinstance(await it.answer(), wire.Accepted)
            line = (it.live.id, (SegmentId("a"),))
            assert told == [(*line, True, False)]
            await it.engine.send(wire.Stands(stream=99, segment=SegmentId("a")))
            await it.engine.send(wire.Stands(stream=it.attach.stream, segment=SegmentId("a")))
            await it.hall.clock.sleep(100)
            assert told == [(*line, True, False), (*line, False, True)]

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
            await it.engine.send(wire.Tell(stream=it.attach.stream, signal=foreign))
            await it.engine.send(wire.Tell(stream=999, signal=foreign))
            await it.act("w5", it.commit(0, "Good", start=True), show=foreign)
            await it.hall.clock.sleep(10)
            assert [signal for signal in shown(it.outlet) if signal.channel != FLOOR] == []

    loop.run(story())


def test_signals_of_the_channel_reach_the_readers() -> None:
    async def story() -> None:
        async with scene() as it:
            state = ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=40, t=700)
            await it.engine.send(wire.Tell(stream=it.attach.stream, signal=state))
            await it.hall.clock.sleep(10)
            assert shown(it.outlet) == [state]

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


def place(words: int) -> wire.Place:
    """Where an engine may stand after `words` words of `Scene.commit`."""
    return wire.Place(
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
            await it.act("w1", it.commit(0, "Good", start=True), place=place(1))
            await it.act("w2", it.commit(1, " day"), place=place(2))
            attach = await next_attach(it)
            assert attach.place == place(2)
            assert attach.audio_from == 320

    loop.run(story())


def test_a_place_whose_act_is_not_in_the_log_is_passed_over_for_the_one_before() -> None:
    async def story() -> None:
        async with scene(seconds=10) as it:
            await it.act("w1", it.commit(0, "Good", start=True), place=place(1))
            assert refusal(await it.act("w2", it.commit(5, " day"), place=place(6))) is RefusalCode.STALE
            assert (await next_attach(it)).place == place(1)

    loop.run(story())


def test_a_place_that_does_not_go_with_the_log_is_no_place() -> None:
    async def story() -> None:
        async with scene(seconds=10) as it:
            await it.act("w1", it.commit(0, "Good", start=True), place=place(3))
            attach = await next_attach(it)
            assert attach.place is None
            assert attach.audio_from == 0

    loop.run(story())


def test_audio_runs_ahead_of_what_is_heard_only_so_far() -> None:
    async def story() -> None:
        async with scene(seconds=300) as it:
            sent = await heard_until_quiet(it)
            assert AHEAD_MS < sent <= AHEAD_MS + to_ms(PORTION)
            state = ChannelState(channel=FLOOR, sound=Heard.SILENCE, lag=0, t=60_000)
            await it.engine.send(wire.Tell(stream=it.attach.stream, signal=state))
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
