from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.plan import Room
from moothall.core.sessions.state import Status
from moothall.services.capture.closing import WITHIN_MS, Closing
from moothall.services.capture.live_ingest import ON_ITS_WAY_MS
from moothall.services.desks.desks import Acknowledged
from moothall.services.engines.recognising import AWAY_MS
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.staff import Staff
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.testing.outlets import MemoryOutlet
from support.memory.hall import FLOOR, MIC, Sound, hello, memory_hall
from support.memory.late_engine import slow_engine
from support.memory.microphone import RATE, begun, greeting, live_hall, speak
from support.memory.programme import HALL, HOUR, ProgrammeHouse

DESK = Actor(Role.TECHNICIAN, "l1")
A, B = SessionId("a"), SessionId("b")


def words(events: Sequence[object]) -> list[str]:
    return [word.text for event in events if isinstance(event, le.WordsCommitted) for word in event.words]


@asynccontextmanager
async def room(log: FailingLog | None = None) -> AsyncIterator[ProgrammeHouse]:
    """Two sessions planned in one room, the first open; live sound is taken in."""
    house = ProgrammeHouse(log)
    async with live_hall(house):
        await house.programme.keep(rooms=[Room(id=HALL, title="Main hall")])
        for name, starts in (("a", 0), ("b", HOUR)):
            await house.plan(name, starts)
        await house.programme.next_session(HALL)
        yield house


async def press(house: ProgrammeHouse, how: str) -> None:
    """Close the first session, by one of the ways that there are."""
    live = await house.sessions.open(A)
    match how:
        case "next":
            assert await house.programme.next_session(HALL, after=A) == B
        case "admin":
            assert await house.programme.send(A, do.CloseSession()) is None
        case _:
            desks = house.desks()
            staff = Staff(link="l1", role=Role.TECHNICIAN, scope="hall", label="Ann")
            joined = await desks.join(staff, A, outlet=MemoryOutlet(), push=lambda event, body: None)
            assert not isinstance(joined, Refusal)
            assert isinstance(await desks.act(joined[0], CommandId("bye"), [do.CloseSession()]), Acknowledged)
            header = (await house.log.read(A, live.writer.offset - 1, 1))[0].header
            assert header.actor == "l1"


@pytest.mark.parametrize("how", ["next", "admin", "desk"])
def test_a_word_that_was_said_300_ms_before_the_press_is_in_its_own_session(how: str) -> None:
    async def story() -> None:
        async with room() as house:
            assert house.group is not None
            house.group.create_task(slow_engine(house.connect(), house.clock))
            take = await begun(house, A, greeting())
            await speak(house, take, 3 * RATE)
            pressed = asyncio.ensure_future(press(house, how))
            await house.clock.sleep(500)
            assert house.closing.closing(A)
            assert house.programme.status_of(B) is Status.CREATED
            await pressed
            assert words(list(await house.events(A))) == ["goodbye"]
            assert words(list(await house.events(B))) == []
            assert house.programme.status_of(A) is Status.CLOSED
            assert house.programme.status_of(B) is (Status.OPEN if how == "next" else Status.CREATED)
            assert not house.closing.closing(A)

    loop.run(story())


def test_two_who_press_at_once_go_on_once_and_one_who_closes_meanwhile_is_no_harm() -> None:
    async def story() -> None:
        async with room() as house:
            assert house.group is not None
            house.group.create_task(slow_engine(house.connect(), house.clock))
            await speak(house, await begun(house, A, greeting()), RATE)
            live = await house.sessions.open(A)
            closed, first, second = await asyncio.gather(
                house.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession()),
                house.programme.next_session(HALL, after=A),
                house.programme.next_session(HALL, after=A),
            )
            assert isinstance(closed, Receipt)
            assert first == B
            assert isinstance(second, Refusal)
            assert second.code is RefusalCode.CONFLICT
            assert len([event for event in await house.events(A) if isinstance(event, ev.SessionClosed)]) == 1

    loop.run(story())


def test_a_session_that_was_opened_by_hand_meanwhile_is_not_passed_over() -> None:
    async def story() -> None:
        async with room() as house:
            await house.plan("c", 2 * HOUR)
            await speak(house, await begun(house, A, greeting()), RATE)  # No engine: it takes its time.
            going = asyncio.ensure_future(house.programme.next_session(HALL, after=A))
            await house.clock.sleep(1_000)
            assert await house.programme.send(SessionId("c"), do.OpenSession()) is None
            answer = await going
            assert isinstance(answer, Refusal)
            assert (house.programme.status_of(A), house.programme.status_of(B)) == (Status.OPEN, Status.CREATED)

    loop.run(story())


def test_an_engine_that_is_too_late_is_waited_for_a_while_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        async with room() as house:
            assert house.group is not None
            house.group.create_task(slow_engine(house.connect(), house.clock, 10 * WITHIN_MS))
            await speak(house, await begun(house, A, greeting()), RATE)
            live, began = await house.sessions.open(A), house.clock.monotonic()
            waiting = asyncio.ensure_future(house.closing.settled(A))
            answer = await house.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert isinstance(answer, Receipt)
            assert WITHIN_MS <= house.clock.monotonic() - began < WITHIN_MS + 1_000
            await waiting
            again = await house.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert again == answer
            late = await house.closing.send(live.writer, DESK, CommandId("late"), do.CloseSession())
            assert isinstance(late, Refusal)

    with caplog.at_level(logging.WARNING):
        loop.run(story())
    assert [record.getMessage() for record in caplog.records if "closed before" in record.getMessage()] == [
        "session a: it was closed before its last sound was recognised"
    ]


def test_whoever_closes_a_session_is_warned_of_sound_that_no_engine_hears() -> None:
    closing = Closing()
    assert closing.first_know(A) is None
    closing.warn_with({A: 60_001, B: 0}.__getitem__)
    assert closing.first_know(B) is None
    warned = closing.first_know(A)
    assert warned is not None
    assert warned.message == "No engine has time for 2 min of its sound, which stay without text. Close it anyway?"
    assert warned.first_know == FirstKnow(kind="without-text", minutes=2)


@pytest.mark.parametrize("away_ms", [0, AWAY_MS])
def test_words_that_no_engine_is_there_to_say_are_not_waited_for(away_ms: int) -> None:
    async def story() -> None:
        async with room() as house:
            engine = house.connect("first")
            await hello(engine)
            await house.clock.sleep(AWAY_MS)
            house.links[-1].cut()
            take = await begun(house, A, greeting())
            await speak(house, take, RATE)
            await house.clock.sleep(away_ms)
            live, began = await house.sessions.open(A), house.clock.monotonic()
            answer = await house.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert isinstance(answer, Receipt)
            took = house.clock.monotonic() - began
            assert took < ON_ITS_WAY_MS + 500 if away_ms else AWAY_MS - 2_000 < took <= WITHIN_MS

    loop.run(story())


def test_a_close_that_is_refused_leaves_the_session_open_for_another_microphone() -> None:
    async def story() -> None:
        log = FailingLog()
        async with room(log) as house:
            live = await house.sessions.open(A)
            log.full = True
            refused = await house.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert isinstance(refused, Refusal)
            log.full = False
            assert not house.closing.closing(A)
            await house.closing.settled(A)
            await begun(house, A, greeting("taketwo2"))

    loop.run(story())


def test_who_may_not_close_stops_nobodys_microphone_and_other_acts_wait_for_nothing() -> None:
    async def story() -> None:
        async with room() as house:
            take = await begun(house, A, greeting())
            live = await house.sessions.open(A)
            for actor, command in (
                (Actor(Role.INTERPRETER, "l2"), do.CloseSession()),
                (DESK, do.PauseSession()),
            ):
                began = house.clock.monotonic()
                await house.closing.send(live.writer, actor, CommandId(f"x{actor.id}"), command)
                assert (take.over, house.clock.monotonic()) == (False, began)
            assert live.state.status is Status.PAUSED

    loop.run(story())


def test_a_file_that_plays_comes_to_its_end_and_is_closed_by_whoever_asked() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            assert hall.group is not None
            hall.group.create_task(slow_engine(hall.connect(), clock=hall.clock))
            playing = asyncio.ensure_future(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(90 * RATE), as_live=True)
            )
            await hall.clock.sleep(10_000)
            answer = await hall.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert isinstance(answer, Receipt)
            await playing
            events = list(await hall.events())
            assert words(events) == ["goodbye"]
            assert len([event for event in events if isinstance(event, ev.SessionClosed)]) == 1
            assert (await hall.log.read(live.id, answer.first - 1, 1))[0].header.actor == "l1"

    loop.run(story())


def test_a_file_that_nobody_understands_is_not_waited_for_longer_than_a_microphone() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            playing = asyncio.ensure_future(
                hall.ingest.play(live.writer, MIC, FLOOR, lambda first: Sound(RATE), as_live=True)
            )
            await hall.clock.sleep(2_000)
            began = hall.clock.monotonic()
            answer = await hall.closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert isinstance(answer, Receipt)
            assert hall.clock.monotonic() - began < WITHIN_MS
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    loop.run(story())


def test_nothing_to_bring_to_rest_is_no_delay() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            closing = Closing()
            assert isinstance(await closing.send(live.writer, SYSTEM, CommandId("o"), do.OpenSession()), Receipt)
            await closing.settled(live.id)
            assert isinstance(await closing.send(live.writer, DESK, CommandId("bye"), [do.CloseSession()]), Receipt)
            assert hall.clock.monotonic() == 0

    loop.run(story())


def test_when_one_wait_fails_the_others_end_with_it_and_the_session_stays_open() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            closing, ended = Closing(), []

            async def fails(_: SessionId, within_ms: int) -> bool:
                await hall.clock.sleep(1_000)
                raise KeyError(within_ms)

            async def waits(_: SessionId, within_ms: int) -> bool:
                try:
                    await hall.clock.sleep(within_ms)
                finally:
                    ended.append(hall.clock.monotonic())
                return True

            for finish in (waits, fails):
                closing.first(finish, lambda _: False)
            await live.writer.send(SYSTEM, CommandId("o"), do.OpenSession())
            with pytest.raises(KeyError):
                await closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession())
            assert ended == [1_000]
            assert live.state.status is Status.OPEN
            # Whoever goes away while it waits takes the waits along.
            pressed = asyncio.ensure_future(closing.send(live.writer, DESK, CommandId("bye"), do.CloseSession()))
            await hall.clock.sleep(500)
            pressed.cancel()
            await asyncio.gather(pressed, return_exceptions=True)
            assert ended == [1_000, 1_500]

    loop.run(story())
