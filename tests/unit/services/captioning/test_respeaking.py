"""A respeaker is heard in place of the floor, and the floor again after them, with no word doubled or missing."""

from __future__ import annotations

import asyncio

import pytest

from moothall.core import commands as do
from moothall.core.captioning.control_tokens import MOST_OTHERS, MOST_TOKEN
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake
from moothall.testing import loop
from moothall.testing.log_memory import MemoryLog
from moothall.testing.spool_memory import MemorySpools
from moothall.wire.audio import Piece, TakeEndReason
from support.memory.gated_log import GatedLog
from support.memory.hall import FLOOR, MemoryHall
from support.memory.microphone import STEP, greeting
from support.memory.respeaking import ANN, BEN, Room, room, said

MACHINE, PERSON, RESPEAKER = le.AirSource.MACHINE, le.AirSource.PERSON, le.AirSource.RESPEAKER


async def respeaking(on: Room, until: int = 20_000) -> None:
    """The floor speaks from the beginning, and Ann respeaks from 10 s on."""
    await on.floor()
    await on.until(10_000)
    await on.respeak()
    await on.until(until)


@pytest.mark.parametrize("how", ["by key", "line gone", "machine"])
def test_no_word_is_twice_or_missing_at_either_seam(how: str) -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on)
            assert on.air is RESPEAKER
            if how == "by key":
                take = on.hall.live.respoken(on.live.id, FLOOR)
                assert take is not None
                await take.finish(TakeEndReason.STOPPED)
            elif how == "line gone":
                await on.fall_silent()
                await on.until(22_500)
                assert on.air is RESPEAKER, "three seconds may pass"
            else:
                await on.put(MACHINE, BEN)
            await on.until(24_000)
            assert on.air is MACHINE
            await on.until(35_900)
            assert on.words() == said(36)
            assert await on.gaps() == []
            assert [respoken for respoken, _ in on.lines()] == [False, True, False]
            assert len(on.lines()[1][1].split()) >= 7

    loop.run(story())


def test_who_stops_is_off_air_as_soon_as_their_last_words_have_come() -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on)
            take = on.hall.live.respoken(on.live.id, FLOOR)
            assert take is not None
            await take.finish(TakeEndReason.STOPPED)
            await on.until(20_200)
            assert on.air is MACHINE
            respoken = len(said(20)) - 1
            await on.until(20_700)
            assert len(on.words()) > respoken, "the word of second 20 was said at 20.5 s"
            await on.until(35_900)
            assert on.words() == said(36)

    loop.run(story())


@pytest.mark.parametrize("lag", [300, 2_500])
def test_a_respeaker_may_be_near_or_far_behind(lag: int) -> None:
    async def story() -> None:
        async with room() as on:
            await on.floor()
            await on.until(10_000)
            await on.respeak(lag=lag)
            await on.until(24_000)
            await on.put(MACHINE, ANN)
            await on.until(35_900)
            assert on.words() == said(36)
            assert [respoken for respoken, _ in on.lines()] == [False, True, False]

    loop.run(story())


def test_another_respeaker_takes_over_and_then_somebody_who_types() -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on, 20_300)
            first = on.hall.live.respoken(on.live.id, FLOOR)
            assert first is not None
            await on.respeak(BEN)
            await on.until(20_600)
            assert (first.over, first.finished) == (True, True)
            await on.until(28_200)
            assert on.words() == said(27)
            assert [respoken for respoken, _ in on.lines()] == [False, True, True]
            second = on.hall.live.respoken(on.live.id, FLOOR)
            assert second is not None
            await on.put(PERSON, ANN)
            await on.until(29_000)
            assert (on.air, second.over) == (PERSON, True)
            before = on.words()
            await on.type("Thank you all for this.")
            await on.until(34_000)
            assert on.words() == [*before, *["Thank", "you", "all", "for", "this."]], "nobody is recognised"
            goes_on = greeting(second.name.removeprefix("respoken-"))
            assert await on.respeaking.begin(on.live.id, goes_on, 0, BEN) is None, "it is over"
            assert on.air is PERSON

    loop.run(story())


def test_what_is_not_to_be_kept_is_not_and_it_goes_on_behind_a_break() -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on, 15_000)
            await on.do(do.BeginNotRecorded())
            await on.until(20_000)
            await on.do(do.EndNotRecorded())
            await on.until(25_000)
            await on.do(do.PauseSession())
            await on.until(30_000)
            await on.do(do.ResumeSession())
            await on.until(40_000)
            assert on.air is RESPEAKER
            words = on.words()
            assert words == [*said(13), *said(23, 19), *said(38, 29)]
            await on.fall_silent()
            await on.until(49_900)
            assert on.words()[len(words) :] == said(50, 38)
            assert {each for each, _ in on.lines()} == {True, False}

    loop.run(story())


def test_at_the_close_the_last_words_of_the_respeaker_come() -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on, 20_200)
            await on.hall.closing.send(on.live.writer, SYSTEM, CommandId("close"), do.CloseSession())
            assert on.words() == said(19)
            assert on.air is RESPEAKER, "the machine has nothing to go on with"
            refused = await on.respeaking.begin(on.live.id, greeting(), 0, ANN)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.CONFLICT

    loop.run(story())


@pytest.mark.parametrize("spooled", [True, False], ids=["restart", "another node"])
def test_another_life_of_the_server_goes_on_with_both_microphones(*, spooled: bool) -> None:
    async def story() -> None:
        log, spools = MemoryLog(), MemorySpools()
        async with room(MemoryHall(log, spools)) as on:
            floor = await on.floor()
            await on.until(10_000)
            take = await on.respeak()
            await on.until(20_000)
            heard, there = on.words(), (floor.received, take.received)
        async with room(MemoryHall(log, spools if spooled else MemorySpools())) as on:
            await on.until(22_000)
            assert on.air is RESPEAKER
            # Both kept what they heard meanwhile, and send it with its age.
            await on.floor(on.comes_back(floor.name, there[0]))
            await on.respeak(hello=on.comes_back(take.name.removeprefix("respoken-"), there[1]), since=10)
            await on.until(30_200)
            assert on.words()[: len(heard)] == heard
            assert on.words() == said(29)
            await on.put(MACHINE, BEN)
            await on.until(39_900)
            assert on.words() == said(40)
            assert await on.gaps() == []

    loop.run(story())


def test_whose_page_does_not_come_back_after_a_restart_is_off_air_in_fifteen_seconds() -> None:
    async def story() -> None:
        log, spools = MemoryLog(), MemorySpools()
        async with room(MemoryHall(log, spools)) as on:
            floor = await on.floor()
            await on.until(10_000)
            await on.respeak()
            await on.until(20_000)
            there = floor.received
        async with room(MemoryHall(log, spools)) as on:
            await on.floor(on.comes_back(floor.name, there))
            await on.until(34_800)
            assert on.air is RESPEAKER
            await on.until(35_500)
            assert on.air is MACHINE
            await on.until(49_900)
            assert on.words() == said(50)

    loop.run(story())


def test_a_page_that_is_loaded_anew_goes_on_and_the_hole_is_a_gap() -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on)
            await on.fall_silent()
            await on.until(22_000)
            await on.respeak()
            await on.until(30_000)
            assert on.air is RESPEAKER
            (gap,) = await on.gaps()
            assert (gap.t0, gap.t1, gap.reason) == (20_000, 22_000, ev.GapReason.SOURCE_LOST)
            await on.put(MACHINE, BEN)
            await on.until(40_000)
            await on.respeak()
            await on.until(45_000)
            assert len(await on.gaps()) == 1, "between two of their turns the machine heard the floor"

    loop.run(story())


def test_a_take_that_parts_from_the_next_does_not_put_the_respeaker_off_air() -> None:
    async def story() -> None:
        async with room() as on:
            await respeaking(on)
            take = on.hall.live.respoken(on.live.id, FLOOR)
            assert take is not None
            await take.finish(TakeEndReason.LOST)
            await on.until(22_000)
            assert on.air is RESPEAKER, "the page is about to begin another"
            await on.respeak()
            await on.until(30_000)
            assert on.air is RESPEAKER
            take = on.hall.live.respoken(on.live.id, FLOOR)
            assert take is not None
            await take.finish(TakeEndReason.LOST)
            await on.until(34_500)
            assert on.air is MACHINE

    loop.run(story())


def test_a_disk_that_is_slow_for_one_meeting_keeps_no_other_respeaker_on_air() -> None:
    async def story() -> None:
        log = GatedLog()
        async with room(MemoryHall(log)) as on:
            waits = await another(on)
            put = do.PutOnAir(channel=FLOOR, source=RESPEAKER)
            await respeaking(on, 10_500)
            assert isinstance(await waits.writer.send(BEN, CommandId("ben"), put), Receipt)
            log.slow[on.live.id] = gate = asyncio.Event()
            await on.fall_silent()
            await on.until(27_000)
            assert waits.state.channels[FLOOR].air.machine
            assert on.air is RESPEAKER
            gate.set()
            await on.until(28_000)
            assert on.air is MACHINE

    loop.run(story())


def test_where_no_engine_is_free_the_respeaker_has_the_place_of_the_floor_and_gives_it_back() -> None:
    async def story() -> None:
        async with room(channels=1) as on:
            await on.floor()
            await on.until(5_000)
            waits = await another(on)
            await on.until(10_000)
            await on.respeak()
            await on.until(20_200)
            assert on.words() == said(19)
            await on.put(MACHINE, ANN)
            await on.until(30_900)
            assert on.words() == said(31)
            assert not waits.state.channels[FLOOR].generation, "it waits still"

    loop.run(story())


@pytest.mark.parametrize("floor_first", [True, False], ids=["the floor is back first", "nobody is back"])
def test_where_no_engine_is_free_another_node_keeps_the_respeakers_place(*, floor_first: bool) -> None:
    async def story() -> None:
        log = MemoryLog()
        async with room(MemoryHall(log), channels=1) as on:
            floor = await on.floor()
            await on.until(10_000)
            take = await on.respeak()
            waits = await another(on)
            await on.until(20_000)
            assert not waits.state.channels[FLOOR].generation
            there = floor.received, take.received
        async with room(MemoryHall(log), channels=1) as on:
            if floor_first:
                await on.floor(on.comes_back(floor.name, there[0]))
            waits = await another(on)
            await on.until(24_000)
            assert on.air is RESPEAKER
            await on.respeak(hello=on.comes_back(take.name.removeprefix("respoken-"), there[1]), since=10)
            await on.until(30_200)
            assert on.words() == said(29)
            assert not waits.state.channels[FLOOR].generation, "it waits still"

    loop.run(story())


def test_a_place_is_kept_after_a_take_over_as_long_as_a_respeaker_may_take_to_come_back() -> None:
    async def story() -> None:
        log = MemoryLog()
        async with room(MemoryHall(log), channels=1) as on:
            await on.floor()
            await on.until(10_000)
            await on.respeak()
            await on.until(20_000)
        async with room(MemoryHall(log), channels=1) as on:
            waits = await another(on)
            await on.until(34_800)
            assert not waits.state.channels[FLOOR].generation
            await on.until(37_000)
            assert on.air is MACHINE
            assert waits.state.channels[FLOOR].generation == 1

    loop.run(story())


async def another(on: Room) -> LiveSession:
    """A second session with sound that is to be heard."""
    live = await on.hall.sessions.open(SessionId("other"))
    if live.state.status is Status.ABSENT:
        live = await on.hall.session(live.id)
        assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession()), Receipt)
    take = await on.hall.live.begin(live.id, greeting(f"another{live.writer.offset:05}"))
    assert isinstance(take, LiveTake)
    await take.feed(Piece(first=0, age=0, pcm=bytes(2 * STEP)), on.hall.clock.monotonic())
    return live


def test_the_floors_microphone_may_go_and_come_back_meanwhile() -> None:
    async def story() -> None:
        async with room() as on:
            floor = await on.floor()
            await on.until(10_000)
            await on.respeak()
            await on.until(14_000)
            await floor.finish(TakeEndReason.LOST)
            await on.until(20_000)
            await on.floor()
            await on.until(30_200)
            assert on.words() == said(29)
            assert await on.gaps() == []
            await on.put(MACHINE, ANN)
            await on.until(39_900)
            assert on.words() == said(40)

    loop.run(story())


def test_a_respeaker_whose_sound_is_never_stored_is_not_on_air_for_long() -> None:
    async def story() -> None:
        async with room() as on:
            await on.floor()
            await on.until(5_000)
            await on.do(do.PutOnAir(channel=FLOOR, source=RESPEAKER), by=ANN)
            await on.until(25_000)
            assert on.air is MACHINE
            await on.until(30_900)
            assert on.words() == said(31)

    loop.run(story())


def test_who_may_not_respeak_is_told_why() -> None:
    async def story() -> None:
        async with room() as on:

            async def code(channel: str = "floor", by: Actor = ANN) -> RefusalCode:
                said = greeting(channel=ChannelId(channel))
                refused = await on.respeaking.begin(on.live.id, said, 0, by)
                assert isinstance(refused, Refusal)
                return refused.code

            assert await code("xx") is RefusalCode.UNKNOWN
            await on.do(do.PutOnAir(channel=FLOOR, source=PERSON, token=MOST_TOKEN), by=Actor(Role.TECHNICIAN, "t"))
            assert await code() is RefusalCode.FORBIDDEN
            await on.do(do.PutOnAir(channel=FLOOR, source=PERSON, token=MOST_OTHERS), by=Actor(Role.TECHNICIAN, "t"))
            assert await code() is RefusalCode.FORBIDDEN
            created = await on.hall.sessions.open(SessionId("later"))
            assert isinstance(await on.respeaking.begin(created.id, greeting(), 0, ANN), Refusal)

    loop.run(story())
