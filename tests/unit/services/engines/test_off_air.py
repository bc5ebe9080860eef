"""While a person is on air no engine hears the channel; put on air again, the machine goes on where they ended."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.captioning.air import BACK_MS, KEPT_MS
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_audio import RATE
from moothall.testing import loop
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, Sound, assigned, attached, hello, memory_hall, next_attached

CAPTIONER = Actor(Role.CAPTIONER, "c")
PERSON, MACHINE = ev.AirSource.PERSON, ev.AirSource.MACHINE


def put(source: ev.AirSource) -> do.PutOnAir:
    return do.PutOnAir(channel=FLOOR, source=source)


def act(attach: wire.Attach, name: str, segment: str, first: int, *texts: str, t0: int) -> wire.Act:
    words = tuple(ev.Word(text=text, t0=t0 + 400 * n, t1=t0 + 400 * n + 300) for n, text in enumerate(texts))
    start = None if first else do.SegmentStart(t0=t0, language="en")
    commit = do.CommitWords(
        channel=FLOOR,
        generation=attach.generation,
        segment=SegmentId(segment),
        first=first,
        words=words,
        start=start,
    )
    return wire.Act(attachment=attach.attachment, id=CommandId(name), commands=(commit,))


def test_no_engine_hears_a_channel_that_a_person_holds_and_no_word_comes_twice_afterwards() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            assert hall.group is not None
            hall.group.create_task(audio.carry(Sound(120 * RATE), as_live=True))
            engine = hall.connect()
            await hello(engine)
            first = await attached(engine)
            await hall.clock.sleep(5_000)
            await engine.send(act(first, "w1", "l1", 0, " Good", " morning", t0=1_000))
            while not isinstance(await engine.receive(), wire.Accepted):
                pass
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("on"), put(PERSON)), Receipt)
            while not isinstance(await engine.receive(), wire.Detach):
                pass
            await engine.send(act(first, "w2", "l1", 2, " all", t0=2_000))  # It was under way.
            await hall.clock.sleep(60_000)
            assert hall.recognising.waiting == 0
            assert audio.unheard(live.state, FLOOR) is None  # A restart would recognise none of it.
            assert audio.decided_through(live.state, FLOOR) == audio.end_ms - KEPT_MS
            typed = do.TypeSegment(
                channel=FLOOR, segment=SegmentId("t"), text="We thank the delegation of Kenya.", language="en"
            )
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("type"), typed), Receipt)
            line = live.state.segments.get(SegmentId("t"))
            assert line is not None
            await hall.clock.sleep(4_000)
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("off"), put(MACHINE)), Receipt)
            again = await next_attached(engine)
            assert again.generation == 2
            assert again.audio_from == again.committed_through == line.t0 - BACK_MS
            said = line.t0 - 8_000
            await engine.send(act(again, "w3", "l2", 0, " We", " thank", " the", t0=said))
            await engine.send(act(again, "w4", "l2", 3, " delegation", " of", " Kenya.", t0=said + 1_200))
            await engine.send(act(again, "w5", "l2", 6, " And", " now", t0=said + 2_400))
            accepted = 0
            while accepted < 3:
                accepted += isinstance(await engine.receive(), wire.Accepted)
            lines = sorted(
                (each for _, each in live.state.segments.items()), key=lambda each: (each.t0, len(each.words))
            )
            texts = [each.whole for each in lines]
            assert texts == [" Good morning", "We thank the delegation of Kenya.", "And now"]
            task.cancel()

    loop.run(story())


def test_after_a_restart_the_captioned_time_is_not_recognised() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("on"), put(PERSON)), Receipt)
            await audio.carry(Sound(100 * RATE), as_live=False)
            engine = hall.connect()
            await hello(engine)
            await hall.clock.sleep(3_000)
            assert hall.recognising.waiting == 0
            await task  # Its sound is over, and no word of it is waited for.
            assert [type(each) for each in await hall.events()].count(ev.EngineAttached) == 0

    loop.run(story())
