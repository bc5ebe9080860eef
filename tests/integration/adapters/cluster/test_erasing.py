"""Words removed from a log or a book are in no file of Redis or Valkey, and in none of their lists."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from moothall.adapters.cluster.book_redis import RedisBook
from moothall.adapters.cluster.erasing import PATIENCE_MS, POLL_MS, FileErasure
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.adapters.cluster.server import RedisServer
from moothall.adapters.system.clock import SystemClock
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import OffsetConflict, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.ports import BookEntry
from moothall.testing.clock import ManualClock
from support.cluster.process import PROGRAMS, Opened, RedisProcess, running
from support.sessions.recorder import EPOCH, SESSION, Recorder

RHUBARB = b"rhubarb"
SAID = le.SegmentEnded(
    channel=ChannelId("floor"), segment=SegmentId("s1"), t1=400, reason=le.EndReason.PAUSE, text=" rhubarb" * 3
)
STAYS = le.SegmentEnded(
    channel=ChannelId("floor"), segment=SegmentId("s2"), t1=900, reason=le.EndReason.PAUSE, text=" barley"
)
REMOVED = ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1")


@pytest.fixture(params=PROGRAMS)
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisProcess]:
    with running(request.param, tmp_path, "--slowlog-log-slower-than", "0") as process:
        yield process


def in_slow_log(process: RedisProcess) -> bool:
    return RHUBARB in repr(process.ask("SLOWLOG", "GET", "-1")).encode()


async def test_a_removed_body_is_in_no_file_and_no_list(process: RedisProcess, opened: Opened) -> None:
    server = opened.server(process.reached())
    log, erasure = RedisLog(server, "node-a"), FileErasure(server, SystemClock())
    recorder = Recorder()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(SAID), recorder.record(STAYS)])
    await erasure.erase()  # The words are in the AOF's base and in the snapshot, too.
    assert not await erasure.due()
    assert len(process.holds(RHUBARB)) >= 2
    assert "dump.rdb" in process.holds(RHUBARB)

    await log.remove(SESSION, 1, 2, [1], [recorder.record(REMOVED)])
    assert process.holds(RHUBARB) != []
    assert await erasure.due()
    await erasure.erase()
    assert process.holds(RHUBARB) == []
    assert not in_slow_log(process)
    assert not await erasure.due()
    assert process.holds(b"barley") != []
    process.kill()
    process.start()
    again = opened.server(process.reached())
    there = await RedisLog(again, "node-a").read(SESSION, 0, 9)
    assert [record.body is None for record in there] == [True, False, False]


async def test_a_rewrite_that_began_before_the_removal_is_not_taken_for_one_after(
    process: RedisProcess, opened: Opened
) -> None:
    server = opened.server(process.reached())
    log, erasure = RedisLog(server, "node-a"), FileErasure(server, SystemClock())
    recorder = Recorder()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(SAID)])
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 100_000)  # A tenth of a second for each key.
    process.ask("BGREWRITEAOF")
    await log.remove(SESSION, 1, 1, [1], [recorder.record(REMOVED)])
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 0)
    await erasure.erase()
    assert process.holds(RHUBARB) == []
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 100_000)
    await log.append(SESSION, 1, 2, [recorder.record(SAID)])
    process.ask("BGSAVE")
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 0)
    await log.remove(SESSION, 1, 3, [3], [recorder.record(REMOVED)])
    await erasure.erase()
    assert process.holds(RHUBARB) == []


async def test_files_made_anew_just_before_a_removal_are_not_taken_for_those_behind_it(
    process: RedisProcess, opened: Opened
) -> None:
    """It is noted with the removal itself: what is refused leaves no note, so that none is there before."""
    server = opened.server(process.reached())
    log, book, erasure = RedisLog(server, "node-a"), RedisBook(server, "node-a"), FileErasure(server, SystemClock())
    recorder = Recorder()
    await book.acquire()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(SAID)])
    await book.write([BookEntry("glossaries", "g", RHUBARB)])
    await erasure.erase()
    with pytest.raises(OffsetConflict):
        await log.remove(SESSION, 1, 0, [1], [])
    with pytest.raises(StaleWriter):
        await log.trim(SESSION, 2, 1, 1)
    with pytest.raises(StaleWriter):
        await RedisLog(server, "node-b").forget(SESSION)
    await book.write([BookEntry("glossaries", "h", b"barley")])
    assert not await erasure.due()
    await log.remove(SESSION, 1, 1, [1], [recorder.record(REMOVED)])
    assert await erasure.due()
    await erasure.erase()
    await book.write([BookEntry("glossaries", "g", None)])
    assert await erasure.due()


class EmptiedMeanwhile(SystemClock):
    """A clock during whose first sleep a Redis loses everything, and gets words that are removed again."""

    def __init__(self, process: RedisProcess, log: RedisLog) -> None:
        super().__init__()
        self.process, self.log, self.emptied = process, log, False

    async def sleep(self, ms: int) -> None:
        """Empty Redis, the first time, and wait."""
        if not self.emptied:
            self.emptied = True
            self.process.ask("FLUSHALL")
            recorder = Recorder()
            await self.log.acquire(SESSION, EPOCH)
            await self.log.append(SESSION, 1, 0, [recorder.record(SAID)])
            await self.log.remove(SESSION, 1, 1, [1], [recorder.record(REMOVED)])
        await super().sleep(ms)


async def test_what_is_removed_after_redis_was_emptied_is_not_taken_for_done_by_a_rewrite_from_before(
    process: RedisProcess, opened: Opened
) -> None:
    server = opened.server(process.reached())
    log, recorder = RedisLog(server, "node-a"), Recorder()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(SAID) for _ in range(5)])
    for offset in range(1, 5):
        removed = ev.BodyRemoved(offsets=(offset,), reason="request", by="staff-1")
        await log.remove(SESSION, 1, 4 + offset, [offset], [recorder.record(removed)])
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 100_000)  # A rewrite takes long enough for the clock to sleep.
    clock = EmptiedMeanwhile(process, log)
    await FileErasure(server, clock).erase()
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 0)
    assert clock.emptied
    erasure = FileErasure(server, SystemClock())
    assert await erasure.due()
    await erasure.erase()
    assert process.holds(RHUBARB) == []
    assert not await erasure.due()


async def test_a_user_who_may_not_ask_the_time_removes_words_too(process: RedisProcess, opened: Opened) -> None:
    """As in the reference of 0.2.0."""
    process.ask("ACL", "SETUSER", "default", "-time")
    server = opened.server(process.reached())
    log, erasure, recorder = RedisLog(server, "node-a"), FileErasure(server, SystemClock()), Recorder()
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [recorder.record(SAID)])
    await erasure.erase()
    assert not await erasure.due()
    await log.remove(SESSION, 1, 1, [1], [recorder.record(REMOVED)])
    assert await erasure.due()
    await erasure.erase()
    assert (process.holds(RHUBARB), await erasure.due()) == ([], False)
    process.ask("ACL", "SETUSER", "default", "+time")


async def test_replicas_files_are_made_anew_behind_the_removal(
    process: RedisProcess, opened: Opened, tmp_path: Path
) -> None:
    process.ask("CONFIG", "SET", "repl-diskless-sync-delay", 0)
    follows = ("--replicaof", "127.0.0.1", str(process.port), "--slowlog-log-slower-than", "0")
    with running(process.program, tmp_path / "replica", *follows) as replica:
        server, behind = opened.server(process.reached()), opened.server(replica.reached())
        log, erasure = RedisLog(server, "node-a"), FileErasure(server, SystemClock(), [behind])
        recorder = Recorder()
        await log.acquire(SESSION, EPOCH)
        await log.append(SESSION, 1, 0, [recorder.record(SAID)])
        await erasure.erase()
        assert replica.holds(RHUBARB) != []
        with pytest.raises(StorageUnavailable, match=r"1 replicas follow it, and `replicas` of \[cluster\] names 0"):
            await FileErasure(server, SystemClock()).erase()
        assert list(await RedisLog(behind, "node-b").read(SESSION, 0, 9)) == list(await log.read(SESSION, 0, 9))
        await log.remove(SESSION, 1, 1, [1], [recorder.record(REMOVED)])
        await erasure.erase()
        for each in (process, replica):
            assert each.holds(RHUBARB) == []
            assert not in_slow_log(each)


async def test_a_server_that_does_not_follow_is_no_replica_that_was_rid_of_it(
    process: RedisProcess, opened: Opened, tmp_path: Path
) -> None:
    with running(process.program, tmp_path / "alone") as alone:
        server, clock = opened.server(process.reached()), ManualClock()
        erasure = FileErasure(server, clock, [opened.server(alone.reached())])
        assert "in time" in await overdue(erasure, clock, server)
        assert await erasure.due()


async def test_what_leaves_the_book_or_is_forgotten_is_in_no_file(process: RedisProcess, opened: Opened) -> None:
    server = opened.server(process.reached())
    book, log, erasure = RedisBook(server, "node-a"), RedisLog(server, "node-a"), FileErasure(server, SystemClock())
    assert await erasure.due()  # A new server, or one that lost its notes, can't tell.
    await erasure.erase()
    await book.acquire()
    await book.write([BookEntry("link", "a", RHUBARB), BookEntry("link", "b", b"barley")])
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [Recorder().record(SAID)])
    assert not await erasure.due()
    await book.write([BookEntry("link", "a", None)])
    assert await erasure.due()
    await erasure.erase()
    await log.forget(SESSION)
    assert await erasure.due()
    await erasure.erase()
    assert process.holds(RHUBARB) == []
    assert await book.read("link") == {"b": b"barley"}


async def test_arguments_of_scripts_show_no_body_in_the_slow_log(process: RedisProcess, opened: Opened) -> None:
    server = opened.server(process.reached())
    log = RedisLog(server, "node-a")
    await log.acquire(SESSION, EPOCH)
    await log.append(SESSION, 1, 0, [Recorder().record(SAID)])
    calls = [entry for entry in process.ask("SLOWLOG", "GET", "-1") if entry[3][0].startswith(b"EVAL")]
    assert len(calls) >= 2
    assert RHUBARB not in repr(calls).encode()


async def overdue(erasure: FileErasure, clock: ManualClock, server: RedisServer) -> str:
    """With what it ends that never comes to an end by itself."""
    erasing = asyncio.ensure_future(erasure.erase())
    while not erasing.done():
        if clock.sleepers:
            await clock.advance(PATIENCE_MS // 4)
        await server.read("PING")
    with pytest.raises(StorageUnavailable) as refused:
        await erasing
    assert clock.monotonic() > PATIENCE_MS
    return str(refused.value)


async def test_a_snapshot_that_is_only_scheduled_is_not_taken_for_the_one_that_failed_before(
    opened: Opened, process: RedisProcess
) -> None:
    server = opened.server(process.reached())
    erasure = FileErasure(server, SystemClock())
    process.ask("CONFIG", "SET", "appendonly", "no")
    process.ask("SET", "x", "y")
    (process.folder / "dump.rdb").mkdir()
    with pytest.raises(StorageUnavailable, match="could not write its snapshot anew"):
        await erasure.erase()
    (process.folder / "dump.rdb").rmdir()
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 100_000_000)
    process.ask("BGREWRITEAOF")
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 0)
    erasing = asyncio.ensure_future(erasure.erase())
    while process.ask("INFO", "commandstats")["cmdstat_bgsave"]["calls"] < 2:
        await server.read("PING")
    process.ask("CONFIG", "SET", "appendonly", "yes")  # Ends the rewrite that runs, and begins a quick one.
    await erasing  # Redis waits 5 s after the snapshot that failed.
    assert not await erasure.due()


async def test_files_that_are_not_written_in_time_stay_due(process: RedisProcess, opened: Opened) -> None:
    server, clock = opened.server(process.reached()), ManualClock()
    erasure = FileErasure(server, clock)
    process.ask("SET", "x", "y")
    process.ask("CONFIG", "SET", "rdb-key-save-delay", 100_000_000)
    process.ask("BGREWRITEAOF")
    assert "in time" in await overdue(erasure, clock, server)
    assert await erasure.due()


@pytest.mark.parametrize("appended", ["yes", "no"])
async def test_a_server_that_starts_again_meanwhile_is_not_awaited(
    process: RedisProcess, opened: Opened, tmp_path: Path, appended: str
) -> None:
    with running(process.program, tmp_path / "own") as own:
        server, clock = opened.server(own.reached()), ManualClock()
        erasure = FileErasure(server, clock)
        own.ask("CONFIG", "SET", "appendonly", appended)
        own.ask("SET", "x", "y")
        own.ask("CONFIG", "SET", "rdb-key-save-delay", 100_000_000)
        erasing = asyncio.ensure_future(erasure.erase())
        begun = "aof_rewrite_in_progress" if appended == "yes" else "rdb_bgsave_in_progress"
        while not (own.ask("INFO", "persistence")[begun] and clock.sleepers):
            await server.read("PING")
        own.stop()  # It ends its child too, which would keep the connections open.
        own.start()
        # Whatever else asks Redis notices it first, on all connections.
        await asyncio.gather(*(server.read("PING") for _ in range(4)), return_exceptions=True)
        while not erasing.done():
            if clock.sleepers:
                await clock.advance(POLL_MS)
            await server.read("PING")
        with pytest.raises(StorageUnavailable, match="started again"):
            await erasing
        assert await erasure.due()
        await FileErasure(server, SystemClock()).erase()
        assert not await erasure.due()
