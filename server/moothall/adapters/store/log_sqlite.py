"""Logs in one SQLite file: an append is durable when it returns, and concurrent appends share a transaction."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from moothall.adapters.store import sqlite_file
from moothall.adapters.store.acknowledged import SUFFIX, AcknowledgedFile, KnownLog
from moothall.adapters.store.removal_list import FILE_NAME as LIST_NAME
from moothall.adapters.store.removal_list import RemovalList
from moothall.adapters.store.sqlite_records import BUSY_S, IDLE_S, SqliteRecords
from moothall.core.backup.removed import (
    Abandoned,
    RemovalDone,
    RemovedContent,
    SessionRemoved,
    TextAct,
    TextRemoved,
    name_of,
)
from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import (
    ConfigurationError,
    DuplicateCause,
    LogMissing,
    OffsetConflict,
    StaleWriter,
    StorageError,
    StorageUnavailable,
)
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import LogHead

T = TypeVar("T")

logger = logging.getLogger(__name__)


class _Stored(NamedTuple):
    """The result of an act that was made durable in a session's log."""

    number: int
    """The session's number in the file."""
    epoch: Epoch
    offset: int
    """Offset of the log's last event."""
    act: str = ""
    """Id, on the list of removals, of the act that was carried out with it; empty for none."""


class SqliteLog(SqliteRecords):
    """The `EventLog` of a single machine. Made by `open`; belongs to the event loop that opened it.

    Another process on the same file is fenced off by terms, as any other writer is. An append whose task is cancelled
    may have been stored. An erasure is first entered on the list of removals beside the file, and entered as done once
    the data is gone.
    """

    def __init__(
        self,
        writing: sqlite3.Connection,
        reading: sqlite3.Connection,
        acknowledged: AcknowledgedFile,
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

        `busy_s`: how many seconds an append waits for another process's lock before it is refused. `idle_s`: after how
        many seconds without an append the WAL is copied into the database. `removals`: the list of removals; None for
        the list beside the log. Raises ConfigurationError with a sentence when the log can't be opened, is another
        program's file, or is a newer release's.
        """

        def connect() -> tuple[sqlite3.Connection, sqlite3.Connection, AcknowledgedFile]:
            connection = sqlite_file.open_for_writing(path, busy_s)
            try:
                beside = AcknowledgedFile(path.with_suffix(SUFFIX))
                return connection, sqlite_file.open_to_read(path), beside
            except BaseException:
                connection.close()
                raise

        log = cls(*await asyncio.to_thread(connect), removals or RemovalList(path.with_name(LIST_NAME)), idle_s)
        await log._settle()
        return log

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer: raise its term, by one or to `term`, and return its head
        (`EventLog`).
        """

        def act(connection: sqlite3.Connection) -> LogHead:
            row = connection.execute("SELECT term FROM session WHERE id = ?", (session,)).fetchone()
            if row is None and not new:
                raise LogMissing(f"There is no log of session {session}, and it isn't a new one.")
            holder = 0 if row is None else int(row[0])
            if term is not None and term <= holder:
                raise StaleWriter(f"Session {session} can't be taken over with term {term}: its term is {holder}.")
            connection.execute(
                "INSERT INTO session (id, epoch, term) VALUES (?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET term = excluded.term",
                (session, epoch, holder + 1 if term is None else term),
            )
            head = sqlite_file.read_head(connection, session)
            assert head is not None  # noqa: S101  # it was written a few lines above
            (number,) = connection.execute("SELECT number FROM session WHERE id = ?", (session,)).fetchone()
            return self._whole(session, number, head)

        return await self._write(act)

    def _whole(self, session: SessionId, number: int, head: LogHead) -> LogHead:
        """The head, with the number of times that its end was lost; detects a lost end. Called in the writer's
        thread.
        """
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

    def _note(self, stored: _Stored) -> None:
        """Record what was just made durable. Called in the writer's thread."""
        number, epoch, offset, act = stored
        self._done(act)
        known = self._acknowledged.read(number, epoch)
        self._acknowledged.write(number, epoch, KnownLog(offset, known.lost))

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, the first at `expected_offset + 1`, all of them or none (`EventLog`)."""
        rows = _rows(session, expected_offset, events)

        def act(connection: sqlite3.Connection) -> _Stored:
            number, epoch = _hold(connection, session, term, expected_offset)
            _insert(connection, session, number, rows)
            return _Stored(number, epoch, expected_offset + len(rows))

        await self._write(act, self._note)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of the events at `offsets` and append `events`, the last of which is a `body.removed`, in
        one transaction (`EventLog`). The bytes are overwritten in the file, and the WAL is emptied before this returns.
        """
        rows, reason = _rows(session, expected_offset, events), _reason(events)

        def act(connection: sqlite3.Connection) -> _Stored:
            number, epoch = _hold(connection, session, term, expected_offset)
            listed = self._list(connection, (session, number, epoch), offsets, reason)
            connection.executemany(
                "UPDATE record SET body = NULL, salt = NULL WHERE session = ? AND offset = ?",
                [(number, offset) for offset in offsets],
            )
            _insert(connection, session, number, rows)
            self._writer.erased = True
            return _Stored(number, epoch, expected_offset + len(rows), listed)

        await self._erase(act, self._note)

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log as if it had never existed; do nothing when there is none (`EventLog`). Its bytes are
        overwritten as by `remove`.
        """

        def act(connection: sqlite3.Connection) -> str:
            row = connection.execute("SELECT epoch FROM session WHERE id = ?", (session,)).fetchone()
            if row is None:
                return ""
            epoch = Epoch(row[0])
            listed = self._removals.append(lambda new: SessionRemoved(id=new.id, at=new.at, epoch=epoch))
            connection.execute(
                "DELETE FROM record WHERE session = (SELECT number FROM session WHERE id = ?)", (session,)
            )
            connection.execute("DELETE FROM session WHERE id = ?", (session,))
            self._writer.erased = True
            return listed.id

        await self._erase(act, self._done)

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """Delete the events after `after`: another log has other events at these offsets (`NodeLog`). The deletion is
        on no list of removals, since the same words may be stored elsewhere.
        """

        def act(connection: sqlite3.Connection) -> _Stored:
            row = connection.execute("SELECT number, epoch, term FROM session WHERE id = ?", (session,)).fetchone()
            if row is None:
                raise LogMissing(f"There is no log of session {session}; nothing was taken out.")
            number, epoch, held = row
            if held != term:
                raise StaleWriter(f"Session {session} has term {held}, not {term}; nothing was taken out.")
            connection.execute("DELETE FROM record WHERE session = ? AND offset > ?", (number, after))
            self._writer.erased = True
            return _Stored(int(number), Epoch(epoch), after)

        await self._write(act, self._note)

    async def mark_restored(self, session: SessionId, changes: int) -> None:
        """Store `changes` as the number of lost ends of a log that was restored from a backup, which gives its readers
        an epoch that none of them knows.
        """

        def act(connection: sqlite3.Connection) -> _Stored:
            number, epoch, offset = connection.execute(
                "SELECT number, epoch, (SELECT max(offset) FROM record WHERE session = number) "
                "FROM session WHERE id = ?",
                (session,),
            ).fetchone()
            return _Stored(int(number), Epoch(epoch), int(offset or 0))

        def note(stored: _Stored) -> None:
            self._acknowledged.write(stored.number, stored.epoch, KnownLog(stored.offset, changes))

        await self._write(act, note)

    async def held(self, acts: Iterable[TextAct]) -> list[tuple[SessionId, TextAct]]:
        """The acts of a list of removals of which the log still holds something, each with its session. Raises
        StorageUnavailable and RecordBroken.
        """
        return await self._read(lambda: self._reader.held(acts))

    async def _erase(self, act: Callable[[sqlite3.Connection], T], stored: Callable[[T], None]) -> None:
        """Do `act` as `_write` does, for an act that is entered on the list of removals."""
        try:
            await self._write(act, stored)
        except Exception:
            await self._settle()  # The act may have got as far as the list.
            raise

    async def _settle(self) -> None:
        """Enter on the list of removals the outcome of each act that was begun: a process may be killed between list
        and log.

        When that fails, the next call does it. Until then backups ask the log for the outcome.
        """
        try:
            if not RemovedContent(await asyncio.to_thread(self._removals.lines)).begun():
                return

            # No other process is between list and log during this transaction.
            def act(connection: sqlite3.Connection) -> None:
                try:
                    begun = RemovedContent(self._removals.lines()).begun()
                except ConfigurationError as error:
                    raise StorageUnavailable(str(error)) from error
                there = {line.id for _, line in sqlite_file.held(connection, begun)}
                for line in begun:
                    self._say(Abandoned if line.id in there else RemovalDone, line.id)

            await self._write(act)
        except (ConfigurationError, StorageError) as error:
            logger.warning("log: the list of removals does not say what became of each act: %s", error)

    def _done(self, act: str) -> None:
        """Enter the act of this id on the list as done; do nothing for an empty id. Called in the writer's thread."""
        if act:
            with suppress(StorageUnavailable):  # The next opening of the log enters it.
                self._say(RemovalDone, act)

    def _say(self, what: type[RemovalDone | Abandoned], act: str) -> None:
        self._removals.append(lambda new: what(id=act, at=new.at))

    def _list(
        self, connection: sqlite3.Connection, log: tuple[SessionId, int, Epoch], offsets: Sequence[int], reason: str
    ) -> str:
        """Enter on the list of removals the events at `offsets` that still have a body; return the line's id, empty
        when there are none.

        Raises StorageUnavailable.
        """
        session, number, epoch = log
        found = connection.execute(
            "SELECT offset, digest FROM record WHERE session = ? AND body IS NOT NULL "
            "AND offset IN (SELECT value FROM json_each(?)) ORDER BY offset",
            (number, msgspec.json.encode(offsets).decode()),
        ).fetchall()
        events = tuple(name_of(offset, digest) for offset, digest in found)
        if not events:
            return ""
        return self._removals.append(
            lambda new: TextRemoved(id=new.id, at=new.at, session=session, epoch=epoch, reason=reason, events=events)
        ).id

    def _let_go(self) -> None:
        self._acknowledged.close()


def _rows(session: SessionId, expected_offset: int, events: Sequence[LogRecord]) -> list[tuple[Any, ...]]:
    """Make the rows of events, without their session's number. Raises ValueError when an event isn't the session's
    next.
    """
    for offset, record in enumerate(events, expected_offset + 1):
        if record.header.session != session or record.header.offset != offset:
            msg = f"Event {record.header.offset} of {record.header.session} can't be event {offset} of {session}."
            raise ValueError(msg)
    return [sqlite_file.columns(record) for record in events]


def _reason(events: Sequence[LogRecord]) -> str:
    """The reason that the removal states; empty when `events` end with no `body.removed`."""
    said = decode_event(events[-1].body) if events and events[-1].body is not None else None
    return said.reason if isinstance(said, BodyRemoved) else ""


def _hold(connection: sqlite3.Connection, session: SessionId, term: int, expected_offset: int) -> tuple[int, Epoch]:
    """Check that term and head are as expected; return the session's number in the file and its epoch. Raises
    LogMissing, StaleWriter or OffsetConflict.
    """
    row = connection.execute(
        "SELECT number, epoch, term, (SELECT max(offset) FROM record WHERE session = number) FROM session WHERE id = ?",
        (session,),
    ).fetchone()
    if row is None:
        raise LogMissing(f"There is no log of session {session}; nothing was stored.")
    number, epoch, holder, head = row
    if holder != term:
        raise StaleWriter(f"Another writer has taken over session {session}: its term is {holder}, not {term}.")
    if (head or 0) != expected_offset:
        raise OffsetConflict(f"The log of session {session} ends at {head or 0}, not at {expected_offset}.")
    return int(number), Epoch(epoch)


def _insert(connection: sqlite3.Connection, session: SessionId, number: int, rows: list[tuple[Any, ...]]) -> None:
    try:
        connection.executemany(sqlite_file.INSERT, [(number, *row) for row in rows])
    except sqlite3.IntegrityError as error:
        # The offsets are the next ones, so the other constraint is violated: (session, cause, n).
        raise DuplicateCause(f"An event of that command is in the log of session {session} already.") from error
