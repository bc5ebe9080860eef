from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from moothall.app.backend import Backend
from moothall.app.cluster.node import writer_noted
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.ids import CommandId
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.clock import ManualClock
from support.memory.writer import Stage, opened, stage


class Writer:
    """A session's writer that has ended, so that nothing is stored any more."""

    def __init__(self, made: Stage) -> None:
        self.term, self.at, self.offset = 1, made.clock.wall(), 0
        self.asked: list[CommandId] = []
        self.begun = asyncio.Event()

    async def insist(self, _by: Actor, what: CommandId, _command: object) -> None:
        self.asked.append(what)
        self.begun.set()
        await asyncio.Event().wait()


class Live:
    def __init__(self, made: Stage) -> None:
        self.id, self.state, self.writer = made.writer.state.id, made.writer.state, Writer(made)


class LoadedHouse:
    """As much of a backend as tells of loaded sessions."""

    def __init__(self, tasks: asyncio.TaskGroup, live: Live) -> None:
        self.tasks, self.clock, self.sessions, self._live = tasks, ManualClock(), self, live
        self.loaded: Callable[[LiveSession], None] = lambda _: None

    def tell_loaded(self, told: Callable[[LiveSession], None]) -> None:
        self.loaded = told
        self.load()

    def load(self) -> None:
        self.loaded(cast("LiveSession", self._live))


async def test_a_house_that_is_given_up_at_once_waits_for_no_writer() -> None:
    async with stage() as made:
        await opened(made)
        live = Live(made)
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            house = LoadedHouse(tasks, live)
            with writer_noted(cast("Backend", house), "n2", lambda _session, _offset: None):
                await live.writer.begun.wait()
            house.load()  # A session that is loaded while the house is given up.
        assert live.writer.asked == ["writer:1"]
