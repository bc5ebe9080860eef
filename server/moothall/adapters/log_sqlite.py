"""Logs in one SQLite file: durable when acknowledged, grouped when many write at once.

One thread writes. It takes what waits, never more than it finds, and commits it in one transaction with a
savepoint for each append, so that a conflict in one leaves the others alone; then it hands the results back
to the loop. A lone append is thus as fast as the disk, and many share one sync (notes on durability, §6).
Another thread reads, over a connection of its own: in WAL mode neither waits for the other.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from moothall.adapters import sqlite_file
from moothall.core.chain import LogRecord
from moothall.core.errors import DuplicateCause, OffsetConflict, StaleWriter, StorageError, StorageUnavailable
from moothall.core.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogHead

logger = logging.getLogger(__name__)

T = TypeVar("T")

WAITING_WRITES = 1024
"""Appends that may wait for the disk. When as many wait, the next is refused with StorageUnavailable."""
WAITING_READS = 64
"""Reads handed to the thread. Further ones wait in their own tasks: each is somebody's request, so their number is
bounded where connections are."""
BATCH = 256
"""Appends in one transaction at most, so that the first of them doesn't wait for a crowd."""
BUSY_S = 5.0
IDLE_S = 1.0


class _Job(NamedTuple):
    act: Callable[[sqlite3.Connection], Any]
    future: asyncio.Future[Any]


class _Outcome(NamedTuple):
    future: asyncio.Future[Any]
    value: Any
    error: Exception | None


class SqliteLog:
    """The `EventLog` of a single machine. Made by `open`; belongs to the loop that opened it.

    Another process on the same file is kept out by terms, as anybody else. An append whose task is cancelled
    may have been stored.
    """

    def __init__(self, connection: sqlite3.Connection, reader: sqlite_file.LogReader, idle_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = _Writer(connection, self._loop, idle_s)
        self._reader = reader
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-reader")
        self._reads = asyncio.Semaphore(WAITING_READS)
        self._closed = False
        self._writer.start()

    @classmethod
    async def open(cls, path: Path, *, busy_s: float = BUSY_S, idle_s: float = IDLE_S) -> SqliteLog:
        """Open the log at `path`, or make it.

        `busy_s` is how long an append waits for another process's lock before it is refused; after `idle_s` without
        an append the WAL is copied into the database.
        Raises ConfigurationError with a sentence when it can't be opened, isn't ours, or is a newer release's.
        """

        def connect() -> tuple[sqlite3.Connection, sqlite_file.LogReader]:
            connection = sqlite_file.open_for_writing(path, busy_s)
            try:
                return connection, sqlite_file.LogReader(sqlite_file.open_beside(path))
            except BaseException:
                connection.close()
                raise

        return cls(*await asyncio.to_thread(connect), idle_s)

    async def acquire(self, session: SessionId, epoch: Epoch) -> LogHead:
        """As `EventLog.acquire`."""

        def act(connection: sqlite3.Connection) -> LogHead:
            connection.execute(
                "INSERT INTO session (id, epoch, term) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET term = term + 1",
                (session, epoch),
            )
            head = sqlite_file.read_head(connection, session)
            assert head is not None  # noqa: S101  # it was written two lines above
            return head

        return await self._write(act)

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """As `EventLog.append`."""
        rows = _rows(session, expected_offset, events)

        def act(connection: sqlite3.Connection) -> None:
            number = _hold(connection, session, term, expected_offset)
            _insert(connection, session, number, rows)

        await self._write(act)

    async def remove(
        self, session: SessionId, term: int, expected_offset: int, offsets: Sequence[int], event: LogRecord
    ) -> None:
        """As `EventLog.remove`. The bytes are overwritten in the file, and the WAL is emptied when it is next idle."""
        rows = _rows(session, expected_offset, [event])

        def act(connection: sqlite3.Connection) -> None:
            number = _hold(connection, session, term, expected_offset)
            connection.executemany(
                "UPDATE record SET body = NULL, salt = NULL WHERE session = ? AND offset = ?",
                [(number, offset) for offset in offsets],
            )
            _insert(connection, session, number, rows)
            self._writer.erased = True

        await self._write(act)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """As `EventLog.read`."""
        return await self._read(lambda reader: reader.read(session, after, limit, lanes))

    async def head(self, session: SessionId) -> LogHead | None:
        """As `EventLog.head`."""
        return await self._read(lambda reader: reader.head(session))

    async def sessions(self) -> Sequence[SessionId]:
        """As `EventLog.sessions`."""
        return await self._read(lambda reader: reader.sessions())

    async def close(self) -> None:
        """As `EventLog.close`: what waits is stored first. Afterwards everything is refused as unavailable."""
        if self._closed:
            return
        self._closed = True
        self._reading.submit(self._reader.close)
        await asyncio.to_thread(self._reading.shutdown)
        # The writer leaves last: it alone can fold the WAL into the file.
        self._writer.finish()
        await asyncio.to_thread(self._writer.join)

    async def _write(self, act: Callable[[sqlite3.Connection], T]) -> T:
        self._refuse_when_closed()
        future: asyncio.Future[T] = self._loop.create_future()
        self._writer.submit(_Job(act, future))
        return await future

    async def _read(self, act: Callable[[sqlite_file.LogReader], T]) -> T:
        async with self._reads:
            self._refuse_when_closed()
            return await self._loop.run_in_executor(self._reading, act, self._reader)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            msg = "The log is closed."
            raise StorageUnavailable(msg)


class _Writer(threading.Thread):
    """Owns the writing connection, and closes it."""

    def __init__(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop, idle_s: float) -> None:
        super().__init__(name="log-writer", daemon=True)
        self._connection = connection
        self._loop = loop
        self._idle_s = idle_s
        # Full: `submit` refuses. None says that no more will come.
        self._jobs: queue.Queue[_Job | None] = queue.Queue(WAITING_WRITES + 1)
        self._alive = True
        # Both are true of a file whose process was killed.
        self._behind = True
        """Whether the WAL holds what the database doesn't."""
        self.erased = True
        """Whether the WAL may hold what was removed."""
        self._refusing = False
        """Whether the last batch was refused: the first refusal and the end of them are logged, not each."""

    def submit(self, job: _Job) -> None:
        """Let the thread do `job`; raises StorageUnavailable when too many wait. Called on the loop only."""
        if not self._alive or self._jobs.qsize() >= WAITING_WRITES:
            msg = f"The log can't keep up: {self._jobs.qsize()} appends wait for the disk. Nothing was stored."
            raise StorageUnavailable(msg)
        self._jobs.put_nowait(job)

    def finish(self) -> None:
        """Let the thread end after what waits. Nothing may be submitted afterwards."""
        self._jobs.put_nowait(None)

    def run(self) -> None:
        """Work until `finish`."""
        batch: list[_Job] = []
        try:
            more = True
            while more:
                batch, more = self._take()
                if batch:
                    self._settle(self._commit(batch))
                    batch = []
                elif more:
                    self._checkpoint()
        finally:
            # Reached early only through a bug of ours; whoever waits must still hear of it.
            self._alive = False
            self._connection.close()
            stopped = StorageUnavailable("The log's writer has stopped; restart the server.")
            while not self._jobs.empty():
                job = self._jobs.get_nowait()
                batch += [] if job is None else [job]
            self._settle([_Outcome(job.future, None, stopped) for job in batch])

    def _take(self) -> tuple[list[_Job], bool]:
        """What waits, and whether more may come. Waits for the first job only; empty when idle with work left."""
        batch: list[_Job] = []
        try:
            job = self._jobs.get(timeout=self._idle_s if self._behind else None)
            while job is not None:
                batch.append(job)
                if len(batch) == BATCH:
                    return batch, True
                job = self._jobs.get_nowait()
        except queue.Empty:
            return batch, True
        return batch, False

    def _commit(self, batch: list[_Job]) -> list[_Outcome]:
        try:
            try:
                return self._transact(batch)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
            # Copied into the database, what the WAL holds may leave room in it for this.
            self._checkpoint()
            return self._transact(batch)
        except sqlite3.Error as error:
            failure = sqlite_file.meaning(error)
            if not self._refusing:
                logger.warning("log: appends are refused, %s", getattr(error, "sqlite_errorname", "?"))
            self._refusing = True
            return [_Outcome(job.future, None, failure) for job in batch]

    def _transact(self, batch: list[_Job]) -> list[_Outcome]:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._attempt(job) for job in batch]
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if self._refusing:
            logger.warning("log: appends are stored again")
        self._refusing, self._behind = False, True
        return outcomes

    def _attempt(self, job: _Job) -> _Outcome:
        self._connection.execute("SAVEPOINT job")
        try:
            value = job.act(self._connection)
        except StorageError as conflict:
            self._connection.execute("ROLLBACK TO job")
            return _Outcome(job.future, None, conflict)
        finally:
            if self._connection.in_transaction:
                self._connection.execute("RELEASE job")
        return _Outcome(job.future, value, None)

    def _settle(self, outcomes: list[_Outcome]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, outcomes)
        except RuntimeError:
            logger.warning("log: %d results came after the loop had closed", len(outcomes))

    def _checkpoint(self) -> None:
        """Copy the WAL into the database, and empty it when something was removed. A failure is tried again."""
        try:
            if self.erased:
                # Only here does the writer wait for readers, and not for long: when next idle it tries again.
                (patience,) = self._connection.execute("PRAGMA busy_timeout").fetchone()
                self._connection.execute("PRAGMA busy_timeout = 50")
                try:
                    busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self._connection.execute(f"PRAGMA busy_timeout = {patience}")
                self.erased = self._behind = bool(busy)
            else:
                _, frames, copied = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                self._behind = frames != copied
        except sqlite3.Error as error:
            # A full disk, mostly. The WAL holds everything; nothing is lost and nothing is in anybody's way.
            logger.debug("log: the WAL can't be copied yet, %s", getattr(error, "sqlite_errorname", "?"))


def _resolve(outcomes: list[_Outcome]) -> None:
    for future, value, error in outcomes:
        if future.done():
            continue  # its task was cancelled
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)


def _rows(session: SessionId, expected_offset: int, events: Sequence[LogRecord]) -> list[tuple[Any, ...]]:
    """The events' columns but the first; raises ValueError when they aren't the session's next."""
    for offset, record in enumerate(events, expected_offset + 1):
        if record.header.session != session or record.header.offset != offset:
            msg = f"Event {record.header.offset} of {record.header.session} can't be event {offset} of {session}."
            raise ValueError(msg)
    return [sqlite_file.columns(record) for record in events]


def _hold(connection: sqlite3.Connection, session: SessionId, term: int, expected_offset: int) -> int:
    """The session's number in the file, once term and head are found to be as expected."""
    row = connection.execute(
        "SELECT number, term, (SELECT max(offset) FROM record WHERE session = number) FROM session WHERE id = ?",
        (session,),
    ).fetchone()
    number, holder, head = row or (0, 0, None)
    if holder != term:
        msg = f"Another writer has taken over session {session}: its term is {holder}, not {term}."
        raise StaleWriter(msg)
    if (head or 0) != expected_offset:
        msg = f"The log of session {session} ends at {head or 0}, not at {expected_offset}."
        raise OffsetConflict(msg)
    return int(number)


def _insert(connection: sqlite3.Connection, session: SessionId, number: int, rows: list[tuple[Any, ...]]) -> None:
    try:
        connection.executemany(sqlite_file.INSERT, [(number, *row) for row in rows])
    except sqlite3.IntegrityError as error:
        # The offsets are the next ones, so it is the other constraint: (session, cause, n).
        msg = f"An event of that command is in the log of session {session} already."
        raise DuplicateCause(msg) from error
