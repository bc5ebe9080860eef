from __future__ import annotations

import asyncio

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.rules.undo import read_act
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State
from moothall.core.signals import ChannelState
from moothall.core.signals import Sound as SoundKind
from moothall.services.capture.redoing import redo, rewound_to
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, MIC, Sound, assigned, attached, hello, memory_hall, next_attached

CAPTIONER = Actor(Role.CAPTIONER, "c")


def test_the_last_minute_is_struck_and_heard_again_in_the_language_that_was_named() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.sessions.open(SessionId("s"))
            languages = ("en", "pt")
            commands: list[do.AnyCommand] = [
                do.CreateSession(title="Open hall", languages=languages),
                do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=languages),
                do.OpenSession(),
            ]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("make"), commands), Receipt)
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            await audio.carry(Sound(100 * RATE), as_live=False)
            assert hall.group is not None
            task = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            engine = hall.connect()
            await hello(engine, channels=2)
            attach = await attached(engine)
            assert attach.languages == languages
            for number, t0 in enumerate((10_000, 38_000, 70_000)):
                line = SegmentId(f"l{number}")
                word = le.Word(text=f"w{number}", t0=t0, t1=t0 + 4_000)
                say = do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=line,
                    first=0,
                    words=(word,),
                    start=do.SegmentStart(t0=t0, language="en"),
                )
                end = do.EndSegment(
                    channel=FLOOR, generation=1, segment=line, t1=t0 + 4_000, reason=le.EndReason.SENTENCE
                )
                await engine.send(
                    wire.PassAct(attachment=attach.attachment, id=CommandId(f"w{number}"), commands=(say, end))
                )
            accepted = 0
            while accepted < 3:
                accepted += isinstance(await engine.receive(), wire.Accepted)
            redoing = asyncio.ensure_future(redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), FLOOR, "pt"))
            message = await next_attached(engine)
            assert isinstance(await redoing, Receipt)
            # The line that the minute begins in is heard from its beginning.
            assert (message.committed_through, message.languages, message.open_segment) == (38_000, ("pt",), None)
            gone = {name: line.gone for name, line in live.state.segments.items()}
            assert gone == {"l0": False, "l1": True, "l2": True}
            task.cancel()

    loop.run(story())


def test_an_engine_that_was_just_being_attached_is_not_left_with_a_channel_that_nobody_knows() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            assert isinstance(hall.log, FailingLog)
            live, _, task = await assigned(hall)
            hall.log.full = True
            engine = hall.connect()
            await hello(engine, channels=2)
            await hall.clock.sleep(10)
            redoing = asyncio.ensure_future(redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), FLOOR, "pt"))
            await hall.clock.sleep(10)
            hall.log.full = False
            assert isinstance(await redoing, Receipt)
            attach = await next_attached(engine)
            assert (attach.generation, attach.languages) == (live.state.channels[FLOOR].generation, ("pt",))
            task.cancel()

    loop.run(story())


def test_a_silence_that_was_struck_counts_as_heard_only_once_an_engine_has_heard_it_again() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            engine = hall.connect()
            await hello(engine)
            attach = await attached(engine)
            await audio.carry(Sound(100 * RATE), as_live=False)
            quiet = ChannelState(channel=FLOOR, sound=SoundKind.SILENCE, lag=0, t=100_000)
            await engine.send(wire.Tell(attachment=attach.attachment, signal=quiet))
            await hall.clock.sleep(10)
            assert audio.unheard(live.state, FLOOR) is None
            redoing = asyncio.ensure_future(redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), FLOOR, "pt"))
            await next_attached(engine)
            assert isinstance(await redoing, Receipt)
            assert audio.unheard(live.state, FLOOR) == (40_000, 100_000)
            task.cancel()

    loop.run(story())


def test_a_room_that_is_heard_again_keeps_its_engine_while_another_waits() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall)
            engine = hall.connect()
            await hello(engine)
            await attached(engine)
            waiting = (await assigned(hall, "other"))[2]
            await hall.clock.sleep(10)
            answer = await redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), FLOOR, "pt")
            assert isinstance(answer, Receipt)
            again = await next_attached(engine)
            assert (again.session, again.languages) == (live.id, ("pt",))
            task.cancel()
            assert (await next_attached(engine)).session == "other"
            waiting.cancel()

    loop.run(story())


def test_without_sound_the_language_is_forced_and_nothing_else() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            unknown = await redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), FLOOR, "no tag")
            assert isinstance(unknown, Refusal)
            assert unknown.code is RefusalCode.INVALID
            assert isinstance(
                await redo(live.writer, hall.recognising, CAPTIONER, CommandId("s"), FLOOR, "en"), Receipt
            )
            assert [type(event) for event in (await hall.events())[2:]] == [ev.LanguageForced]

    loop.run(story())


def test_what_is_refused_leaves_the_channel_with_an_engine() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession()), Receipt)
            audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
            assert hall.group is not None
            task = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            engine = hall.connect()
            await hello(engine, channels=2)
            first = await attached(engine)
            answer = await redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), FLOOR, "no tag")
            assert isinstance(answer, Refusal)
            assert await engine.receive() == wire.Detach(attachment=first.attachment)
            assert (await attached(engine)).generation == 2
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    loop.run(story())


def line(name: str, t0: int, t1: int, *, mended: bool = False, origin: le.Origin = le.Origin.MACHINE) -> Segment:
    return Segment(
        id=SegmentId(name),
        channel=FLOOR,
        language="en",
        t0=t0,
        t1=t1,
        ended=True,
        revision=1,
        mended=mended,
        origin=origin,
        words=(le.Word("x", t0, t1),) if origin is le.Origin.MACHINE else (),
    )


@pytest.mark.parametrize(
    ("lines", "t", "audible", "expected"),
    [
        ([line("a", 0, 5_000), line("b", 5_000, 9_000)], 6_000, 0, 6_000),
        # What somebody mended isn't made again, and nothing before it.
        ([line("a", 0, 5_000), line("b", 5_000, 9_000, mended=True), line("c", 9_000, 12_000)], 2_000, 0, 9_000),
        # What somebody wrote is no sound.
        ([line("a", 5_000, 9_000, origin=le.Origin.PERSON)], 2_000, 0, 2_000),
        # A line whose beginning can't be heard any more stays.
        ([line("a", 0, 5_000), line("b", 5_000, 9_000)], 3_000, 3_000, 5_000),
    ],
)
def test_it_begins_where_nothing_good_is_lost(lines: list[Segment], t: int, audible: int, expected: int) -> None:
    segments: PersistentMap[SegmentId, Segment] = PersistentMap()
    for each in lines:
        segments = segments.set(each.id, each)
    channel = Channel(id=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",), committed_through=12_000)
    state = State(id=SessionId("s"), channels={FLOOR: channel}, segments=segments)
    assert rewound_to(state, FLOOR, t, audible) == expected
    assert rewound_to(state, ChannelId("pt"), t, audible) == t


def test_a_language_that_nobody_expected_is_spoken_from_then_on_and_undone_with_the_rest() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall, languages=("es",))
            await audio.carry(Sound(2 * RATE), as_live=False)
            engine = hall.connect()
            await hello(engine, channels=2)
            assert (await attached(engine)).languages == ("es",)
            before = live.state
            name = CommandId("r")
            redoing = asyncio.ensure_future(redo(live.writer, hall.recognising, CAPTIONER, name, FLOOR, "en"))
            assert (await next_attached(engine)).languages == ("en",)
            assert isinstance(await redoing, Receipt)
            assert (live.state.languages, live.state.channels[FLOOR].languages) == (("es", "en"), ("es", "en"))
            new = [event for event in await hall.events() if isinstance(event, ev.SessionDescribed | ev.LanguageForced)]
            undoing = read_act(before, [*new, le.ChannelRewound(channel=FLOOR, t=0, segments=())]).undoing
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("u"), undoing), Receipt)
            assert (live.state.languages, live.state.channels[FLOOR].forced) == (("es",), None)
            assert (await next_attached(engine)).languages == ("es",)  # whoever changed it
            task.cancel()

    loop.run(story())


def test_an_interpreters_text_stays_in_its_language() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, french = await hall.session(), ChannelId("fr")
            added = do.AddChannel(channel=french, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            assert isinstance(await live.writer.send(SYSTEM, CommandId("fr"), added), Receipt)
            answer = await redo(live.writer, hall.recognising, CAPTIONER, CommandId("r"), french, "de")
            assert isinstance(answer, Refusal)
            assert answer.message == "This channel accepts only fr."

    loop.run(story())
