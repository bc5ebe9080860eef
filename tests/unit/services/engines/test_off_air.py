"""While a person is on air no engine hears the channel; back on air, the machine continues where they ended."""

from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import BACK_MS, KEPT_MS, to_join
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.removal.selection import Lines
from moothall.core.signals import ChannelState
from moothall.core.signals import Sound as Sounds
from moothall.services.capture.redoing import redo
from moothall.services.log.act_queue import Receipt
from moothall.services.sound.live_audio import RATE
from moothall.testing import loop
from moothall.testing.log_memory import MemoryLog
from moothall.wire import engine as wire
from support.memory.hall import FLOOR, MemoryHall, Sound, assigned, attached, hello, memory_hall, next_attached

CAPTIONER = Actor(Role.CAPTIONER, "c")
OTHER = Actor(Role.CAPTIONER, "d")
PERSON, MACHINE = le.AirSource.PERSON, le.AirSource.MACHINE


def put(source: le.AirSource) -> do.PutOnAir:
    return do.PutOnAir(channel=FLOOR, source=source)


def act(attach: wire.Attach, name: str, segment: str, first: int, *texts: str, t0: int) -> wire.PassAct:
    words = tuple(le.Word(text=text, t0=t0 + 400 * n, t1=t0 + 400 * n + 300) for n, text in enumerate(texts))
    start = None if first else do.SegmentStart(t0=t0, language="en")
    commit = do.CommitWords(
        channel=FLOOR,
        generation=attach.generation,
        segment=SegmentId(segment),
        first=first,
        words=words,
        start=start,
    )
    return wire.PassAct(attachment=attach.attachment, id=CommandId(name), commands=(commit,))


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


def test_recognised_again_the_words_from_before_the_person_come_back_and_silence_gives_those_behind() -> None:
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
            await hall.clock.sleep(30_000)
            typed = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="We thank you all.", language="en")
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("type"), typed), Receipt)
            sent = live.state.media_now(hall.clock.wall())
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("off"), put(MACHINE)), Receipt)
            await hall.clock.sleep(1_000)
            await redo(live.writer, hall.recognising, CAPTIONER, CommandId("redo"), FLOOR, "en")
            again = await next_attached(engine)
            while again.audio_from > 1_000:  # That which was attached when the machine came on air.
                again = await next_attached(engine)
            await engine.send(act(again, "w2", "l2", 0, " Good", " day", t0=1_000))
            await engine.send(wire.Drained(attachment=again.attachment))
            behind = await next_attached(engine)
            await engine.send(act(behind, "w3", "l3", 0, " Something", " else", t0=sent - 2_000))
            quiet = ChannelState(channel=FLOOR, sound=Sounds.SILENCE, lag=0, t=sent + 3_000)
            await engine.send(wire.Tell(attachment=behind.attachment, signal=quiet))
            await hall.clock.sleep(1_000)
            texts = {each.whole.strip() for _, each in live.state.segments.items() if not each.gone}
            assert texts == {"Good day", "We thank you all.", "Something else"}
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


def test_another_life_of_the_server_knows_who_is_on_air_what_was_offered_and_where_to_go_on() -> None:
    async def story() -> None:
        log = MemoryLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live = await hall.session()
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Thank you all.", language="en")
            acts: tuple[tuple[Actor, do.AnyCommand], ...] = (
                (SYSTEM, do.OpenSession()),
                (CAPTIONER, put(PERSON)),
                (CAPTIONER, line),
                (OTHER, msgspec.structs.replace(line, segment=SegmentId("u"))),
            )
            for n, (actor, command) in enumerate(acts):
                await hall.clock.sleep(1_000)
                assert isinstance(await live.writer.send(actor, CommandId(f"c{n}"), command), Receipt)
            before = live.state
        async with memory_hall(MemoryHall(log, ahead=60_000)) as hall:
            live = await hall.sessions.open(before.id)
            assert live.state.channels[FLOOR].air == before.channels[FLOOR].air
            assert [name for name, _ in live.state.offered.items()] == ["u"]
            assert isinstance(await live.writer.send(OTHER, CommandId("off"), put(MACHINE)), Receipt)
            join = to_join(live.state, live.state.channels[FLOOR], live.state.channels[FLOOR].air.since)
            assert join is not None
            assert join.typed == "Thank you all."

    loop.run(story())


def test_what_a_person_wrote_and_was_removed_is_not_heard_again_by_the_machine() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            kept = do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="Thank you all.", language="en")
            secret = msgspec.structs.replace(kept, segment=SegmentId("b"), text="A secret.")
            acts: tuple[tuple[Actor, do.AnyCommand], ...] = (
                (SYSTEM, do.OpenSession()),
                (CAPTIONER, put(PERSON)),
                (CAPTIONER, kept),
                (CAPTIONER, secret),
            )
            for n, (actor, command) in enumerate(acts):
                await hall.clock.sleep(10_000)
                assert isinstance(await live.writer.send(actor, CommandId(f"c{n}"), command), Receipt)
            line = live.state.segments.get(SegmentId("b"))
            assert line is not None
            technician = Actor(Role.TECHNICIAN, "t")
            removed = await live.writer.remove(technician, CommandId("remove"), Lines((SegmentId("b"),)))
            assert isinstance(removed, Receipt)
            await hall.clock.sleep(1_000)
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("off"), put(MACHINE)), Receipt)
            assert live.state.channels[FLOOR].committed_through == line.t0

    loop.run(story())


def test_what_was_offered_leaves_the_log_with_what_is_not_to_be_kept() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("u"), text="A secret.", language="en")
            technician = Actor(Role.TECHNICIAN, "t")
            acts: tuple[tuple[Actor, do.AnyCommand], ...] = (
                (SYSTEM, do.OpenSession()),
                (CAPTIONER, put(PERSON)),
                (OTHER, line),
                (technician, do.BeginNotRecorded(back=5_000)),
            )
            for n, (actor, command) in enumerate(acts):
                await hall.clock.sleep(1_000)
                assert isinstance(await live.writer.send(actor, CommandId(f"c{n}"), command), Receipt)
            await hall.clock.sleep(2_000)
            records = await hall.log.read(live.id, 0, 1_000)
            assert not any(b"A secret." in (record.body or b"") for record in records)
            assert live.state.offered.get(SegmentId("u")) is None
            assert not live.state.channels[FLOOR].air.machine  # Who is on air stays.

    loop.run(story())


def test_a_session_closes_at_once_while_a_person_is_on_air_and_the_text_stays_theirs_when_it_is_reopened() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("on"), put(PERSON)), Receipt)
            await audio.carry(Sound(10 * RATE), as_live=False)
            assert audio.unheard(live.state, FLOOR) is None
            assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)
            assert isinstance(await live.writer.send(SYSTEM, CommandId("again"), do.ReopenSession()), Receipt)
            assert not live.state.channels[FLOOR].air.machine
            await hall.clock.sleep(3_000)
            await task

    loop.run(story())


def test_a_break_and_what_is_not_recorded_are_heard_by_no_engine_while_a_person_is_on_air() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            assert hall.group is not None
            hall.group.create_task(audio.carry(Sound(60 * RATE), as_live=True))
            engine = hall.connect()
            await hello(engine)
            await attached(engine)
            technician = Actor(Role.TECHNICIAN, "t")
            acts: tuple[tuple[Actor, do.AnyCommand], ...] = (
                (CAPTIONER, put(PERSON)),
                (technician, do.BeginNotRecorded()),
                (technician, do.EndNotRecorded()),
                (technician, do.PauseSession()),
                (technician, do.ResumeSession()),
            )
            for n, (actor, command) in enumerate(acts):
                await hall.clock.sleep(3_000)
                assert isinstance(await live.writer.send(actor, CommandId(f"c{n}"), command), Receipt)
                assert hall.recognising.waiting == 0
            await hall.clock.sleep(3_000)
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="We go on.", language="en")
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("t"), line), Receipt)
            assert isinstance(await live.writer.send(CAPTIONER, CommandId("off"), put(MACHINE)), Receipt)
            again = await next_attached(engine)
            # Twelve seconds before the line nothing was recorded: it begins where that ended, and hears nothing before.
            ((_, recorded),) = live.state.not_recorded
            assert again.audio_from == again.cut == recorded
            task.cancel()

    loop.run(story())
