from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from moothall.app.backend import Backend
from moothall.app.cluster.node import HUNG_MS, LEAVE_MS, LOOK_MS, TOUCH_MS, Turning, writer_noted
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.ids import CommandId
from moothall.services.cluster.own_disk import OwnDisk
from moothall.services.cluster.two_copies import PATIENCE_MS
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


class Closing:
    """A node that opens or closes its files, with a disk that may hang."""

    def __init__(self) -> None:
        self.clock, self.answers, self.touched = ManualClock(), asyncio.Event(), 0
        self.ended: list[int] = []
        self.turning = Turning(OwnDisk(self.clock), self.clock, self._touch, self._end)

    async def _touch(self) -> None:
        self.touched += 1
        await self.answers.wait()

    async def _end(self) -> None:
        self.ended.append(self.clock.monotonic())


async def test_a_node_whose_disk_hangs_ends_soon_and_one_that_is_only_slow_later() -> None:
    hung = Closing()
    hung.turning.begin(LEAVE_MS)
    await hung.clock.advance(LEAVE_MS)
    assert hung.ended == [PATIENCE_MS + HUNG_MS - LOOK_MS]
    slow = Closing()
    slow.answers.set()
    slow.turning.begin(LEAVE_MS)
    await slow.clock.advance(LEAVE_MS - 1)
    assert slow.ended == []
    await slow.clock.advance(1)
    assert slow.ended == [LEAVE_MS]


async def test_a_node_goes_on_once_its_files_are_open_or_its_disk_answers() -> None:
    opened_, late = Closing(), Closing()
    for each in (opened_, late):
        each.turning.begin(None)
        await each.clock.advance(PATIENCE_MS + HUNG_MS - 2 * LOOK_MS)
    opened_.turning.over()
    late.answers.set()
    for each in (opened_, late):
        await each.clock.advance(2 * LEAVE_MS)
        assert each.ended == [], "a take-over may take its time"
    late.answers.clear()  # It hangs again, while files are still opened.
    await late.clock.advance(TOUCH_MS + PATIENCE_MS + HUNG_MS)
    assert len(late.ended) == 1


class Refusing(Closing):
    async def _touch(self) -> None:
        await super()._touch()
        raise OSError("The disk is full.")


async def test_a_disk_that_refuses_answers() -> None:
    full = Refusing()
    full.answers.set()
    full.turning.begin(None)
    await full.clock.advance(5 * TOUCH_MS)
    assert (full.ended, full.touched) == ([], 6)
    full.turning.over()
