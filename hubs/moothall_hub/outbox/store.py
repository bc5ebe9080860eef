"""The SQLite file of a hub's outbox: its schema and its transactions. All methods block."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from moothall.adapters.store.sqlite_file import open_for_writing, translated
from moothall.adapters.store.sqlite_opening import DatabaseKind
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.wire.hubs.acts import OpinionsAct, SupportAct
from moothall.wire.hubs.messages import Act

FILE_NAME = "outbox.sqlite"
"""The file's name in a hub's data folder."""
BUSY_S = 5.0
_SCHEMA = """
CREATE TABLE act (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    counts TEXT,
    body BLOB,
    code TEXT,
    message TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX act_waiting ON act (number) WHERE body IS NOT NULL;
CREATE INDEX act_counts ON act (counts) WHERE counts IS NOT NULL AND body IS NOT NULL
"""
"""`body` is NULL once an act was answered or replaced. `counts` identifies what absolute counts are about. Numbers
are never used again."""
_STATES = """
SELECT id, body IS NOT NULL, code, message FROM act WHERE id IN (SELECT value FROM json_each(?))
"""
KIND = DatabaseKind(
    name="outbox",
    application_id=0x6D6F6F6F,  # `mooo`
    version=1,
    schema=_SCHEMA,
    otherwise="Move it away.",
)
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Act)


class OutboxFile:
    """The outbox's SQLite file. Only one thread may use it at a time."""

    def __init__(self, path: Path, *, busy_s: float = BUSY_S) -> None:
        """Open the file, or make it. Raises ConfigurationError when this fails."""
        self._connection = open_for_writing(path, busy_s, KIND)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def put(self, act: Act, most: int) -> None:
        """Store an act, unless its id is known. Raises StorageUnavailable, also when `most` acts wait already."""
        with self._transaction() as connection:
            if connection.execute("SELECT 1 FROM act WHERE id = ?", (act.id,)).fetchone():
                return
            counts = _counts(act)
            if counts is not None:
                connection.execute("UPDATE act SET body = NULL WHERE counts = ? AND body IS NOT NULL", (counts,))
            if _count(connection) >= most:
                raise StorageUnavailable(f"The outbox is full: {most} acts wait for the connection. Nothing was kept.")
            row = (act.id, act.session, counts, _encoder.encode(act))
            connection.execute("INSERT INTO act (id, session, counts, body) VALUES (?, ?, ?, ?)", row)

    def waiting(self, limit: int, session: SessionId | None) -> list[tuple[int, Act]]:
        """Unanswered acts with their numbers, oldest first, at most `limit`; of all sessions when `session` is None."""
        where = "" if session is None else "AND session = :session"
        query = f"SELECT number, body FROM act WHERE body IS NOT NULL {where} ORDER BY number LIMIT :limit"  # noqa: S608
        with translated():
            rows = self._connection.execute(query, {"session": session, "limit": limit}).fetchall()
        return [(number, _decoder.decode(body)) for number, body in rows]

    def answered(self, act_id: CommandId, code: RefusalCode | None, message: str) -> None:
        """Store an answer, and erase the act's content. An act that was answered before keeps its first answer."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE act SET body = NULL, code = ?, message = ? WHERE id = ? AND body IS NOT NULL",
                (code, message, act_id),
            )
        with translated():
            # Afterwards the act's content is in no file any more, not even in the WAL.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def states(self, act_ids: Collection[CommandId]) -> dict[CommandId, tuple[bool, RefusalCode | None, str]]:
        """For each known act: whether it waits, and the code and message with which it was refused."""
        ids = msgspec.json.encode(list(act_ids)).decode()
        with translated():
            rows = self._connection.execute(_STATES, (ids,)).fetchall()
        return {
            CommandId(act_id): (bool(waits), None if code is None else RefusalCode(code), message)
            for act_id, waits, code, message in rows
        }

    def count(self) -> int:
        """How many acts have no answer."""
        with translated():
            return _count(self._connection)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection
        with translated():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


def _count(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM act WHERE body IS NOT NULL").fetchone()
    return int(count)


def _counts(act: Act) -> str | None:
    """The key of what absolute counts are about, so that newer ones replace them; None for other acts."""
    match act.act:
        case SupportAct(intervention=what):
            return f"{act.session} {act.hub} {what}"
        case OpinionsAct():
            return f"{act.session} {act.hub} :opinions"
        case _:
            return None
