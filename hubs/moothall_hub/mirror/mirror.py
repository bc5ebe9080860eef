"""The copies of sessions on a hub's disk: a batch and what is believed after it are stored together, or neither is.

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
from moothall_hub.mirror.copied import Copy, CopyStep, dropped
from moothall_hub.mirror.damaged import forget_set_aside, note_damage, set_aside_if_damaged

T = TypeVar("T")


class Mirror(SqliteRecords):
    """The copied logs, read like an `EventLog`. Made by `open`; belongs to the event loop that opened it."""

    def __init__(
        self, path: Path, writing: sqlite3.Connection, reading: sqlite3.Connection, *, idle_s: float = IDLE_S
    ) -> None:
        super().__init__("mirror-reader", writing, reading, idle_s=idle_s, closed="The copies are closed.")
        self.damaged = asyncio.Event()
        """Set once the file turns out to be damaged: then it has to be opened anew, which sets it aside."""
        self._path = path
        self._connection = reading

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
                return connection, open_to_read(path, mirror_sqlite.KIND)
            except BaseException:
                connection.close()
                raise

        writing, reading = await asyncio.to_thread(connect)
        return cls(path, writing, reading, idle_s=idle_s)

    async def keep(self, step: CopyStep) -> None:
        """Store a step whole; durable when this returns, and what it erases is gone.

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

    async def drop(self, session: SessionId) -> Copy:
        """Erase all that is kept of a session; if it is copied again, then from the first event on.

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

    async def head(self, session: SessionId) -> LogHead | None:
        """Where a session's log ends; None when nothing of it has come. No term holds it (`EventLog`)."""
        head = await super().head(session)
        return head if head is not None and head.epoch else None

    async def sessions(self) -> Sequence[SessionId]:
        """Those of which something may have come, in order of their names."""
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
            if isinstance(error.__cause__, sqlite3.Error):  # And not one record or copy alone.
                self._note_damage()
            raise

    def _note_damage(self) -> None:
        if not self.damaged.is_set():
            note_damage(self._path)
            self.damaged.set()
