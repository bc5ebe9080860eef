"""The contract of logs that are read: a server's own, and a hub's copies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.store.log_sqlite import SqliteLog
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall.core.kernel.lanes import channel_lane
from moothall.core.ports import EventLog, LogReading
from moothall.testing.log_memory import MemoryLog
from moothall_hub.mirror.checking import first_run
from moothall_hub.mirror.copied import CopyStep, SessionCopy
from moothall_hub.mirror.mirror import Mirror
from support.cluster.process import PROGRAMS, RedisProcesses
from support.hubs.log_above import OWN, LogAbove
from support.sessions.recorder import EPOCH, SESSION, Recorder

LINES = channel_lane(LogAbove().channels[0])
OTHER = SessionId("other")


class Filled:
    """Logs with events in them."""

    def __init__(self, log: LogReading, fill: Callable[[Sequence[LogRecord]], Awaitable[None]]) -> None:
        self.log = log
        self.fill = fill


@pytest.fixture(params=["memory", "sqlite", "mirror", *PROGRAMS])
async def filled(
    request: pytest.FixtureRequest, tmp_path: Path, redis_processes: RedisProcesses
) -> AsyncIterator[Filled]:
    if request.param == "mirror":
        mirror = await Mirror.open(tmp_path / "mirror.sqlite")

        async def copied(records: Sequence[LogRecord]) -> None:
            session = records[0].header.session
            known = first_run(session, EPOCH, frozenset({SESSION_LANE}))
            await mirror.keep(CopyStep(copy=SessionCopy(session=session, known=known), records=tuple(records)))

        yield Filled(mirror, copied)
        await mirror.close()
        return
    log: EventLog
    server = redis_processes.empty(request.param).reached() if request.param in PROGRAMS else None
    if server is not None:
        log = RedisLog(server, "node-a")
    else:
        log = MemoryLog() if request.param == "memory" else await SqliteLog.open(tmp_path / "log.sqlite")

    async def appended(records: Sequence[LogRecord]) -> None:
        session = records[0].header.session
        await log.acquire(session, EPOCH)
        await log.append(session, 1, 0, records)

    yield Filled(log, appended)
    await log.close()
    if server is not None:
        await server.close()


def story(session: SessionId = SESSION) -> LogAbove:
    log = LogAbove(Recorder(session))
    for kind in ("line", "own", "line", "session"):
        log.happens(kind)
    return log


def offsets(records: Sequence[LogRecord]) -> list[int]:
    return [record.header.offset for record in records]


async def test_a_log_is_read_in_order_behind_an_offset_and_up_to_a_number(filled: Filled) -> None:
    made = story()
    await filled.fill(made.records)
    assert list(await filled.log.read(SESSION, 0, 100)) == made.records
    assert offsets(await filled.log.read(SESSION, 2, 3)) == [3, 4, 5]
    assert list(await filled.log.read(SESSION, 8, 3)) == []
    assert list(await filled.log.read(OTHER, 0, 3)) == []


@pytest.mark.parametrize(
    ("lanes", "found"),
    [({LINES}, [3, 4, 6]), ({LINES, OWN, SESSION_LANE}, [2, 3, 4]), ({Lane("questions")}, []), ((), [])],
)
async def test_lanes_are_read_without_the_others(filled: Filled, lanes: set[Lane], found: list[int]) -> None:
    await filled.fill(story().records)
    assert offsets(await filled.log.read(SESSION, 1, 3, frozenset(lanes))) == found


async def test_a_head_names_the_ends_of_all_lanes(filled: Filled) -> None:
    made = story()
    assert await filled.log.head(SESSION) is None
    await filled.fill(made.records)
    head = await filled.log.head(SESSION)
    assert head is not None
    assert (head.epoch, head.offset, head.lanes) == (EPOCH, 8, made.recorder.heads)


async def test_all_sessions_are_named_in_their_order(filled: Filled) -> None:
    assert list(await filled.log.sessions()) == []
    await filled.fill(story().records)
    await filled.fill(story(OTHER).records)
    assert list(await filled.log.sessions()) == [OTHER, SESSION]


async def test_what_commands_caused_is_found_by_the_ends_of_their_ids(filled: Filled) -> None:
    await filled.fill(story().records)
    await filled.fill(story(OTHER).records)
    found = await filled.log.caused("mand-4")
    assert [(record.header.session, record.header.offset) for record in found] == [(OTHER, 4), (SESSION, 4)]


async def test_a_body_that_is_not_there_is_none(filled: Filled) -> None:
    gone = msgspec.structs.replace(story().records[0], body=None, salt=None)
    await filled.fill([gone])
    assert list(await filled.log.read(SESSION, 0, 1)) == [gone]


async def test_once_it_is_closed_everything_is_refused(filled: Filled) -> None:
    log = filled.log
    assert isinstance(log, MemoryLog | SqliteLog | Mirror | RedisLog)
    await log.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await log.read(SESSION, 0, 1)
    with pytest.raises(StorageUnavailable, match="closed"):
        await log.head(SESSION)
