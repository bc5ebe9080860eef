"""The file that holds every session's log: its schema, its opening, the meaning of its errors, and its reading.

All functions block; `moothall.adapters.store.log_sqlite` calls them in its threads, `moothall verify` directly.
"""

from __future__ import annotations

import contextlib
import errno
import heapq
import itertools
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from moothall.adapters.store.files import explained
from moothall.adapters.store.sqlite_opening import DatabaseKind, closed_on_failure
from moothall.adapters.system import owners
from moothall.core.backup.removed import SessionRemoved, TextAct, TextRemoved, name_of
from moothall.core.chain import LogRecord, decode_header
from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogHead

FILE_NAME = "moothall.sqlite"
"""The log's name in a data folder."""

RECORD_COLUMNS = """session INTEGER NOT NULL REFERENCES session (number),
    offset INTEGER NOT NULL,
    lane TEXT NOT NULL,
    cause TEXT NOT NULL,
    n INTEGER NOT NULL,
    header BLOB NOT NULL,
    salt BLOB,
    body BLOB,
    body_digest BLOB NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (session, offset)"""
"""The columns of a record, and its key. A hub's copies have the same."""
_SCHEMA = f"""
CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    term INTEGER NOT NULL
) STRICT;
CREATE TABLE record (
    {RECORD_COLUMNS},
    UNIQUE (session, cause, n)
) STRICT;
CREATE INDEX record_by_lane ON record (session, lane, offset);
"""
_KIND = DatabaseKind(
    name="log",
    application_id=0x6D6F6F74,  # `moot`
    version=1,
    schema=_SCHEMA,
    otherwise="Name another file.",
)

INSERT = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
"""Its parameters are the session's number and the values of `columns`."""
_READ_ALL = """
SELECT offset, lane, cause, n, header, salt, body, body_digest, digest FROM record
WHERE session = ? AND offset > ? ORDER BY offset LIMIT ?
"""
_READ_THESE = """
SELECT offset, lane, cause, n, header, salt, body, body_digest, digest FROM record
WHERE session = ? AND offset IN (SELECT value FROM json_each(?)) ORDER BY offset
"""
_CAUSED = """
SELECT session.id, offset, lane, cause, n, header, salt, body, body_digest, digest
FROM record JOIN session ON session.number = record.session
WHERE record.rowid IN (SELECT rowid FROM record WHERE substr(cause, -length(:ending)) = :ending)
ORDER BY session.id, offset
"""
"""The subquery scans an index from end to end, and reads no body."""
_PAGE = 500
"""How many records are read at a time when all are wanted."""
_LANE_OFFSETS = "SELECT offset FROM record WHERE session = ? AND lane = ? AND offset > ? ORDER BY offset LIMIT ?"
_LANE_HEADS = """
WITH RECURSIVE known (lane) AS (
    SELECT min(lane) FROM record WHERE session = :session
    UNION ALL
    SELECT (SELECT min(record.lane) FROM record WHERE session = :session AND record.lane > known.lane)
    FROM known WHERE lane IS NOT NULL
)
SELECT known.lane, record.offset, record.digest
FROM known JOIN record ON record.session = :session AND record.offset =
    (SELECT max(offset) FROM record WHERE session = :session AND lane = known.lane)
"""
"""Makes one step in the index per lane, however long the log is."""

_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: "The disk that holds the log is full; nothing was stored.",
    sqlite3.SQLITE_READONLY: "The log can't be written: its file or folder is read-only.",
    sqlite3.SQLITE_BUSY: "Another process holds the log; nothing was stored.",
    sqlite3.SQLITE_LOCKED: "Another process holds the log; nothing was stored.",
    sqlite3.SQLITE_PERM: "The log can't be written: the file's permissions forbid it.",
    sqlite3.SQLITE_CANTOPEN: "The log's file can't be opened.",
    sqlite3.SQLITE_IOERR: "The disk refused to read or write the log; nothing was stored.",
    sqlite3.SQLITE_NOMEM: "There is no memory left for the log; nothing was stored.",
    sqlite3.SQLITE_PROTOCOL: "Another process holds the log; nothing was stored.",
}


_DAMAGED = "The log's file is damaged; restore it from a backup."


def meaning(error: sqlite3.Error) -> Exception:
    """Return Moothall's error for an error of SQLite. An error that only a bug of Moothall can cause is returned
    unchanged.
    """
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Text that is no UTF-8 raises an error without a code, and so does a misuse of the library.
        misused = isinstance(error, (sqlite3.ProgrammingError, sqlite3.InterfaceError))
        return error if misused else RecordBroken(_DAMAGED)
    primary = code & 0xFF
    if primary in _UNAVAILABLE:
        return StorageUnavailable(_UNAVAILABLE[primary])
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return RecordBroken(_DAMAGED)
    return error


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise Moothall's errors in place of SQLite's."""
    try:
        yield
    except sqlite3.Error as error:
        raise meaning(error) from error


def open_for_writing(path: Path, busy_s: float, kind: DatabaseKind = _KIND) -> sqlite3.Connection:
    """Open the log at `path`, making file and folders when they don't exist.

    Its statements wait `busy_s` seconds when another process holds the file. `kind`: another kind of database that is
    stored like a log. Raises ConfigurationError when the file isn't a Moothall log, is of a newer release or can't be
    opened.
    """
    with explained(f"The {kind.name} {path} can't be opened for writing"):
        path.parent.mkdir(parents=True, exist_ok=True)
    kind.make_file(path)  # The file also holds texts that are not published. SQLite gives the WAL the same mode.
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    with closed_on_failure(connection, partial(_cannot_open, path, kind.name)):
        new = kind.is_new(connection, path)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            what = f"The {kind.name} {path}"
            msg = f"{what} needs a file system with shared memory (for SQLite's WAL); a network drive won't do."
            raise ConfigurationError(msg)
        if new:
            kind.create(connection, path)
        for pragma in (
            "synchronous = FULL",
            "fullfsync = ON",  # has an effect on macOS only, where fsync alone leaves data in the drive's cache
            "secure_delete = ON",  # overwrites what is removed, and doesn't only unlink it
            "wal_autocheckpoint = 1000",  # pages; for a log that is never idle
            "journal_size_limit = 4194304",  # bytes; shrinks the WAL again after a burst
        ):
            connection.execute(f"PRAGMA {pragma}")
    return connection


def open_to_read(path: Path, kind: DatabaseKind = _KIND) -> sqlite3.Connection:
    """Open the log at `path` for reading while this process has it open for writing."""
    return _connect_readonly(path, "mode=ro", kind)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing log, in use or not, without changing anything in its folder.

    Raises ConfigurationError when there is none, it isn't a Moothall log, or it is of a newer release.
    """
    if not path.is_file():
        raise ConfigurationError(f"There is no log at {path}.")
    # A process that has a log open has a WAL beside it. Without a WAL no process has it open, and SQLite is told that
    # nothing will change: otherwise it would leave files of its own there, which a server under another user could not
    # write.
    in_use = path.with_name(path.name + "-wal").exists()
    return _connect_readonly(path, "mode=ro" if in_use else "immutable=1")


def _connect_readonly(path: Path, how: str, kind: DatabaseKind = _KIND) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{how}"
    try:
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise _cannot_open(path, kind.name, error) from error
    with closed_on_failure(connection, partial(_cannot_open, path, kind.name)):
        if kind.is_new(connection, path):
            raise ConfigurationError(f"{path} is empty: it holds no {kind.name} yet.")
    return connection


def _cannot_open(path: Path, name: str, error: sqlite3.Error) -> ConfigurationError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return ConfigurationError(f"{path} is not a Moothall {name}: it is no database at all. Move it away.")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        # Without room for its shared memory SQLite reports an I/O error.
        return ConfigurationError(f"The {name} {path} can't be opened ({error}). Is its disk full? Make room there.")
    advice = "" if os.access(path, os.R_OK) else owners.advice(PermissionError(errno.EACCES, "denied", str(path)))
    return ConfigurationError(f"The {name} {path} can't be opened: {error}. {advice}".rstrip())


class LogReader:
    """Reads the logs of one file over one connection. To be used from one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def sessions(self) -> list[SessionId]:
        """All sessions, in order of their names."""
        with translated():
            names = self._connection.execute("SELECT CAST(id AS BLOB) FROM session ORDER BY id")
            # An id that can't be decoded must not hide the others; with replaced characters it is no session's id.
            return [SessionId(name.decode("utf-8", "replace")) for (name,) in names]

    def head(self, session: SessionId) -> LogHead | None:
        """The head of a session's log; None for an unknown session."""
        with self._transaction():
            return read_head(self._connection, session)

    def read(
        self, session: SessionId, after: int, limit: int, lanes: Collection[Lane] | None = None
    ) -> list[LogRecord]:
        """Return at most `limit` records of a session after an offset, in order, of all lanes or of `lanes`
        (`EventLog`). Raises RecordBroken.
        """
        with self._transaction():
            row = self._connection.execute("SELECT number FROM session WHERE id = ?", (session,)).fetchone()
            if row is None:
                return []
            (number,) = row
            if lanes is None:
                rows = self._connection.execute(_READ_ALL, (number, after, limit)).fetchall()
            else:
                offsets = self._offsets(number, after, limit, lanes)
                wanted = msgspec.json.encode(offsets).decode()
                rows = self._connection.execute(_READ_THESE, (number, wanted)).fetchall()
        return [_record(session, *row) for row in rows]

    def all(self, session: SessionId) -> Iterator[LogRecord]:
        """Yield all records of a session, in order, reading a page at a time. Raises RecordBroken."""
        after = 0
        while page := self.read(session, after, _PAGE):
            yield from page
            after = page[-1].header.offset

    def caused(self, ending: str) -> list[LogRecord]:
        """Return the records of all sessions whose cause ends with `ending` (`EventLog`), without damaged ones."""
        with self._transaction():
            rows = self._connection.execute(_CAUSED, {"ending": ending}).fetchall()
        found: list[LogRecord] = []
        for row in rows:
            with contextlib.suppress(RecordBroken):
                found.append(_record(*row))
        return found

    def held(self, acts: Iterable[TextAct]) -> list[tuple[SessionId, TextAct]]:
        """The acts of a list of removals of which the logs still hold something (`held`)."""
        with self._transaction():
            return held(self._connection, acts)

    def _offsets(self, number: int, after: int, limit: int, lanes: Collection[Lane]) -> list[int]:
        """The first `limit` offsets after `after` in any of `lanes`; reads the index only, `limit` rows a lane."""
        found = [
            [offset for (offset,) in self._connection.execute(_LANE_OFFSETS, (number, lane, after, limit))]
            for lane in lanes
        ]
        return list(itertools.islice(heapq.merge(*found), limit))

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """Begin a transaction, so that all statements within see one state of the file: lanes read one after the other
        must be consistent.
        """
        with translated():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def held(connection: sqlite3.Connection, acts: Iterable[TextAct]) -> list[tuple[SessionId, TextAct]]:
    """The acts of a list of removals of which the logs still hold something, each with its session.

    Reads the sessions once, and for each log one index entry for each event that was removed; no body.
    """
    logs = {
        Epoch(epoch): (number, SessionId(name.decode("utf-8", "replace")))
        for number, name, epoch in connection.execute("SELECT number, CAST(id AS BLOB), epoch FROM session")
    }
    known = [act for act in acts if act.epoch in logs]
    offsets: dict[Epoch, list[int]] = {}
    for act in known:
        if isinstance(act, TextRemoved):
            offsets.setdefault(act.epoch, []).extend(offset for offset, _ in act.events)
    there = {
        epoch: {
            name_of(offset, digest)
            for offset, digest in connection.execute(
                "SELECT offset, digest FROM record WHERE session = ? AND body IS NOT NULL "
                "AND offset IN (SELECT value FROM json_each(?))",
                (logs[epoch][0], msgspec.json.encode(wanted).decode()),
            )
        }
        for epoch, wanted in offsets.items()
    }
    return [
        (logs[act.epoch][1], act)
        for act in known
        if isinstance(act, SessionRemoved) or not there[act.epoch].isdisjoint(act.events)
    ]


def read_head(connection: sqlite3.Connection, session: SessionId) -> LogHead | None:
    """The head of a session's log, read in the open transaction; None for an unknown session."""
    row = connection.execute("SELECT number, epoch, term FROM session WHERE id = ?", (session,)).fetchone()
    if row is None:
        return None
    number, epoch, term = row
    lanes = {
        Lane(lane): LaneHead(offset=offset, digest=_blob(digest, session, offset).hex())
        for lane, offset, digest in connection.execute(_LANE_HEADS, {"session": number})
    }
    offset = max((head.offset for head in lanes.values()), default=0)
    return LogHead(epoch=Epoch(epoch), term=term, offset=offset, lanes=lanes)


def columns(record: LogRecord) -> tuple[Any, ...]:
    """The values of a record's columns, without its session's number."""
    header = record.header
    key_columns = (header.offset, header.lane, header.cause, header.n)
    return (*key_columns, record.header_bytes, record.salt, record.body, record.body_digest, record.digest)


def _record(session: SessionId, offset: int, lane: str, cause: str, n: int, *stored: Any) -> LogRecord:
    header_bytes, body_digest, digest = (_blob(stored[n], session, offset) for n in (0, 3, 4))
    salt, body = (None if stored[n] is None else _blob(stored[n], session, offset) for n in (1, 2))
    try:
        header = decode_header(header_bytes)
    except Unreadable as error:
        raise RecordBroken(f"The header of event {offset} of session {session} can't be read.") from error
    if (header.session, header.offset, header.lane, header.cause, header.n) != (session, offset, lane, cause, n):
        raise RecordBroken(f"Event {offset} of session {session} is stored under a place that its header doesn't name.")
    return LogRecord(
        header=header, header_bytes=header_bytes, salt=salt, body=body, body_digest=body_digest, digest=digest
    )


def _blob(stored: object, session: SessionId, offset: int) -> bytes:
    """The bytes of a column. Raises RecordBroken for another type, which a damaged page may report."""
    if isinstance(stored, bytes):
        return stored
    raise RecordBroken(f"Event {offset} of session {session} holds something else than bytes.")
