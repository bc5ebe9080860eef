"""Which engine gets a channel, by its room and its languages, and the message when none does."""

from __future__ import annotations

import asyncio
import logging

import pytest

from moothall.core.commands import (
    AnyCommand,
    BeginNotRecorded,
    ForceLanguage,
    PauseSession,
    PutOnAir,
    ResumeSession,
    SetLanguages,
)
from moothall.core.events.lines import AirSource
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SessionId, SourceId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import ChannelState
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.consent import follow_consent
from moothall.services.sound.live_audio import RATE, LiveAudio
from moothall.testing import loop
from moothall.testing.engine_link import EngineEnd
from moothall.testing.outlets import MemoryOutlet
from moothall.wire import engine as wire
from moothall.wire.frames import Format
from support.memory.hall import (
    FLOOR,
    MemoryHall,
    Sound,
    assigned,
    attached,
    hello,
    memory_hall,
    next_attached,
    shown,
)

TECHNICIAN = Actor(Role.TECHNICIAN, "l1")


def test_engines_take_what_they_can_carry_the_freest_first() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            small, large = hall.connect("small"), hall.connect("large")
            await hello(small, channels=1)
            await hello(large, channels=2)
            tasks = [(await assigned(hall, f"s{number}"))[2] for number in range(4)]
            taken = [(await attached(large)).session, (await attached(large)).session, (await attached(small)).session]
            assert sorted(taken) == ["s0", "s1", "s2"]
            await small.send(wire.Capacity(channels=1))
            assert (await attached(small)).session == "s3"
            for task in tasks:
                task.cancel()

    loop.run(story())


def test_each_channel_goes_where_there_is_most_room_at_that_moment() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            small, large = hall.connect("small"), hall.connect("large")
            await hello(small, channels=2)
            await hello(large, channels=3)
            tasks = [(await assigned(hall, f"s{number}"))[2] for number in range(4)]
            assert [(await attached(large)).session for _ in range(2)] == ["s0", "s2"]
            assert [(await attached(small)).session for _ in range(2)] == ["s1", "s3"]
            for task in tasks:
                task.cancel()

    loop.run(story())


def test_channels_beyond_what_fits_in_time_are_taken_and_warned_of_and_beyond_that_they_wait(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            engine = hall.connect()
            await hello(engine, channels=1, most=2)
            first = (await assigned(hall, "first"))[2]
            await attached(engine)
            assert hall.recognising.room_left is None
            second = (await assigned(hall, "second"))[2]
            await next_attached(engine)
            assert hall.recognising.room_left == 0
            live, audio, third = await assigned(hall, "third")
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            assert hall.recognising.crowded_out(live.id) == ()
            await audio.carry(Sound(5 * RATE), as_live=True)
            assert hall.recognising.crowded_out(live.id) == (FLOOR,)
            assert hall.recognising.crowded_out(SessionId("first")) == ()
            assert hall.recognising.queue(live.id) == (0, ("first", "second"), ())
            assert hall.recognising.queue(SessionId("first")) == (0, (), ())
            states = [signal for signal in shown(outlet) if isinstance(signal, ChannelState)]
            assert states[-1].lag >= 4_000
            assert 4_000 <= hall.recognising.unheard_sound(live.id) <= 5_000
            assert hall.recognising.unheard_sound(SessionId("first")) == 0
            first.cancel()  # Its meeting is over.
            attach = await next_attached(engine)
            assert (attach.session, attach.audio_from) == ("third", 0)
            assert hall.recognising.crowded_out(live.id) == ()
            for task in (second, third):
                task.cancel()

    with caplog.at_level(logging.WARNING):
        loop.run(story())
    said = [message for record in caplog.records if "no engine has room" in (message := record.getMessage())]
    why = "no engine has room for it; its sound is kept, and its text comes when there is room"
    assert said == [f"session third channel floor: {why}: start another engine, or close a session that is over"]


def test_what_an_engine_has_heard_before_a_restart_goes_before_what_none_has() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            before = hall.connect()
            await hello(before)
            live, audio, task = await assigned(hall, "read")
            await attached(before)
            task.cancel()
            hall.links[0].cut()
            await hall.clock.sleep(10)
            waiting = [(await assigned(hall, name))[2] for name in ("new", "newer")]
            await hall.clock.sleep(10)
            assert hall.group is not None
            again = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
            await hall.clock.sleep(10)
            after = hall.connect("after")
            await hello(after, channels=2)
            assert [(await attached(after)).session for _ in range(2)] == ["read", "new"]
            for each in (*waiting, again):
                each.cancel()

    loop.run(story())


class Unending(Sound):
    """Sound of which no more comes at its end, though the microphone stays on."""

    async def read(self, samples: int) -> bytes:
        if not self.left:
            await asyncio.Event().wait()
        return await super().read(samples)


async def into_a_break(
    hall: MemoryHall,
    live: LiveSession,
    audio: LiveAudio,
    engine: EngineEnd,
    *,
    by: Actor = TECHNICIAN,
    begins: AnyCommand = PauseSession(),  # noqa: B008  # immutable
) -> list[asyncio.Task[None]]:
    """Have an engine hear two seconds of a session, up to a break. Returns the tasks that bring the sound."""
    assert hall.group is not None
    consent = hall.group.create_task(follow_consent(live.writer, audio))
    sound = hall.group.create_task(audio.carry(Unending(4 * RATE), as_live=True))
    attach = await next_attached(engine)
    await hall.clock.sleep(2_000)
    assert isinstance(await live.writer.send(by, CommandId("break"), begins), Receipt)
    while isinstance(message := await engine.receive(), wire.Audio):
        pass
    assert isinstance(message, wire.EndOfAudio | wire.Detach)
    await engine.send(wire.Drained(attachment=attach.attachment))
    return [consent, sound]


PAUSES: dict[str, tuple[Actor, AnyCommand, AnyCommand]] = {
    "break": (TECHNICIAN, PauseSession(), ResumeSession()),
    "person on air": (
        Actor(Role.CAPTIONER, "l2"),
        PutOnAir(channel=FLOOR, source=AirSource.PERSON),
        PutOnAir(channel=FLOOR, source=AirSource.MACHINE),
    ),
}
"""What keeps engines off a channel for a while: who does it, how it begins, and how it ends."""


@pytest.mark.parametrize("pause", PAUSES)
@pytest.mark.parametrize(("minutes", "first"), [(9, "pauses"), (11, "waits")])
def test_a_channel_that_no_engine_is_to_hear_keeps_its_place_for_ten_minutes(
    pause: str, minutes: int, first: str
) -> None:
    by, begins, ends = PAUSES[pause]

    async def story() -> None:
        async with memory_hall() as hall:
            engine = hall.connect()
            await hello(engine)
            live, audio, task = await assigned(hall, "pauses")
            sound = await into_a_break(hall, live, audio, engine, by=by, begins=begins)
            began, waiting = hall.clock.wall(), (await assigned(hall, "waits"))[2]
            await hall.clock.sleep(minutes * 60_000)
            ahead, carried, kept = hall.recognising.queue(SessionId("waits"))
            assert (ahead, carried) == (0, ())
            assert [round((until - began) / 60_000) for until in kept] == ([10] if first == "pauses" else [])
            assert isinstance(await live.writer.send(by, CommandId("on"), ends), Receipt)
            assert (await next_attached(engine)).session == first
            for each in (task, waiting, *sound):
                each.cancel()

    loop.run(story())


@pytest.mark.parametrize(("minutes", "first"), [(4, "pauses"), (6, "waits")])
def test_another_microphone_in_a_break_makes_the_place_last_no_longer(minutes: int, first: str) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            engine = hall.connect()
            await hello(engine)
            live, audio, task = await assigned(hall, "pauses")
            sound = await into_a_break(hall, live, audio, engine)
            await hall.clock.sleep(5 * 60_000)
            for each in (task, *sound):
                each.cancel()
            assert hall.group is not None
            t, mic = live.state.media_now(hall.clock.wall()), SourceId("mic-2")
            other = LiveAudio(mic, await hall.spools.open(live.id, mic), t, hall.clock)
            again = hall.group.create_task(hall.recognising.recognise(live.writer, FLOOR, other))
            waiting = (await assigned(hall, "waits"))[2]
            await hall.clock.sleep(minutes * 60_000)
            assert isinstance(await live.writer.send(TECHNICIAN, CommandId("on"), ResumeSession()), Receipt)
            assert (await next_attached(engine)).session == first
            for each in (again, waiting):
                each.cancel()

    loop.run(story())


def test_the_time_for_which_a_place_is_kept_begins_when_a_person_goes_on_air() -> None:
    by, begins, ends = PAUSES["person on air"]

    async def story() -> None:
        async with memory_hall() as hall:
            engine = hall.connect()
            await hello(engine)
            live, audio, task = await assigned(hall, "pauses")
            await hall.clock.sleep(12 * 60_000)  # Nobody spoke: the person's text counts from the beginning on.
            sound = await into_a_break(hall, live, audio, engine, by=by, begins=begins)
            assert live.state.channels[FLOOR].air.away == ((0, None),)
            waiting = (await assigned(hall, "waits"))[2]
            await hall.clock.sleep(9 * 60_000)
            assert isinstance(await live.writer.send(by, CommandId("on"), ends), Receipt)
            assert (await next_attached(engine)).session == "pauses"
            for each in (task, waiting, *sound):
                each.cancel()

    loop.run(story())


def test_a_place_that_is_kept_takes_none_from_a_room_that_is_heard() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            engine = hall.connect()
            await hello(engine, channels=2)
            pausing, audio, task = await assigned(hall, "pauses")
            sound = await into_a_break(hall, pausing, audio, engine)
            live, live_audio, heard = await assigned(hall, "heard")
            await engine.send(wire.Capacity(channels=-1, most=0, attached=1))
            begins = BeginNotRecorded()
            sound += await into_a_break(hall, live, live_audio, engine, begins=begins)
            ended = hall.clock.monotonic()
            assert (await next_attached(engine)).session == "heard"
            assert hall.clock.monotonic() - ended < 1_000
            for each in (task, heard, *sound):
                each.cancel()

    loop.run(story())


def test_what_is_kept_off_its_engine_for_a_moment_goes_before_what_lost_its_engine_earlier() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            stays, dies = hall.connect("stays"), hall.connect("dies")
            await hello(stays)
            live, _, first = await assigned(hall, "first")
            await attached(stays)
            await hello(dies)
            second = (await assigned(hall, "second"))[2]
            await attached(dies)
            hall.links[-1].cut()
            await hall.clock.sleep(1_000)
            async with hall.recognising.held(live.writer, FLOOR):
                await hall.clock.sleep(1_000)
            assert (await next_attached(stays)).session == "first"
            for each in (first, second):
                each.cancel()

    loop.run(story())


@pytest.mark.parametrize("dies_first", [False, True])
def test_a_place_that_is_kept_is_not_for_a_room_whose_engine_died(dies_first: bool) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            stays, dies = hall.connect("stays"), hall.connect("dies")
            await hello(stays)
            pausing, audio, task = await assigned(hall, "pauses")
            await hello(dies)
            lost = (await assigned(hall, "lost"))[2]
            await attached(dies)
            if dies_first:
                hall.links[-1].cut()
            sound = await into_a_break(hall, pausing, audio, stays)
            hall.links[-1].cut()
            await hall.clock.sleep(9 * 60_000)
            assert isinstance(await pausing.writer.send(TECHNICIAN, CommandId("on"), ResumeSession()), Receipt)
            assert (await next_attached(stays)).session == "pauses"
            for each in (task, lost, *sound):
                each.cancel()

    loop.run(story())


def test_no_channel_leaves_its_engine_for_a_place_that_is_kept() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            keeps, burdened = hall.connect("keeps"), hall.connect("burdened")
            await hello(keeps)
            pausing, audio, task = await assigned(hall, "pauses")
            sound = await into_a_break(hall, pausing, audio, keeps)
            await hello(burdened, channels=2)
            assert hall.recognising.room_left is None
            rooms = [await assigned(hall, name) for name in ("one", "two")]
            for _ in rooms:
                await next_attached(burdened)
            assert hall.recognising.room_left == 0
            await burdened.send(wire.Capacity(channels=-1, most=0, attached=2))
            await hall.clock.sleep(20_000)
            assert [live.state.channels[FLOOR].generation for live, _, _ in rooms] == [1, 1]
            for each in (task, *sound, *(running for _, _, running in rooms)):
                each.cancel()

    loop.run(story())


def test_a_place_that_is_kept_takes_none_from_another_language() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            english, french = hall.connect("english"), hall.connect("french")
            await hello(english, languages=("en",))
            await hello(french, languages=("fr",))
            live, audio, task = await assigned(hall, "pauses")
            sound = await into_a_break(hall, live, audio, english)
            other = (await assigned(hall, "other", ("fr",)))[2]
            assert (await attached(french)).session == "other"
            for each in (task, other, *sound):
                each.cancel()

    loop.run(story())


def test_who_waits_for_an_engine_of_another_language_is_not_before_it_in_the_queue() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            english, french = hall.connect("english"), hall.connect("french")
            await hello(english, languages=("en",))
            await hello(french, languages=("fr",))
            spoken = [("a", "en"), ("b", "fr"), ("c", "fr"), ("d", "en"), ("e", "fr"), ("f", "en")]
            tasks = [(await assigned(hall, name, (language,)))[2] for name, language in spoken]
            await attached(english)
            await attached(french)
            await hall.clock.sleep(1)
            queues = {name: hall.recognising.queue(SessionId(name)) for name, _ in spoken[2:]}
            assert queues == {"c": (0, ("b",), ()), "d": (0, ("a",), ()), "e": (1, ("b",), ()), "f": (1, ("a",), ())}
            for task in tasks:
                task.cancel()

    loop.run(story())


def test_an_engine_with_too_many_channels_gives_one_to_another_that_has_time() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            burdened = hall.connect("burdened")
            await hello(burdened, channels=3)
            all_assigned = [await assigned(hall, f"s{number}") for number in range(3)]
            for _ in all_assigned:
                await next_attached(burdened)
            await burdened.send(wire.Capacity(channels=-2, most=0, attached=3))
            await hall.clock.sleep(10_000)
            fresh = hall.connect("fresh")
            await hello(fresh, channels=1)
            moved = await attached(fresh)
            assert moved.generation == 2
            await hall.clock.sleep(20_000)
            generations = [live.state.channels[FLOOR].generation for live, _, _ in all_assigned]
            assert sorted(generations) == [1, 1, 2], "no more than one has time there"
            for _, _, task in all_assigned:
                task.cancel()

    loop.run(story())


def test_what_was_being_read_goes_before_what_has_not_begun_when_an_engine_dies() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            dying, other = hall.connect("dying"), hall.connect("other")
            await hello(dying, channels=1)
            await hello(other, channels=1, languages=("fr",))
            live = (await assigned(hall, "read"))[2]
            await attached(dying)
            waiting = (await assigned(hall, "waiting"))[2]
            third = hall.connect("third")
            hall.links[0].cut()
            await hall.clock.sleep(10)
            await hello(third)
            assert (await attached(third)).session == "read"
            for task in (live, waiting):
                task.cancel()

    loop.run(story())


def test_an_engine_gets_no_channel_whose_languages_it_does_not_know(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, audio, task = await assigned(hall)
            outlet = MemoryOutlet()
            await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None)
            assert hall.recognising.unheard(live.id) == ()  # With no engine at all it is another alarm.
            assert hall.recognising.unheard_sound(live.id) == 0
            french = hall.connect("french")
            await hello(french, languages=("fr", "pt-BR"))
            await audio.carry(Sound(10 * RATE), as_live=True)
            assert hall.recognising.unheard(live.id) == (FLOOR,)
            assert hall.recognising.unheard(SessionId("another")) == ()
            states = [signal for signal in shown(outlet) if isinstance(signal, ChannelState)]
            assert states[-1].lag >= 9_000
            assert hall.recognising.unheard_sound(live.id) >= 9_000
            assert live.state.channels[FLOOR].generation == 0
            english = hall.connect("english")
            await hello(english, languages=("de", "en-GB"))
            assert (await attached(english)).languages == ("en",)
            assert hall.recognising.unheard(live.id) == ()
            task.cancel()

    with caplog.at_level(logging.WARNING):
        loop.run(story())
    said = [record.getMessage() for record in caplog.records]
    assert said == ["session s channel floor: no engine knows its languages (en), so none is attached"]


def test_a_language_that_was_forced_is_the_one_to_be_known() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall, languages=("en", "fr"))
            forced = ForceLanguage(channel=FLOOR, language="fr")
            assert isinstance(await live.writer.send(TECHNICIAN, CommandId("force"), forced), Receipt)
            english, french = hall.connect("english"), hall.connect("french")
            await hello(english, languages=("en",))
            await hall.clock.sleep(2_000)
            assert hall.recognising.unheard(live.id) == (FLOOR,)
            await hello(french, languages=("fr",))
            assert (await attached(french)).languages == ("fr",)
            task.cancel()

    loop.run(story())


def test_what_it_sounds_like_instead_is_known_until_it_is_attached_in_another_language() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, _, task = await assigned(hall, languages=("es", "pt"))
            engine = hall.connect()
            await hello(engine)
            attach = await attached(engine)
            assert attach.tell_language
            assert hall.recognising.unlike(live.id) is None
            await engine.send(wire.SoundsLike(attachment=attach.attachment, language="en"))
            await engine.send(wire.SoundsLike(attachment=attach.attachment + 1, language="fr"))  # It was under way.
            await hall.clock.sleep(1)
            assert hall.recognising.unlike(live.id) == (("es", "pt"), "en")
            assert hall.recognising.unlike(SessionId("another")) is None
            spoken = SetLanguages(languages=("en",))
            assert isinstance(await live.writer.send(TECHNICIAN, CommandId("put-right"), spoken), Receipt)
            assert (await next_attached(engine)).languages == ("en",)
            assert hall.recognising.unlike(live.id) is None
            task.cancel()

    loop.run(story())


def test_what_is_known_of_the_errors_of_connected_models() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            base, other = hall.connect("base"), hall.connect("other")
            await hello(other, channels=1)
            said = wire.EngineHello(
                protocol=wire.PROTOCOL, name="base", model="whisper-base", languages=(), channels=1, errors={"ar": 29.2}
            )
            await base.send(said)
            while hall.recognising.engines < 2:
                await hall.clock.sleep(10)
            assert hall.recognising.errors == {"whisper-base": {"ar": 29.2}}

    loop.run(story())


def test_a_session_says_in_which_languages_the_model_of_its_engine_is_rough() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            engine = hall.connect("base")
            await engine.send(
                wire.EngineHello(
                    protocol=wire.PROTOCOL,
                    name="base",
                    model="whisper-base",
                    languages=(),
                    channels=1,
                    errors={"en": 15.5, "es": 14.5, "ru": 19.0},
                )
            )
            live, _, task = await assigned(hall, "s")
            await attached(engine)
            assert live.state.channels[FLOOR].rough == ("en",)
            task.cancel()

    loop.run(story())
