from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from moothall.adapters.store import sqlite_file
from moothall.adapters.store.sqlite_writer import BATCH, WAITING_WRITES, Job, SqliteWriter
from moothall.core.kernel.errors import StaleWriter, StorageUnavailable


class Bench:
    """A writer that hasn't been started, over a log of its own, and the statements it makes."""

    def __init__(self, path: Path, idle_s: float = 60.0) -> None:
        self.path = path
        self.loop = asyncio.get_running_loop()
        self.connection = sqlite_file.open_for_writing(path, busy_s=30.0)
        self.statements: list[str] = []
        self.connection.set_trace_callback(self.statements.append)
        self.writer = SqliteWriter(self.connection, self.loop, idle_s)

    def submit(self, act: Callable[[sqlite3.Connection], object]) -> asyncio.Future[object]:
        future: asyncio.Future[object] = self.loop.create_future()
        self.writer.submit(Job(act, future))
        return future

    def insert(self, name: str) -> asyncio.Future[object]:
        return self.submit(inserting(name))

    async def finish(self) -> None:
        self.writer.finish()
        if self.writer.ident is None:
            self.writer.start()
        await asyncio.to_thread(self.writer.join)

    def names(self) -> list[str]:
        reader = sqlite_file.open_for_reading(self.path)
        try:
            return [name for (name,) in reader.execute("SELECT id FROM session ORDER BY number")]
        finally:
            reader.close()


def inserting(name: str) -> Callable[[sqlite3.Connection], str]:
    def act(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO session (id, epoch, term) VALUES (?, 'e', 1)", (name,))
        return name

    return act


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "log.sqlite")
    yield made
    if made.writer.ident is None or made.writer.is_alive():
        await made.finish()


async def test_what_waits_is_stored_by_one_transaction_and_each_hears_of_its_own(bench: Bench) -> None:
    waiting = [bench.insert(name) for name in "abc"]
    await bench.finish()
    assert await asyncio.gather(*waiting) == ["a", "b", "c"]
    assert [bench.statements.count(word) for word in ("BEGIN IMMEDIATE", "SAVEPOINT job", "COMMIT")] == [1, 3, 1]
    assert bench.names() == ["a", "b", "c"]


async def test_a_crowd_is_stored_in_batches(bench: Bench) -> None:
    waiting = [bench.insert(f"n{n}") for n in range(2 * BATCH + 1)]
    await bench.finish()
    await asyncio.gather(*waiting)
    assert bench.statements.count("COMMIT") == 3


async def test_a_conflict_undoes_its_own_job_and_no_other(bench: Bench) -> None:
    def conflicting(connection: sqlite3.Connection) -> None:
        inserting("lost")(connection)
        raise StaleWriter("Taken over.")

    before, conflict, after = bench.insert("before"), bench.submit(conflicting), bench.insert("after")
    await bench.finish()
    assert (await before, await after) == ("before", "after")
    assert isinstance(conflict.exception(), StaleWriter)
    assert bench.names() == ["before", "after"]


async def test_when_too_much_waits_the_next_is_refused_and_the_others_are_stored(bench: Bench) -> None:
    waiting = [bench.insert(f"n{n}") for n in range(WAITING_WRITES)]
    with pytest.raises(StorageUnavailable, match=f"{WAITING_WRITES} appends wait for the disk"):
        bench.insert("one too many")
    await bench.finish()
    await asyncio.gather(*waiting)
    assert len(bench.names()) == WAITING_WRITES


async def test_one_that_was_cancelled_may_be_stored_and_disturbs_nobody(bench: Bench) -> None:
    cancelled, following = bench.insert("a"), bench.insert("b")
    cancelled.cancel()
    await bench.finish()
    assert await following == "b"
    assert bench.names() == ["a", "b"]


async def test_a_full_disk_refuses_until_there_is_room_and_is_logged_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    (pages,) = bench.connection.execute("PRAGMA page_count").fetchone()
    bench.connection.execute(f"PRAGMA max_page_count = {pages}")
    bench.writer.start()
    with caplog.at_level(logging.WARNING):
        for n in range(2):
            with pytest.raises(StorageUnavailable, match="The disk that holds the log is full; nothing was stored"):
                await bench.insert(f"{n}" * 100_000)
        assert caplog.messages == ["log: the disk refuses appends (SQLITE_FULL)"]
        await bench.insert("small")  # What fits is stored.
        assert caplog.messages[1:] == ["log: the disk stores appends again"]
    assert bench.names() == ["small"]


async def test_another_process_that_holds_the_file_holds_up_all_and_nothing_is_lost(bench: Bench) -> None:
    other = sqlite3.connect(bench.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    bench.writer.start()
    waiting = [bench.insert(name) for name in "abc"]
    assert (await asyncio.wait(waiting, timeout=0))[0] == set()
    other.execute("ROLLBACK")
    other.close()
    assert await asyncio.gather(*waiting) == ["a", "b", "c"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_when_a_bug_ends_the_thread_whoever_waits_hears_of_it_and_nothing_more_is_taken(bench: Bench) -> None:
    def wrong(_: sqlite3.Connection) -> None:
        raise LookupError

    waiting = [bench.submit(wrong), *(bench.insert(f"n{n}") for n in range(BATCH))]
    bench.writer.start()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, StorageUnavailable)
        assert "has stopped" in str(outcome)
    with pytest.raises(StorageUnavailable, match="has stopped; restart the server"):
        bench.insert("late")
    await asyncio.to_thread(bench.writer.join)
    assert bench.names() == []


async def test_results_that_come_after_the_loop_was_closed_are_counted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    closed = asyncio.new_event_loop()
    future: asyncio.Future[object] = closed.create_future()
    closed.close()
    writer = SqliteWriter(sqlite_file.open_for_writing(tmp_path / "log.sqlite", busy_s=1.0), closed, idle_s=60.0)
    writer.submit(Job(inserting("a"), future))
    writer.finish()
    writer.start()
    await asyncio.to_thread(writer.join)
    assert "log: 1 results arrived after the event loop had closed" in caplog.messages


async def test_when_idle_it_copies_the_wal_and_empties_it_where_something_may_have_been_removed(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "log.sqlite", idle_s=0.001)
    checkpoints: asyncio.Queue[str] = asyncio.Queue()

    def traced(statement: str) -> None:
        if "wal_checkpoint" in statement:
            bench.loop.call_soon_threadsafe(checkpoints.put_nowait, statement)

    bench.connection.set_trace_callback(traced)
    bench.writer.start()
    assert await checkpoints.get() == "PRAGMA wal_checkpoint(TRUNCATE)"  # Whoever had the file before may have.
    await bench.insert("a")
    assert await checkpoints.get() == "PRAGMA wal_checkpoint(PASSIVE)"
    await bench.finish()
    assert bench.names() == ["a"]
