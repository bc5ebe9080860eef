"""A node whose wall clock differs by seconds takes a session over: no event is dated back, and media time continues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from moothall.adapters.system.clock import SystemClock
from moothall.app.cluster.node import live_as_node
from moothall.app.hall import RunningServer
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.sessions.parts import HELD_MS
from moothall.settings.loading import load
from support.cluster.nodes import NodeProcess, prepared
from support.cluster.process import RedisProcesses
from support.cluster.typing import Typist
from support.halls.process import CLOCK
from support.halls.readers import until


class Ahead(SystemClock):
    """The wall clock of another machine."""

    def __init__(self, ms: int) -> None:
        self._ms = ms

    def wall(self) -> int:
        return super().wall() + self._ms


class Here:
    """A node in this process."""

    def __init__(self, node: NodeProcess, ahead: int = 0) -> None:
        self.said = ""
        self._stop = asyncio.Event()
        settings = load(node.config, {})
        self._task = asyncio.ensure_future(
            live_as_node(
                settings,
                self._stop,
                clock=Ahead(ahead),
                serving=self._serving,
                told=self._told,
                hung=self._hung,
            )
        )

    @asynccontextmanager
    async def _serving(self, _: RunningServer) -> AsyncIterator[None]:
        yield

    def _told(self, what: str) -> None:
        self.said = what

    def _hung(self) -> None:
        raise AssertionError("Its disk answers.")

    async def stop(self) -> None:
        self._stop.set()
        await self._task


class Typed(NamedTuple):
    """When a line was sent and when it was answered, ms of the monotonic clock."""

    sent: int
    answered: int


async def typed(typist: Typist, segment: str) -> Typed:
    sent = CLOCK.monotonic()
    line = {"do": "type", "channel": "floor", "segment": segment, "text": segment, "language": "en"}
    await typist.act(segment, line)
    return Typed(sent, CLOCK.monotonic())


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [20_000, -20_000])
async def test_a_session_goes_on_at_a_node_whose_wall_clock_differs(
    tmp_path: Path, redis_processes: RedisProcesses, ahead: int
) -> None:
    """The keeper is stopped in an orderly way: the pause is shorter than what the clocks differ by, on any machine."""
    redis = redis_processes.empty("valkey")
    first, second = (NodeProcess(tmp_path, number, redis.port) for number in (1, 2))
    planned = await prepared(first.data)
    second.sign_like(first)
    typist = Typist((first, second), planned)
    keeper = Here(first)
    await until(lambda: keeper.said == "keeps the house")
    other = Here(second, ahead)
    await until(lambda: other.said == "stands by")
    async with asyncio.TaskGroup() as group:
        typing = group.create_task(typist.run())
        await typist.types(5)
        before = await typed(typist, "before")
        stopping = group.create_task(keeper.stop())
        await until(lambda: other.said == "keeps the house")
        await typist.types(5)
        after = await typed(typist, "after")
        typing.cancel()
    assert stopping.done()
    await typist.desk.close()
    await other.stop()
    records = second.records(planned.session)
    dates = [each.header.at for each in records]
    assert dates == sorted(dates)
    events = [decode_event(each.body) for each in records if each.body is not None]
    assert [each.node for each in events if isinstance(each, ev.WriterChanged)][-1:] == ["n2"]
    lines = [(str(each.segment), each.t0) for each in events if isinstance(each, le.SegmentOpened)]
    times = [t for _, t in lines]
    assert times == sorted(times), "it ran back"
    passed = dict(lines)["after"] - dict(lines)["before"]
    assert after.sent - before.answered - HELD_MS <= passed <= after.answered - before.sent + HELD_MS
