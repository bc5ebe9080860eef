"""The SQLite file of a hub's copies: records as in a log, and each copy's state beside them.

All functions block; `moothall_hub.mirror.mirror` calls them from its threads. Sessions and records have the columns of
the log's file, so that the same code reads both. Two things differ: offsets have gaps, as a hub has only the public
lanes, and missed events are inserted before later ones. No uniqueness of the pair (cause, n) is enforced, since a hub
verifies the chain of what it takes in.
"""

from __future__ import annotations

import sqlite3

import msgspec

from moothall.adapters.store import sqlite_file
from moothall.adapters.store.sqlite_opening import DatabaseKind
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall_hub.mirror.checking import Broken
from moothall_hub.mirror.copied import CopyStep, SessionCopy

FILE_NAME = "mirror.sqlite"
"""The file's name in a hub's data folder."""
_SCHEMA = f"""
CREATE TABLE session (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    epoch TEXT NOT NULL,
    term INTEGER NOT NULL,
    copy BLOB NOT NULL
) STRICT;
CREATE TABLE record (
    {sqlite_file.RECORD_COLUMNS}
) STRICT;
CREATE INDEX record_by_lane ON record (session, lane, offset)
"""
KIND = DatabaseKind(
    name="copy of the sessions",
    application_id=0x6D6F6F6D,  # `moom`
    version=1,
    schema=_SCHEMA,
    otherwise="Move it away.",
)
_KEEP_COPY = """
INSERT INTO session (id, epoch, term, copy) VALUES (?, ?, 0, ?)
ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, copy = excluded.copy
RETURNING number
"""
_KEEP_RECORD = "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ERASE = "UPDATE record SET body = NULL, salt = NULL WHERE session = ? AND offset = ?"
_FORGET = "DELETE FROM record WHERE session = ? AND offset > ? AND offset <= ? AND lane NOT GLOB 'hub:*'"
_DROP = "DELETE FROM record WHERE session = ?"

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(SessionCopy)


def keep(connection: sqlite3.Connection, step: CopyStep) -> None:
    """Carry out a step within the open transaction."""
    number = _keep_copy(connection, step.copy)
    if step.anew:
        connection.execute(_DROP, (number,))
    if step.forget is not None:
        connection.execute(_FORGET, (number, step.forget.after, step.forget.through))
    connection.executemany(_KEEP_RECORD, [(number, *sqlite_file.columns(record)) for record in step.records])
    connection.executemany(_ERASE, [(number, offset) for offset in step.erase])


def drop(connection: sqlite3.Connection, copy: SessionCopy) -> None:
    """Erase all records of a session, and store `copy`, which is what is left."""
    connection.execute(_DROP, (_keep_copy(connection, copy),))


def copies(connection: sqlite3.Connection) -> list[SessionCopy]:
    """All copies, by their sessions' ids. A copy that cannot be read is returned as broken, so that it is fetched
    again.
    """
    rows = connection.execute("SELECT id, copy FROM session ORDER BY id").fetchall()
    return [_read_or_broken(*row) for row in rows]


def copy_of(connection: sqlite3.Connection, session: SessionId) -> SessionCopy | None:
    """A session's copy; None where there is none. Raises RecordBroken when it cannot be read."""
    row = connection.execute("SELECT id, copy FROM session WHERE id = ?", (session,)).fetchone()
    return None if row is None else _read_copy(*row)


def _keep_copy(connection: sqlite3.Connection, copy: SessionCopy) -> int:
    row = connection.execute(_KEEP_COPY, (copy.session, copy.epoch or "", _encoder.encode(copy))).fetchone()
    return int(row[0])


def _read_or_broken(session: str, stored: bytes) -> SessionCopy:
    try:
        return _read_copy(session, stored)
    except RecordBroken as error:
        return SessionCopy(session=SessionId(session), broken=Broken(0, str(error)))


def _read_copy(session: str, stored: bytes) -> SessionCopy:
    try:
        return _decoder.decode(stored)
    except msgspec.MsgspecError as error:
        msg = f"What this hub knows of its copy of session {session} can't be read: {error}. Fetch it again."
        raise RecordBroken(msg) from error
