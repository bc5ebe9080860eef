"""Records in one SQLite file: the part that a server's log and a hub's copies of logs share.

One thread writes (`sqlite_writer.py`). Another reads, over a connection of its own: in WAL mode neither waits for the
other.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from moothall.adapters.store.sqlite_file import LogReader, translated
from moothall.adapters.store.sqlite_writer import Job, SqliteWriter
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.ports import LogHead

T = TypeVar("T")

WAITING_READS = 64
"""The most reads handed to the thread at once. Further reads wait in their own tasks: each is a request of a
connection, and connections are bounded.
"""
BUSY_S = 5.0
"""How many seconds a write waits for another process's lock before it is refused."""
IDLE_S = 1.0
"""After how many seconds without a write the WAL is copied into the database."""


class SqliteRecords:
    """The reading half of an `EventLog`, and the way to write its file. Belongs to the event loop that made it."""

    def __init__(
        self, name: str, writing: sqlite3.Connection, reading: sqlite3.Connection, *, idle_s: float, closed: str
    ) -> None:
        """`name`: of the reading thread. `closed`: the sentence with which everything is refused after `close`."""
        self._loop = asyncio.get_running_loop()
        self._writer = SqliteWriter(writing, self._loop, idle_s)
        self._reader = LogReader(reading)
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._reads = asyncio.Semaphore(WAITING_READS)
        self._closed = False
        self._closed_sentence = closed
        self._writer.start()

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Return at most `limit` records of a session after an offset, in order (`EventLog`)."""
        return await self._read(lambda: self._reader.read(session, after, limit, lanes))

    async def head(self, session: SessionId) -> LogHead | None:
        """The head of a session's log; None when there is no log (`EventLog`)."""
        return await self._read(lambda: self._reader.head(session))

    async def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log (`EventLog`)."""
        return await self._read(self._reader.sessions)

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """Return the records whose cause ends with `ending` (`EventLog`); scans an index of all records."""
        return await self._read(lambda: self._reader.caused(ending))

    async def close(self) -> None:
        """Store all writes that wait, then close the files (`EventLog`). Afterwards everything is refused as
        unavailable.
        """
        if self._closed:
            return
        self._closed = True
        self._reading.submit(self._reader.close)
        await asyncio.to_thread(self._reading.shutdown)
        # The writer ends last: only it can copy the WAL into the file.
        self._writer.finish()
        await asyncio.to_thread(self._writer.join)
        self._let_go()

    def _let_go(self) -> None:
        """Close further files, once both threads have ended."""

    async def _write(self, act: Callable[[sqlite3.Connection], T], stored: Callable[[T], None] = lambda _: None) -> T:
        """Do `act` in the writer's transaction; durable when this returns. `stored`: as `Job.stored`."""
        self._refuse_when_closed()
        future: asyncio.Future[T] = self._loop.create_future()
        self._writer.submit(Job(act, future, stored))
        return await future

    async def _read(self, act: Callable[[], T]) -> T:
        """Do `act` in the reader's thread."""

        def translating() -> T:
            with translated():
                return act()

        async with self._reads:
            self._refuse_when_closed()
            return await self._loop.run_in_executor(self._reading, translating)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable(self._closed_sentence)
