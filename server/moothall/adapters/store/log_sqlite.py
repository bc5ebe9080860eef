"""Logs in one SQLite file: durable when acknowledged, grouped when many write at once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from moothall.adapters.store import sqlite_file
from moothall.adapters.store.acknowledged import SUFFIX, Acknowledged, KnownLog
from moothall.adapters.store.removal_list import FILE_NAME as LIST_NAME
from moothall.adapters.store.removal_list import RemovalList
from moothall.adapters.store.sqlite_records import BUSY_S, IDLE_S, SqliteRecords
from moothall.core.backup.removed import SessionRemoved, TextRemoved, name_of
from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import DuplicateCause, OffsetConflict, StaleWriter
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogHead

logger = logging.getLogger(__name__)


class SqliteLog(SqliteRecords):
    """The `EventLog` of a single machine. Made by `open`; belongs to the loop that opened it.

    Another process on the same file is kept out by terms, as anybody else. An append whose task is cancelled
    may have been stored. What is erased is put on the list of removals beside the file, first.
    """

    def __init__(
        self,
        writing: sqlite3.Connection,
        reading: sqlite3.Connection,
        acknowledged: Acknowledged,
        removals: RemovalList,
        idle_s: float,
    ) -> None:
        super().__init__("log-reader", writing, reading, idle_s=idle_s, closed="The log is closed.")
        self._acknowledged = acknowledged
        self._removals = removals

    @classmethod
    async def open(
        cls, path: Path, *, busy_s: float = BUSY_S, idle_s: float = IDLE_S, removals: RemovalList | None = None
    ) -> SqliteLog:
        """Open the log at `path`, or make it.

        `busy_s` is how long an append waits for another process's lock before it is refused; after `idle_s` without
        an append the WAL is copied into the database. `removals`: the list of removals, if not the one beside the log.
        Raises ConfigurationError with a sentence when it can't be opened, isn't ours, or is a newer release's.
        """

        def connect() -> tuple[sqlite3.Connection, sqlite3.Connection, Acknowledged]:
            connection = sqlite_file.open_for_writing(path, busy_s)
            try:
                beside = Acknowledged(path.with_suffix(SUFFIX))
                return connection, sqlite_file.open_beside(path), beside
            except BaseException:
                connection.close()
                raise

        return cls(*await asyncio.to_thread(connect), removals or RemovalList(path.with_name(LIST_NAME)), idle_s)

    async def acquire(self, session: SessionId, epoch: Epoch) -> LogHead:
        """Take over a session's log as its writer: raise its term by one and return where it stands (`EventLog`)."""

        def act(connection: sqlite3.Connection) -> LogHead:
            connection.execute(
                "INSERT INTO session (id, epoch, term) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET term = term + 1",
                (session, epoch),
            )
            head = sqlite_file.read_head(connection, session)
            assert head is not None  # noqa: S101  # it was written two lines above
            (number,) = connection.execute("SELECT number FROM session WHERE id = ?", (session,)).fetchone()
            return self._whole(session, number, head)

        return await self._write(act)

    def _whole(self, session: SessionId, number: int, head: LogHead) -> LogHead:
        """The head, with how often its end was lost; in the writer's thread."""
        known = self._acknowledged.read(number, head.epoch)
        if known.offset > head.offset:
            logger.error(
                "session %s: the log lacks acknowledged events %d to %d; restore it from a backup",
                session,
                head.offset + 1,
                known.offset,
            )
            known = KnownLog(head.offset, known.lost + 1)
            self._acknowledged.write(number, head.epoch, known)
        return msgspec.structs.replace(head, lost=known.lost)

    def _note(self, stored: tuple[int, Epoch, int]) -> None:
        """Number, epoch and last offset of what was just made durable; in the writer's thread."""
        number, epoch, offset = stored
        known = self._acknowledged.read(number, epoch)
        self._acknowledged.write(number, epoch, KnownLog(offset, known.lost))

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, the first at `expected_offset + 1`, all of them or none (`EventLog`)."""
        rows = _rows(session, expected_offset, events)

        def act(connection: sqlite3.Connection) -> tuple[int, Epoch, int]:
            number, epoch = _hold(connection, session, term, expected_offset)
            _insert(connection, session, number, rows)
            return number, epoch, expected_offset + len(rows)

        await self._write(act, self._note)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of the events at `offsets` and append `events`, the last a `body.removed`, in one act
        (`EventLog`). The bytes are overwritten in the file, and the WAL is emptied before this returns.
        """
        rows, reason = _rows(session, expected_offset, events), _reason(events)

        def act(connection: sqlite3.Connection) -> tuple[int, Epoch, int]:
            number, epoch = _hold(connection, session, term, expected_offset)
            self._list(connection, (session, number, epoch), offsets, reason)
            connection.executemany(
                "UPDATE record SET body = NULL, salt = NULL WHERE session = ? AND offset = ?",
                [(number, offset) for offset in offsets],
            )
            _insert(connection, session, number, rows)
            self._writer.erased = True
            return number, epoch, expected_offset + len(rows)

        await self._write(act, self._note)

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log as if it had never been; no matter if there is none (`EventLog`). The bytes go as those
        of `remove` do.
        """

        def act(connection: sqlite3.Connection) -> None:
            row = connection.execute("SELECT epoch FROM session WHERE id = ?", (session,)).fetchone()
            if row is None:
                return
            epoch = Epoch(row[0])
            self._removals.append(lambda new: SessionRemoved(id=new.id, at=new.at, epoch=epoch))
            connection.execute(
                "DELETE FROM record WHERE session = (SELECT number FROM session WHERE id = ?)", (session,)
            )
            connection.execute("DELETE FROM session WHERE id = ?", (session,))
            self._writer.erased = True

        await self._write(act)

    async def mark_restored(self, session: SessionId, changes: int) -> None:
        """Give readers of a log that came from a backup the epoch of so many `changes`, which none of them has."""

        def act(connection: sqlite3.Connection) -> tuple[int, Epoch, int]:
            number, epoch, offset = connection.execute(
                "SELECT number, epoch, (SELECT max(offset) FROM record WHERE session = number) "
                "FROM session WHERE id = ?",
                (session,),
            ).fetchone()
            return int(number), Epoch(epoch), int(offset or 0)

        def note(stored: tuple[int, Epoch, int]) -> None:
            number, epoch, offset = stored
            self._acknowledged.write(number, epoch, KnownLog(offset, changes))

        await self._write(act, note)

    def _list(
        self, connection: sqlite3.Connection, log: tuple[SessionId, int, Epoch], offsets: Sequence[int], reason: str
    ) -> None:
        """Put on the list of removals what is there at `offsets`. Raises StorageUnavailable."""
        session, number, epoch = log
        found = connection.execute(
            "SELECT offset, digest FROM record WHERE session = ? AND body IS NOT NULL "
            "AND offset IN (SELECT value FROM json_each(?)) ORDER BY offset",
            (number, msgspec.json.encode(offsets).decode()),
        ).fetchall()
        events = tuple(name_of(offset, digest) for offset, digest in found)
        if events:
            self._removals.append(
                lambda new: TextRemoved(
                    id=new.id, at=new.at, session=session, epoch=epoch, reason=reason, events=events
                )
            )

    def _let_go(self) -> None:
        self._acknowledged.close()


def _rows(session: SessionId, expected_offset: int, events: Sequence[LogRecord]) -> list[tuple[Any, ...]]:
    """The events' columns but the first; raises ValueError when they aren't the session's next."""
    for offset, record in enumerate(events, expected_offset + 1):
        if record.header.session != session or record.header.offset != offset:
            msg = f"Event {record.header.offset} of {record.header.session} can't be event {offset} of {session}."
            raise ValueError(msg)
    return [sqlite_file.columns(record) for record in events]


def _reason(events: Sequence[LogRecord]) -> str:
    """Why the removal says that it is."""
    said = decode_event(events[-1].body) if events and events[-1].body is not None else None
    return said.reason if isinstance(said, BodyRemoved) else ""


def _hold(connection: sqlite3.Connection, session: SessionId, term: int, expected_offset: int) -> tuple[int, Epoch]:
    """The session's number in the file and its epoch, once term and head are found to be as expected."""
    row = connection.execute(
        "SELECT number, epoch, term, (SELECT max(offset) FROM record WHERE session = number) FROM session WHERE id = ?",
        (session,),
    ).fetchone()
    number, epoch, holder, head = row or (0, "", 0, None)
    if holder != term:
        raise StaleWriter(f"Another writer has taken over session {session}: its term is {holder}, not {term}.")
    if (head or 0) != expected_offset:
        raise OffsetConflict(f"The log of session {session} ends at {head or 0}, not at {expected_offset}.")
    return int(number), Epoch(epoch)


def _insert(connection: sqlite3.Connection, session: SessionId, number: int, rows: list[tuple[Any, ...]]) -> None:
    try:
        connection.executemany(sqlite_file.INSERT, [(number, *row) for row in rows])
    except sqlite3.IntegrityError as error:
        # The offsets are the next ones, so it is the other constraint: (session, cause, n).
        raise DuplicateCause(f"An event of that command is in the log of session {session} already.") from error
