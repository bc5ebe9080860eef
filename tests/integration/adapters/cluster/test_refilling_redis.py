"""Redis is emptied, then the stand-by node's disk is lost, then the keeper's: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.refilling import LOOK_MS, Refilling
from moothall.services.cluster.two_copies import TwoCopies
from moothall.testing.clock import ManualClock
from support.cluster.process import PROGRAMS, RedisProcesses
from support.files.found import found
from support.sessions.recorder import EPOCH, Recorder

RHUBARB = "rhubarb"
CLOSED = (SessionId("monday"), SessionId("tuesday"))


def spoken(text: str) -> le.SegmentEnded:
    return le.SegmentEnded(
        channel=ChannelId("floor"), segment=SegmentId("s1"), t1=400, reason=le.EndReason.PAUSE, text=text
    )


class Kept:
    """Which node keeps the house."""

    def __init__(self, term: int) -> None:
        self.term: int | None = term
        self.answers = True

    async def give_up(self) -> None:
        raise AssertionError("It isn't given up here.")


class Soon(ManualClock):
    """Nobody waits between two sessions."""

    async def sleep(self, ms: int) -> None:
        await super().sleep(ms if ms >= LOOK_MS else 0)


async def content(log: SqliteLog | RedisLog) -> dict[SessionId, list[LogRecord]]:
    return {name: list(await log.read(name, 0, 99)) for name in await log.sessions()}


@pytest.mark.parametrize("program", PROGRAMS)
async def test_closed_meetings_outlive_redis_and_both_disks_one_after_the_other(
    tmp_path: Path, program: str, redis_processes: RedisProcesses
) -> None:
    process = redis_processes.empty(program)
    server, clock = process.reached(), Soon()
    north, south = [RedisLog(server, name) for name in ("north", "south")]
    disks = [tmp_path / name for name in ("north", "south", "new")]
    for disk in disks:
        disk.mkdir()
    keeper, other, new = [await SqliteLog.open(disk / "log.sqlite") for disk in disks]
    logs = TwoCopies(north, keeper, Kept(1_001), clock)
    recorders: dict[SessionId, Recorder] = {}
    for session in CLOSED:
        head = await logs.acquire(session, EPOCH)
        recorders[session] = recorder = Recorder(session=session)
        said = [recorder.record(event) for event in (spoken(RHUBARB), spoken("barley"), ev.SessionClosed(t=9))]
        await logs.append(session, head.term, 0, said)
        removal = recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
        await logs.remove(session, head.term, 3, [1], [removal])
    wanted = await content(keeper)
    await LogFollower(south, other, clock).catch_up()
    process.ask("FLUSHALL")
    await Refilling(north, logs, keeper, clock).look()
    assert await content(north) == wanted
    # The disk of the node that stands by is lost, and after that the keeper's.
    await LogFollower(south, new, clock).catch_up()
    assert await content(new) == wanted
    again = TwoCopies(south, new, Kept(2_002), clock)
    for session in CLOSED:
        assert (await again.acquire(session, EPOCH, new=False)).offset == 4
    process.ask("FLUSHALL")
    await Refilling(south, again, new, clock).look()
    assert await content(south) == wanted
    for log in (keeper, other, new):
        await log.close()
    await server.close()
    assert found(disks[2], RHUBARB) == []
