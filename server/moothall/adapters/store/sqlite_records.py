"""Records in one SQLite file: what a server's log and a hub's copies of logs have in common.

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
"""Reads handed to the thread. Further ones wait in their own tasks: each is somebody's request, so their number is
bounded where connections are."""
BUSY_S = 5.0
"""How long a write waits for another process's lock before it is refused."""
IDLE_S = 1.0
"""After so long without a write the WAL is copied into the database."""


class SqliteRecords:
    """The reading half of an `EventLog`, and how its file is written. Belongs to the loop that made it."""

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
        """Records of a session after an offset, in order (`EventLog`): what is there of it."""
        return await self._read(lambda: self._reader.read(session, after, limit, lanes))

    async def head(self, session: SessionId) -> LogHead | None:
        """Where a session's log ends; None when there is none (`EventLog`)."""
        return await self._read(lambda: self._reader.head(session))

    async def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log (`EventLog`)."""
        return await self._read(self._reader.sessions)

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """Records that a command has caused (`EventLog`); reads every header."""
        return await self._read(lambda: self._reader.caused(ending))

    async def close(self) -> None:
        """Finish what was promised and let go of the files (`EventLog`). What waits is stored first. Afterwards
        everything is refused as unavailable.
        """
        if self._closed:
            return
        self._closed = True
        self._reading.submit(self._reader.close)
        await asyncio.to_thread(self._reading.shutdown)
        # The writer leaves last: it alone can fold the WAL into the file.
        self._writer.finish()
        await asyncio.to_thread(self._writer.join)
        self._let_go()

    def _let_go(self) -> None:
        """Close what else is open, once neither thread runs any more."""

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
