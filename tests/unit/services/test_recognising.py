from __future__ import annotations

import asyncio

import pytest

from hall_in_memory import FLOOR, MIC, MemoryHall, Sound, attached, hello, memory_hall, shown
from moothall.core.actors import SYSTEM
from moothall.core.commands import OpenSession
from moothall.core.errors import ProtocolError
from moothall.core.ids import ChannelId, CommandId, SessionId
from moothall.core.lanes import Feed
from moothall.core.signals import ChannelState
from moothall.core.signals import Sound as Heard
from moothall.services.live_audio import RATE, LiveAudio
from moothall.services.sessions import LiveSession
from moothall.testing import loop
from moothall.testing.engine_link import engine_link
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format


async def job(hall: MemoryHall, name: str = "s") -> tuple[LiveSession, LiveAudio, asyncio.Task[None]]:
    live = await hall.session(SessionId(name))
    await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
    audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
    assert hall.group is not None
    task = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
    return live, audio, task


def test_a_job_waits_for_an_engine_and_is_done_when_it_has_drained() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, audio, task = await job(hall)
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
            assert message == wire.EndOfAudio(stream=attach.stream)
            await engine.send(wire.Usage(cpu_ms=5.0, audio_ms=1_000))
            await engine.send(wire.Drained(stream=attach.stream))
            await task
            assert hall.recognising.usage == [wire.Usage(cpu_ms=5.0, audio_ms=1_000)]

    loop.run(story())


def test_a_job_goes_to_another_engine_when_its_own_is_gone() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            _, _, task = await job(hall)
            first = hall.connect("first")
            await hello(first)
            assert (await attached(first)).generation == 1
            hall.links[0].cut()
            second = hall.connect("second")
            await hello(second)
            attach = await attached(second)
            assert attach.generation == 2
            assert hall.recognising.engines == 1
            await second.send(wire.Lost(stream=attach.stream))
            again = await attached(second)
            assert again.generation == 3
            task.cancel()
            assert await second.receive() == wire.Detach(stream=again.stream)

    loop.run(story())


def test_engines_take_what_they_can_carry_the_freest_first() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            small, large = hall.connect("small"), hall.connect("large")
            await hello(small, channels=1)
            await hello(large, channels=2)
            tasks = [(await job(hall, f"s{number}"))[2] for number in range(4)]
            taken = [(await attached(large)).session, (await attached(large)).session, (await attached(small)).session]
            assert sorted(taken) == ["s0", "s1", "s2"]
            await small.send(wire.Capacity(channels=1))
            assert (await attached(small)).session == "s3"
            for task in tasks:
                task.cancel()

    loop.run(story())


@pytest.mark.parametrize(
    "first",
    [
        wire.Capacity(channels=1),
        wire.Hello(protocol=99, name="e", model="m", languages=(), channels=1),
    ],
)
def test_an_engine_begins_with_a_hello_of_our_protocol(first: wire.ToServer) -> None:
    async def story() -> None:
        hall = MemoryHall()
        engine, server = engine_link()
        await engine.send(first)
        with pytest.raises(ProtocolError, match="must begin with a hello"):
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
            live, audio, task = await job(hall)
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
            live, _, task = await job(hall)
            engine = hall.connect()
            await hello(engine, channels=2)
            first = await attached(engine)
            async with hall.recognising.held(live.writer, FLOOR) as found:
                assert found is not None
                assert found.stream is None
                assert await engine.receive() == wire.Detach(stream=first.stream)
                await engine.send(wire.Capacity(channels=2))
                await hall.clock.sleep(1_000)
                assert found.stream is None
            again = await attached(engine)
            assert again.generation == 2
            task.cancel()

    loop.run(story())


def test_a_channel_that_waits_for_an_engine_can_be_held_and_so_can_one_without_sound() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await job(hall)
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
