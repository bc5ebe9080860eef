"""The house's book in one SQLite file beside the log: rooms, planned sessions, links. An entry is durable once
acknowledged.

The book is small and seldom written, so one thread does all work, each act in a transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from moothall.adapters.store.sqlite_opening import DatabaseKind, closed_on_failure
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.ports import BookEntry

T = TypeVar("T")

FILE_NAME = "book.sqlite3"
"""The book's name in a data folder."""
BUSY_S = 5.0
_SCHEMA = """
CREATE TABLE entry (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (namespace, key)
) STRICT
"""
_KIND = DatabaseKind(
    name="programme",
    application_id=0x6D6F6F62,  # `moob`
    version=1,
    schema=_SCHEMA,
    otherwise="Move it away.",
)
# An entry that is written again keeps its rowid, so that a namespace is read in the order in which entries were first
# made.
_KEEP = """
INSERT INTO entry (namespace, key, body) VALUES (?, ?, ?)
ON CONFLICT (namespace, key) DO UPDATE SET body = excluded.body
"""


class SqliteBook:
    """The `Book` of a server. Made by `open`."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> SqliteBook:
        """Open the book at `path`, or make it.

        Raises ConfigurationError with a sentence when it can't be opened, is another program's, or is a newer
        release's.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="book")
        try:
            return cls(await asyncio.get_running_loop().run_in_executor(thread, _connect, path), thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def read(self, namespace: str) -> Mapping[str, bytes]:
        """Return every entry of a namespace by its key (`Book`)."""

        def act() -> Mapping[str, bytes]:
            rows = self._connection.execute(
                "SELECT key, body FROM entry WHERE namespace = ? ORDER BY rowid", (namespace,)
            )
            return dict(rows.fetchall())

        return await self._do(act)

    async def namespaces(self) -> Sequence[str]:
        """The namespaces that have entries (`Book`)."""

        def act() -> Sequence[str]:
            return [name for (name,) in self._connection.execute("SELECT DISTINCT namespace FROM entry ORDER BY 1")]

        return await self._do(act)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """Store or remove entries (those with `body` None), all of them or none; durable when it returns (`Book`)."""

        def act() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for entry in entries:
                    if entry.body is None:
                        self._connection.execute(
                            "DELETE FROM entry WHERE namespace = ? AND key = ?", (entry.namespace, entry.key)
                        )
                    else:
                        self._connection.execute(_KEEP, (entry.namespace, entry.key, entry.body))
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

        await self._do(act)

    async def close(self) -> None:
        """Finish all acts that are waiting, and close the files (`Book`)."""
        if not self._closed:
            self._closed = True
            self._thread.submit(self._connection.close)
            await asyncio.to_thread(self._thread.shutdown)

    async def _do(self, act: Callable[[], T]) -> T:
        if self._closed:
            raise StorageUnavailable("The programme's store is closed.")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, act)
        except sqlite3.Error as error:
            msg = f"The programme can't be stored or read at the moment ({error}). Is the disk full?"
            raise StorageUnavailable(msg) from error


def _connect(path: Path) -> sqlite3.Connection:
    _KIND.make_file(path)  # The role links in it are nobody else's business.
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    with closed_on_failure(connection, partial(_cannot_open, path)):
        new = _KIND.is_new(connection, path)
        # A rollback journal, not a WAL: removed entries then don't stay for long in a second file.
        for pragma in ("synchronous = FULL", "fullfsync = ON", "secure_delete = ON", "journal_mode = DELETE"):
            connection.execute(f"PRAGMA {pragma}")
        if new:
            _KIND.create(connection, path)
    return connection


def _cannot_open(path: Path, error: sqlite3.Error) -> ConfigurationError:
    return ConfigurationError(
        f"The programme {path} can't be opened: {error}. Move it away, or restore it from a backup."
    )
