"""The copies of sessions on a hub's disk. A batch of events and the copy's new state are stored together or not at all.

What is acknowledged is durable (SQLite in WAL mode, `synchronous = FULL`), and what was erased is in no file any more.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from moothall.adapters.store.sqlite_file import open_for_writing, open_to_read
from moothall.adapters.store.sqlite_records import BUSY_S, IDLE_S, SqliteRecords
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import LogHead
from moothall_hub.mirror import store as mirror_sqlite
from moothall_hub.mirror.copied import CopyStep, SessionCopy, dropped
from moothall_hub.mirror.damaged import forget_set_aside, note_damage, set_aside_if_damaged

T = TypeVar("T")


class Mirror(SqliteRecords):
    """The copied logs, read like an `EventLog`. Made by `open`; belongs to the event loop that opened it."""

    def __init__(
        self, path: Path, writing: sqlite3.Connection, reading: sqlite3.Connection, *, idle_s: float = IDLE_S
    ) -> None:
        super().__init__("mirror-reader", writing, reading, idle_s=idle_s, closed="The copies are closed.")
        self.damaged = asyncio.Event()
        """Set once the file is found to be damaged. It then has to be opened again, which sets the damaged file
        aside."""
        self._path = path
        self._connection = reading

    @classmethod
    async def open(cls, path: Path, *, busy_s: float = BUSY_S, idle_s: float = IDLE_S) -> Mirror:
        """Open the copies at `path`, or make the file. `busy_s` and `idle_s` are as for `SqliteLog.open`.

        A damaged file is set aside, and the mirror is then empty. Raises ConfigurationError with a sentence when the
        file cannot be opened, is not a hub's file of copies, or was written by a newer release.
        """

        def connect() -> tuple[sqlite3.Connection, sqlite3.Connection]:
            set_aside_if_damaged(path)
            connection = open_for_writing(path, busy_s, mirror_sqlite.KIND)
            try:
                return connection, open_to_read(path, mirror_sqlite.KIND)
            except BaseException:
                connection.close()
                raise

        writing, reading = await asyncio.to_thread(connect)
        return cls(path, writing, reading, idle_s=idle_s)

    async def keep(self, step: CopyStep) -> None:
        """Store a step in one transaction. When this returns, it is durable and what it erases is gone.

        Raises StorageUnavailable, and ValueError where its records are of another session than its copy.
        """
        for record in step.records:
            if record.header.session != step.copy.session:
                at, session = record.header.offset, record.header.session
                raise ValueError(f"Event {at} of session {session} can't be one of session {step.copy.session}.")

        if step.erase:
            await asyncio.to_thread(forget_set_aside, self._path)

        def act(connection: sqlite3.Connection) -> None:
            mirror_sqlite.keep(connection, step)
            if step.erase or step.anew or step.forget is not None:
                self._writer.erased = True

        await self._write(act)

    async def drop(self, session: SessionId) -> SessionCopy:
        """Erase all that is kept of a session. If it is copied again, this begins with the first event.

        Only the wanted channels and the count `fills` are kept, so that no reader's old position passes for a new one.
        Raises StorageUnavailable.
        """
        try:
            known = await self.copy(session)
        except RecordBroken:
            known = None  # The copy may be dropped because it is broken.
        left = dropped(known or SessionCopy(session=session))
        await asyncio.to_thread(forget_set_aside, self._path)

        def act(connection: sqlite3.Connection) -> None:
            mirror_sqlite.drop(connection, left)
            self._writer.erased = True

        await self._write(act)
        return left

    async def copy(self, session: SessionId) -> SessionCopy | None:
        """Return the copy of a session; None where there never was one. Raises StorageUnavailable, RecordBroken."""
        return await self._read(lambda: mirror_sqlite.copy_of(self._connection, session))

    async def copies(self) -> Sequence[SessionCopy]:
        """Return all copies, in order of their sessions' ids. Raises StorageUnavailable, RecordBroken."""
        return await self._read(lambda: mirror_sqlite.copies(self._connection))

    async def head(self, session: SessionId) -> LogHead | None:
        """Return the end of a session's copied log; None when no event of it is here. No term is held (`EventLog`)."""
        head = await super().head(session)
        return head if head is not None and head.epoch else None

    async def sessions(self) -> Sequence[SessionId]:
        """The sessions of which events may be here, in order of their ids."""
        return [copy.session for copy in await self.copies() if copy.epoch is not None]

    async def _write(self, act: Callable[[sqlite3.Connection], T], stored: Callable[[T], None] = lambda _: None) -> T:
        try:
            return await super()._write(act, stored)
        except RecordBroken:
            self._note_damage()
            raise

    async def _read(self, act: Callable[[], T]) -> T:
        try:
            return await super()._read(act)
        except RecordBroken as error:
            # One damaged record or copy does not mean that the file is damaged.
            if isinstance(error.__cause__, sqlite3.Error):
                self._note_damage()
            raise

    def _note_damage(self) -> None:
        if not self.damaged.is_set():
            note_damage(self._path)
            self.damaged.set()
