"""One session of a room follows another, once, even when the server is killed in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.plan import Room
from moothall.core.sessions.state import Status
from moothall.services.capture.closing import opening_of
from moothall.services.log.act_queue import Receipt
from moothall.services.operation.draining import Draining
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.log_memory import FailingLog
from moothall.testing.spool_memory import MemorySpools
from support.memory.late_engine import slow_engine
from support.memory.microphone import RATE, begun, greeting, live_hall, speak
from support.memory.programme import HALL, HOUR, ProgrammeHouse

A, B, C = SessionId("a"), SessionId("b"), SessionId("c")
ACT = CommandId("next:1")


class Lives:
    """What survives the server."""

    def __init__(self) -> None:
        self.log = FailingLog()
        self.book = MemoryBook()
        self.spools = MemorySpools()

    @asynccontextmanager
    async def life(self) -> AsyncIterator[ProgrammeHouse]:
        """The server, running; the first one plans three sessions in one room and opens the first."""
        house = ProgrammeHouse(self.log, self.book, self.spools)
        async with live_hall(house):
            await house.programme.load()
            if house.programme.room(HALL) is None:
                await house.programme.keep(rooms=[Room(id=HALL, title="Main hall")])
                for n, name in enumerate((A, B, C)):
                    await house.plan(name, n * HOUR)
                await house.programme.next_session(HALL, act=CommandId("next:0"))
            await house.clock.sleep(2_000)
            yield house

    async def tell(self, house: ProgrammeHouse, session: SessionId, name: str, command: do.AnyCommand) -> None:
        live = await house.sessions.open(session)
        assert isinstance(await live.writer.send(SYSTEM, CommandId(name), command), Receipt)


def standing(house: ProgrammeHouse) -> list[Status]:
    return [house.programme.status_of(name) for name in (A, B, C)]


def begins(events: list[object]) -> int:
    return sum(isinstance(event, ev.SessionOpened | ev.SessionReopened) for event in events)


CLOSED, OPEN, CREATED = Status.CLOSED, Status.OPEN, Status.CREATED


def test_killed_while_the_last_words_are_awaited_it_closes_and_goes_on_to_the_next_one() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            assert house.group is not None
            house.group.create_task(slow_engine(house.connect(), house.clock, 30_000))
            await speak(house, await begun(house, A, greeting()), 3 * RATE)
            pressed = asyncio.ensure_future(house.programme.next_session(HALL, after=A, act=ACT, by="l1"))
            await house.clock.sleep(10_000)
            pressed.cancel()
        async with lives.life() as house:
            assert house.group is not None
            house.group.create_task(slow_engine(house.connect(), house.clock, 1_000))
            await house.clock.sleep(60_000)
            assert standing(house) == [CLOSED, OPEN, CREATED]
            words = [event for event in await house.events(A) if isinstance(event, le.WordsCommitted)]
            assert [event.words[0].text for event in words] == ["goodbye"]
            # The desk has come back, and sends it once more.
            assert await house.programme.next_session(HALL, after=A, act=ACT) == B
            assert standing(house) == [CLOSED, OPEN, CREATED]
            (opened,) = [record for record in await house.log.read(B, 0, 99) if record.header.type == "session.opened"]
            assert (opened.header.cause, opened.header.actor) == (opening_of(ACT), "l1")
        async with lives.life() as house:
            await lives.tell(house, B, "bye", do.CloseSession())
        async with lives.life() as house:
            assert standing(house) == [CLOSED, CLOSED, CREATED]

    loop.run(story())


def test_whoever_sends_it_again_while_the_restarted_server_still_closes_gets_the_one_that_follows() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            await speak(house, await begun(house, A, greeting()), 3 * RATE)
            pressed = asyncio.ensure_future(house.programme.next_session(HALL, after=A, act=ACT))
            await house.clock.sleep(1_000)
            pressed.cancel()
        async with lives.life() as house:
            assert house.closing.closing(A)
            again = asyncio.ensure_future(house.programme.next_session(HALL, after=A, act=ACT))
            other = asyncio.ensure_future(house.programme.next_session(HALL, after=A, act=CommandId("next:2")))
            assert await again == B
            refused = await other
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.CONFLICT
            assert standing(house) == [CLOSED, OPEN, CREATED]

    loop.run(story())


def test_killed_between_the_close_and_the_opening_the_next_one_is_opened_once_the_disk_lets_it() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            lives.log.refuses = {B}
            refused = await house.programme.next_session(HALL, after=A, act=ACT)
            assert isinstance(refused, Refusal)
            assert standing(house) == [CLOSED, CREATED, CREATED]
        async with lives.life() as house:
            await house.clock.sleep(5_000)
            assert standing(house) == [CLOSED, CREATED, CREATED]
            lives.log.refuses = set()
            await house.clock.sleep(2_000)
            assert standing(house) == [CLOSED, OPEN, CREATED]
            assert (await house.events(A))[-1] == ev.CloseRequested()

    loop.run(story())


def test_killed_before_it_was_noted_that_the_next_one_was_opened_it_is_not_opened_again() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            await lives.tell(house, A, "asked", do.RequestClose(act=ACT, by="l1", then=B))
            await lives.tell(house, A, ACT, do.CloseSession())
            await lives.tell(house, B, opening_of(ACT), do.OpenSession())
            await lives.tell(house, B, "bye", do.CloseSession())
        async with lives.life() as house:
            assert standing(house) == [CLOSED, CLOSED, CREATED]
            live = await house.sessions.open(A)
            assert live.state.goes_on is None
            assert begins(list(await house.events(B))) == 1

    loop.run(story())


def test_another_session_that_was_begun_there_meanwhile_stays_alone() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            await lives.tell(house, A, "asked", do.RequestClose(act=ACT, by="l1", then=B))
            await lives.tell(house, A, ACT, do.CloseSession())
            await lives.tell(house, C, "o", do.OpenSession())
        async with lives.life() as house:
            assert standing(house) == [CLOSED, CREATED, OPEN]

    loop.run(story())


def test_a_session_that_was_opened_again_goes_on_to_none() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            lives.log.refuses = {B}
            assert isinstance(await house.programme.next_session(HALL, after=A, act=ACT), Refusal)
            lives.log.refuses = set()
            await lives.tell(house, A, "again", do.ReopenSession())
        async with lives.life() as house:
            assert standing(house) == [OPEN, CREATED, CREATED]

    loop.run(story())


def test_one_that_is_no_more_is_not_opened() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            await lives.tell(house, A, "asked", do.RequestClose(act=ACT, by="l1", then=SessionId("gone")))
            await lives.tell(house, A, ACT, do.CloseSession())
        async with lives.life() as house:
            assert standing(house) == [CLOSED, CREATED, CREATED]
            # Whoever presses then goes on as if nobody had.
            assert await house.programme.next_session(HALL, act=CommandId("next:3")) == B

    loop.run(story())


def test_a_close_that_was_asked_for_before_becomes_one_that_goes_on() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            await lives.tell(house, A, "asked", do.RequestClose(act=CommandId("bye"), by="l1"))
            lives.log.refuses = {B}
            assert isinstance(await house.programme.next_session(HALL, after=A, act=ACT), Refusal)
            lives.log.refuses = set()
        async with lives.life() as house:
            assert standing(house) == [CLOSED, OPEN, CREATED]

    loop.run(story())


def test_a_drain_lets_the_next_one_begin_in_the_process_that_follows() -> None:
    async def story() -> None:
        lives = Lives()
        async with lives.life() as house:
            draining = Draining(house.sessions, house.clock)
            running = asyncio.ensure_future(draining.run())
            draining.begin()
            refused = await house.programme.next_session(HALL, act=ACT)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNAVAILABLE
            await draining.ended()
            assert standing(house) == [CLOSED, CREATED, CREATED]
            await running
        async with lives.life() as house:
            assert standing(house) == [CLOSED, OPEN, CREATED]

    loop.run(story())
