from __future__ import annotations

import asyncio
import logging

import pytest

from moothall.core.commands import CommitWords, NoteGap, SegmentStart
from moothall.core.events.lines import Word
from moothall.core.events.types import GapReason
from moothall.core.glossary.merging import Preferred
from moothall.core.kernel.errors import ProtocolError, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState
from moothall.core.signals import Sound as Heard
from moothall.services.engines.recognising import WATCH_MS, EngineLoad, Recognising
from moothall.services.metrics.measures import Measures
from moothall.services.sound.live_audio import RATE
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd, engine_link
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, MemoryHall, Sound, assigned, attached, hello, memory_hall, next_attached, shown


def test_an_assignment_waits_for_an_engine_and_is_done_when_it_has_drained() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, audio, task = await assigned(hall)
            await audio.carry(Sound(RATE), as_live=False)
            engine = hall.connect()
            await hello(engine)
            attach = await attached(engine)
            assert (attach.generation, attach.audio_from, attach.languages) == (1, 0, ("en",))
            heard = 0
            while isinstance(message := await engine.receive(), wire.Audio):
                assert message.t == heard * 1000 // RATE
                heard += len(message.pcm) // 2
            assert heard == RATE
            assert message == wire.EndOfAudio(attachment=attach.attachment)
            await engine.send(wire.Usage(cpu_ms=5.0, audio_ms=1_000))
            await engine.send(wire.Drained(attachment=attach.attachment))
            await task
            assert hall.recognising.usage == [wire.Usage(cpu_ms=5.0, audio_ms=1_000)]

    loop.run(story())


def test_an_assignment_goes_to_another_engine_when_its_own_is_gone() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, _, task = await assigned(hall)
            first = hall.connect("first")
            await hello(first)
            assert (await attached(first)).generation == 1
            hall.links[0].cut()
            second = hall.connect("second")
            await hello(second)
            attach = await attached(second)
            assert attach.generation == 2
            assert hall.recognising.engines == 1
            await second.send(wire.Lost(attachment=attach.attachment))
            again = await attached(second)
            assert again.generation == 3
            task.cancel()
            assert await second.receive() == wire.Detach(attachment=again.attachment)

    loop.run(story())


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (wire.Capacity(channels=1), "must begin with a hello"),
        (
            wire.EngineHello(protocol=99, name="e", model="m", languages=(), channels=1),
            "Not version 99 of",
        ),
    ],
)
def test_an_engine_begins_with_a_hello_of_our_protocol(first: wire.ToServer, sentence: str) -> None:
    async def story() -> None:
        hall = MemoryHall()
        engine, server = engine_link()
        await engine.send(first)
        with pytest.raises(ProtocolError, match=sentence):
            await hall.recognising.serve(server)

    loop.run(story())


def test_an_engine_says_hello_once_and_may_leave_without_a_word() -> None:
    async def story() -> None:
        hall = MemoryHall()
        engine, server = engine_link()
        await hello(engine)
        await hello(engine)
        with pytest.raises(ProtocolError, match="said hello twice"):
            await hall.recognising.serve(server)
        assert hall.recognising.engines == 0
        _, gone = engine_link()
        gone.cut()
        await hall.recognising.serve(gone)

    loop.run(story())


def test_readers_are_told_when_no_engine_hears_and_when_no_sound_comes() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            carrying = asyncio.ensure_future(audio.carry(Sound(10 * RATE), as_live=True))
            await hall.clock.sleep(5_050)
            states = [signal for signal in shown(outlet) if isinstance(signal, ChannelState)]
            assert states[-1] == ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=5_000, t=0)
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)
            await hall.clock.sleep(5_000)
            states = [signal for signal in shown(outlet) if isinstance(signal, ChannelState)]
            assert states[-1].sound is Heard.NONE
            task.cancel()

    loop.run(story())


def test_while_a_channel_is_held_no_engine_hears_it() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall)
            engine = hall.connect()
            await hello(engine, channels=2)
            first = await attached(engine)
            async with hall.recognising.held(live.writer, FLOOR) as found:
                assert found is not None
                assert await engine.receive() == wire.Detach(attachment=first.attachment)
                await engine.send(wire.Capacity(channels=2))
                await hall.clock.sleep(1_000)
                assert live.state.channels[FLOOR].generation == 1
            again = await attached(engine)
            assert again.generation == 2
            task.cancel()

    loop.run(story())


def test_a_channel_that_waits_for_an_engine_can_be_held_and_so_can_one_without_sound() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall)
            async with hall.recognising.held(live.writer, ChannelId("pt")) as nothing:
                assert nothing is None
            async with hall.recognising.held(live.writer, FLOOR):
                engine = hall.connect()
                await hello(engine)
                await hall.clock.sleep(1_000)
            assert (await attached(engine)).generation == 1
            async with hall.recognising.held(live.writer, FLOOR):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await hall.clock.sleep(1_000)
            assert live.state.channels[FLOOR].generation == 1

    loop.run(story())


def test_what_reads_beside_the_engine_and_fails_leaves_the_text_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async def fail(*_: object) -> None:
            raise PermissionError("/var/lib/recordings")

        made = MemoryHall()
        made.recognising = Recognising(made.clock, audio_tap=fail)
        async with memory_hall(made) as hall:
            _, audio, task = await assigned(hall)
            engine = hall.connect()
            await hello(engine)
            attach = await attached(engine)
            await audio.carry(Sound(RATE), as_live=False)
            while isinstance(await engine.receive(), wire.Audio):
                pass
            await engine.send(wire.Drained(attachment=attach.attachment))
            await task

    loop.run(story())
    assert "source mic: another reader of the sound failed: PermissionError" in caplog.text
    assert "/var/lib" not in caplog.text


async def lose(engine: EngineEnd, attach: wire.Attach) -> None:
    """Write in a language that isn't the channel's, and lose the place when that is refused."""
    said = CommitWords(
        channel=FLOOR,
        generation=attach.generation,
        segment=SegmentId("a"),
        first=0,
        words=(Word(" Bonjour", 0, 500),),
        start=SegmentStart(t0=0, language="fr"),
    )
    await engine.send(
        wire.PassAct(attachment=attach.attachment, id=CommandId(f"w{attach.generation}"), commands=(said,))
    )
    while not isinstance(answer := await engine.receive(), wire.Refused):
        assert answer is not None
    assert answer.refusal.code is RefusalCode.INVALID
    await engine.send(wire.Lost(attachment=attach.attachment))


def test_what_is_refused_over_and_over_is_attached_ever_later_and_readers_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            carrying = asyncio.ensure_future(audio.carry(Sound(200 * RATE), as_live=True))
            engine = hall.connect()
            await hello(engine)
            waits = []
            for _ in range(8):
                lost = hall.clock.monotonic()
                attach = await next_attached(engine)
                waits.append((hall.clock.monotonic() - lost) // 1_000)
                # It hears well, and that is not to be read as if all were well.
                heard = ChannelState(channel=FLOOR, sound=Heard.SPEECH, lag=0, t=audio.end_ms)
                await engine.send(wire.Tell(attachment=attach.attachment, signal=heard))
                await lose(engine, attach)
            assert waits == [0, 1, 2, 4, 8, 16, 30, 30]
            states = [signal for signal in shown(outlet) if isinstance(signal, ChannelState)]
            assert hall.clock.monotonic() - states[-1].lag < 1_500
            assert live.state.channels[FLOOR].generation == 8
            attach = await next_attached(engine)
            gap = NoteGap(channel=FLOOR, t0=0, t1=1, reason=GapReason.STORAGE)
            await engine.send(wire.PassAct(attachment=attach.attachment, id=CommandId("gap"), commands=(gap,)))
            while not isinstance(await engine.receive(), wire.Accepted):
                pass
            began = hall.clock.monotonic()
            await engine.send(wire.Lost(attachment=attach.attachment))
            again = await next_attached(engine)
            assert hall.clock.monotonic() == began
            await lose(engine, again)
            await next_attached(engine)
            assert (hall.clock.monotonic() - began) // 1_000 == 1
            hall.links[0].cut()  # Nobody reads it any more.
            carrying.cancel()
            task.cancel()
            await asyncio.gather(carrying, task, return_exceptions=True)

    with caplog.at_level(logging.WARNING):
        loop.run(story())
    said = [record.getMessage() for record in caplog.records]
    once = "session s channel floor: nothing of engine engine (scripted) was accepted (invalid); the next"
    assert [message for message in said if "nothing of engine" in message] == [f"{once} attachment waits longer"] * 2


def test_what_a_person_does_about_it_is_tried_at_once() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall)
            engine = hall.connect()
            await hello(engine)
            await engine.send(wire.Lost(attachment=(await next_attached(engine)).attachment))
            await hall.clock.sleep(10)
            began = hall.clock.monotonic()
            async with hall.recognising.held(live.writer, FLOOR):
                pass
            assert (await next_attached(engine)).generation == 2
            assert hall.clock.monotonic() == began
            task.cancel()

    loop.run(story())


def test_an_engine_whose_key_is_refused_gets_nothing_and_is_as_good_as_away(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, _, task = await assigned(hall)
            engine = hall.connect("far")
            said = wire.EngineHello(
                protocol=wire.PROTOCOL, name="e", model="m", languages=(), channels=0, most=0, key_refused=True
            )
            await engine.send(said)
            await hall.clock.sleep(20_000)
            assert (hall.recognising.refused, hall.recognising.engines) == (1, 0)
            assert hall.recognising.alone
            live = hall.sessions.all_loaded[0]
            assert hall.recognising.hopeless(live.id, FLOOR)
            hall.links[0].cut()
            able = hall.connect("far")
            await hello(able)
            await attached(able)
            assert (hall.recognising.refused, hall.recognising.engines) == (0, 1)
            task.cancel()

    with caplog.at_level(logging.WARNING):
        loop.run(story())
    assert "engine far: its service refuses the key" in caplog.messages


async def next_terms(engine: EngineEnd) -> wire.Glossary:
    while not isinstance(message := await engine.receive(), wire.Glossary):
        assert message is not None
    return message


def test_an_engine_is_told_the_terms_when_it_is_attached_and_when_they_change() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            hall.preferred = Preferred(terms=("Moothall", "Kisumu"), near=1)
            _, _, task = await assigned(hall)
            engine = hall.connect()
            await hello(engine, takes_glossary=True)
            attach = await attached(engine)
            assert (attach.glossary, attach.near) == (("Moothall", "Kisumu"), 1)
            await hall.clock.sleep(3 * WATCH_MS)  # as long as they are the same nothing is said
            hall.preferred = Preferred(terms=("Lilongwe",))
            assert await next_terms(engine) == wire.Glossary(attachment=attach.attachment, terms=("Lilongwe",))
            hall.links[0].cut()
            second = hall.connect("second")
            await hello(second, takes_glossary=True)
            assert (await attached(second)).glossary == ("Lilongwe",)
            task.cancel()

    loop.run(story())


def test_an_engine_that_does_not_understand_it_is_told_nothing_more() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall)
            old = hall.connect("old")
            await hello(old)
            assert (await attached(old)).glossary == ()
            hall.preferred = Preferred(terms=("Lilongwe",))
            await hall.clock.sleep(3 * WATCH_MS)
            async with hall.recognising.held(live.writer, FLOOR):
                assert isinstance(await old.receive(), wire.Detach)  # and nothing before it
            assert (await next_attached(old)).glossary == ("Lilongwe",)
            task.cancel()

    loop.run(story())


def test_how_late_words_come_and_how_long_they_take_is_measured() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            measures = Measures(hall.clock)
            hall.recognising = Recognising(hall.clock, measures=measures)
            _, audio, task = await assigned(hall)
            await audio.carry(Sound(RATE), as_live=False)
            assert hall.recognising.waiting == 1
            engine = hall.connect("gpu")
            await hello(engine, channels=2, most=3)
            attach = await attached(engine)
            assert hall.recognising.waiting == 0
            assert hall.recognising.loads == (EngineLoad(name="gpu", channels=1, room=1, late_room=2),)
            await hall.clock.sleep(2_000)
            words = CommitWords(
                channel=FLOOR,
                generation=1,
                segment=SegmentId("s1"),
                first=0,
                words=(Word(" one", 0, 500),),
                start=SegmentStart(t0=0, language="en"),
            )
            gap = NoteGap(channel=FLOOR, t0=600, t1=700, reason=GapReason.UNHEARD)
            acts: tuple[tuple[wire.AttachmentCommand, ...], ...] = ((words,), (gap,))
            for number, commands in enumerate(acts):
                act = wire.PassAct(attachment=attach.attachment, id=CommandId(f"e{number}"), commands=commands)
                await engine.send(act)
                while not isinstance(answer := await engine.receive(), wire.Accepted):
                    assert isinstance(answer, wire.Audio | wire.EndOfAudio), answer
            assert (measures.heard.count, measures.heard.total) == (1, 1_500)
            assert (measures.stored.count, measures.stored.total) == (1, 0)
            task.cancel()

    loop.run(story())
