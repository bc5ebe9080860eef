"""The copies of sessions on a hub's disk: a batch and what is believed after it are stored together, or neither is.

What is acknowledged is durable (SQLite in WAL mode, `synchronous = FULL`), and what was erased is in no file any more.
One thread writes, another reads, as with the log (`moothall.adapters.store.log_sqlite`).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from moothall.adapters.store.sqlite_file import LogReader, open_beside, open_for_writing, translated
from moothall.adapters.store.sqlite_writer import Job, SqliteWriter
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Lane, SessionId
from moothall.core.ports import LogHead
from moothall_hub.mirror import store as mirror_sqlite
from moothall_hub.mirror.copied import Copy, Step, dropped
from moothall_hub.mirror.damaged import forget_set_aside, note_damage, set_aside_if_damaged

T = TypeVar("T")

WAITING_READS = 64
"""Reads handed to the thread. Further ones wait in their own tasks: each is somebody's request, so their number is
bounded where connections are."""
BUSY_S = 5.0
IDLE_S = 1.0


class Mirror:
    """See the module; it is read as an `EventLog` is. Made by `open`; belongs to the loop that opened it."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, reading: sqlite3.Connection, *, idle_s: float = IDLE_S
    ) -> None:
        self.damaged = asyncio.Event()
        """Set once the file turns out to be damaged: then it has to be opened anew, which sets it aside."""
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._writer = SqliteWriter(connection, self._loop, idle_s)
        self._connection = reading
        self._reader = LogReader(reading)
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mirror-reader")
        self._reads = asyncio.Semaphore(WAITING_READS)
        self._closed = False
        self._writer.start()

    @classmethod
    async def open(cls, path: Path, *, busy_s: float = BUSY_S, idle_s: float = IDLE_S) -> Mirror:
        """Open the copies at `path`, or make the file. `busy_s` and `idle_s` are as for `SqliteLog.open`.

        A damaged file is set aside, and there are no copies then. Raises ConfigurationError with a sentence when it
        can't be opened, isn't ours, or is a newer release's.
        """

        def connect() -> tuple[sqlite3.Connection, sqlite3.Connection]:
            set_aside_if_damaged(path)
            connection = open_for_writing(path, busy_s, mirror_sqlite.KIND)
            try:
                return connection, open_beside(path, mirror_sqlite.KIND)
            except BaseException:
                connection.close()
                raise

        writing, reading = await asyncio.to_thread(connect)
        return cls(path, writing, reading, idle_s=idle_s)

    async def keep(self, step: Step) -> None:
        """Store a step whole; durable when this returns, and what it erases is gone.

        Raises StorageUnavailable, and ValueError where its records are of another session than its copy.
        """
        for record in step.records:
            if record.header.session != step.copy.session:
                at, session = record.header.offset, record.header.session
                msg = f"Event {at} of session {session} can't be one of session {step.copy.session}."
                raise ValueError(msg)

        if step.erase:
            await asyncio.to_thread(forget_set_aside, self._path)

        def act(connection: sqlite3.Connection) -> None:
            mirror_sqlite.keep(connection, step)
            if step.erase or step.anew or step.forget is not None:
                self._writer.erased = True

        await self._write(act)

    async def drop(self, session: SessionId) -> Copy:
        """Erase all that is kept of a session; what comes back is followed from the first event on.

        Only the copy's wishes stay, and a count, so that nothing that readers have passes for new.
        Raises StorageUnavailable.
        """
        try:
            known = await self.copy(session)
        except RecordBroken:
            known = None  # Which may be why it is dropped.
        left = dropped(known or Copy(session=session))
        await asyncio.to_thread(forget_set_aside, self._path)

        def act(connection: sqlite3.Connection) -> None:
            mirror_sqlite.drop(connection, left)
            self._writer.erased = True

        await self._write(act)
        return left

    async def copy(self, session: SessionId) -> Copy | None:
        """How far the copy of a session is; None where there never was one. Raises StorageUnavailable, RecordBroken."""
        return await self._read(lambda: mirror_sqlite.copy_of(self._connection, session))

    async def copies(self) -> Sequence[Copy]:
        """All of them, in order of their sessions' names. Raises as `copy` does."""
        return await self._read(lambda: mirror_sqlite.copies(self._connection))

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """As `EventLog.read`: what is there of it."""
        return await self._read(lambda: self._reader.read(session, after, limit, lanes))

    async def head(self, session: SessionId) -> LogHead | None:
        """As `EventLog.head`; None as well for a session of which nothing has come. Nobody's term holds it."""
        head = await self._read(lambda: self._reader.head(session))
        return head if head is not None and head.epoch else None

    async def sessions(self) -> Sequence[SessionId]:
        """Those of which something may have come, in order of their names."""
        return [copy.session for copy in await self.copies() if copy.epoch is not None]

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """As `EventLog.caused`; reads every header."""
        return await self._read(lambda: self._reader.caused(ending))

    async def close(self) -> None:
        """Store what waits, and let go of the file. Afterwards everything is refused as unavailable."""
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
        self._writer.submit(Job(act, future))
        try:
            return await future
        except RecordBroken:
            self._note_damage()
            raise

    async def _read(self, act: Callable[[], T]) -> T:
        def translating() -> T:
            with translated():
                return act()

        async with self._reads:
            self._refuse_when_closed()
            try:
                return await self._loop.run_in_executor(self._reading, translating)
            except RecordBroken as error:
                if isinstance(error.__cause__, sqlite3.Error):  # And not one record or copy alone.
                    self._note_damage()
                raise

    def _note_damage(self) -> None:
        if not self.damaged.is_set():
            note_damage(self._path)
            self.damaged.set()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            msg = "The copies are closed."
            raise StorageUnavailable(msg)
