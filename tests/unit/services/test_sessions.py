from __future__ import annotations

import asyncio

import pytest

from hall_in_memory import SESSION, MemoryHall, memory_hall
from moothall.core.actors import SYSTEM
from moothall.core.commands import CreateSession
from moothall.core.errors import Refusal
from moothall.core.ids import CommandId, Epoch, SessionId
from moothall.testing import loop
from moothall.testing.failing_log import FailingLog


def test_a_session_is_loaded_once_however_many_ask() -> None:
    async def story() -> None:
        log = FailingLog()
        async with memory_hall(MemoryHall(log)) as hall:
            await hall.session()
        async with memory_hall(MemoryHall(log)) as hall:
            assert hall.sessions.loaded(SESSION) is None
            first, second = await asyncio.gather(hall.sessions.find(SESSION), hall.sessions.find(SESSION))
            assert first is second
            assert first is not None
            assert first.state.title == "Open hall"
            assert hall.sessions.loaded(SESSION) is first
            assert await hall.sessions.names() == [SESSION]

    loop.run(story())


def test_what_does_not_exist_is_not_found_and_not_made() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            assert await hall.sessions.find(SessionId("nothing")) is None
            assert await hall.sessions.find(SessionId("../etc")) is None
            assert await hall.sessions.names() == []

    loop.run(story())


def test_nothing_is_opened_before_it_runs() -> None:
    async def story() -> None:
        with pytest.raises(RuntimeError, match="while `run` is running"):
            await MemoryHall().sessions.open(SESSION)

    loop.run(story())


def test_a_session_that_another_server_took_over_ends_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        log = FailingLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live, other = await hall.session(), await hall.session(SessionId("other"))
            await log.acquire(SESSION, Epoch("x"))
            again = CreateSession(title="x", languages=("en",))
            refused = await live.writer.send(SYSTEM, CommandId("x"), again)
            assert isinstance(refused, Refusal)
            assert isinstance(await other.writer.send(SYSTEM, CommandId("x"), again), Refusal)
            assert other.state.title == "Open hall"

    loop.run(story())
