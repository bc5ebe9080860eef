"""A copy on a real disk of a log in a real Redis: once it is complete, both have the same heads."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.store.aside_folder import AsideFolder
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.adapters.system.clock import SystemClock
from moothall.core.events import types as ev
from moothall.services.cluster.following import LogFollower
from support.cluster.process import PROGRAMS, RedisProcesses
from support.sessions.recorder import EPOCH, SESSION, Recorder


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_copy_stands_where_its_log_stands(
    tmp_path: Path, program: str, redis_processes: RedisProcesses
) -> None:
    server = redis_processes.empty(program).reached()
    shared, recorder = RedisLog(server, "n1"), Recorder()
    own = await SqliteLog.open(tmp_path / "moothall.sqlite")
    following = LogFollower(RedisLog(server, "n2"), own, SystemClock(), asides=AsideFolder(tmp_path / "aside"))
    head = await shared.acquire(SESSION, EPOCH, 1_001_000)
    for lane in ("session", "w:floor"):
        records = [recorder.record(ev.SessionPaused(t=n), lane=lane) for n in range(3)]
        await shared.append(SESSION, head.term, records[0].header.offset - 1, records)
        await following.catch_up()
        assert following.copies[SESSION] == await shared.head(SESSION)
    removal = recorder.record(ev.BodyRemoved(offsets=(2,), reason="request", by="staff-1"))
    await shared.remove(SESSION, head.term, removal.header.offset - 1, [2], [removal])
    await following.catch_up()
    assert following.copies[SESSION] == await shared.head(SESSION) == await own.head(SESSION)
    await own.close()
    await server.close()
