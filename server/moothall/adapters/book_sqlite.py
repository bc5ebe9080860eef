"""The house's book in one SQLite file beside the log: rooms, planned sessions, links. Durable when acknowledged.

It is small and seldom written, so one thread does all of it, a transaction an act.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from moothall.core.errors import ConfigurationError, StorageUnavailable
from moothall.core.ports import BookEntry

T = TypeVar("T")

FILE_NAME = "programme.sqlite3"
"""The book's name in a data folder."""
APPLICATION_ID = 0x6D6F6F62
"""`moob`, in the file's header: SQLite's way of telling whose file it is."""
SCHEMA_VERSION = 1
BUSY_S = 5.0
_SCHEMA = """
CREATE TABLE entry (
    shelf TEXT NOT NULL,
    key TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (shelf, key)
) STRICT
"""
# An entry that is written again keeps its place, so that a shelf is read in the order in which things were made.
_KEEP = """
INSERT INTO entry (shelf, key, body) VALUES (?, ?, ?) ON CONFLICT (shelf, key) DO UPDATE SET body = excluded.body
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

        Raises ConfigurationError with a sentence when it can't be opened, isn't ours, or is a newer release's.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="book")
        try:
            return cls(await asyncio.get_running_loop().run_in_executor(thread, _connect, path), thread)
        except BaseException:
            thread.shutdown(wait=False)
            raise

    async def read(self, shelf: str) -> Mapping[str, bytes]:
        """As `Book.read`."""

        def act() -> Mapping[str, bytes]:
            rows = self._connection.execute("SELECT key, body FROM entry WHERE shelf = ? ORDER BY rowid", (shelf,))
            return dict(rows.fetchall())

        return await self._do(act)

    async def write(self, entries: Sequence[BookEntry]) -> None:
        """As `Book.write`."""

        def act() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                for entry in entries:
                    if entry.body is None:
                        self._connection.execute(
                            "DELETE FROM entry WHERE shelf = ? AND key = ?", (entry.shelf, entry.key)
                        )
                    else:
                        self._connection.execute(_KEEP, (entry.shelf, entry.key, entry.body))
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

        await self._do(act)

    async def close(self) -> None:
        """As `Book.close`."""
        if not self._closed:
            self._closed = True
            self._thread.submit(self._connection.close)
            await asyncio.to_thread(self._thread.shutdown)

    async def _do(self, act: Callable[[], T]) -> T:
        if self._closed:
            msg = "The programme's store is closed."
            raise StorageUnavailable(msg)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, act)
        except sqlite3.Error as error:
            msg = f"The programme can't be stored or read at the moment ({error}). Is the disk full?"
            raise StorageUnavailable(msg) from error


def _connect(path: Path) -> sqlite3.Connection:
    try:
        # Whose links there are is nobody else's business, so only its owner reads it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        msg = f"The programme {path} can't be opened for writing: {error.strerror}."
        raise ConfigurationError(msg) from error
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    with _closed_on_failure(connection, path):
        # A rollback journal, not a WAL: what is taken out is then in no second file for long.
        for pragma in ("synchronous = FULL", "fullfsync = ON", "secure_delete = ON", "journal_mode = DELETE"):
            connection.execute(f"PRAGMA {pragma}")
        if _is_new(connection, path):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
    return connection


def _is_new(connection: sqlite3.Connection, path: Path) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and tables == 0:
        return True
    if application != APPLICATION_ID:
        msg = f"{path} is not a Moothall programme but another program's database. Move it away."
        raise ConfigurationError(msg)
    if version > SCHEMA_VERSION:
        msg = f"The programme {path} was written by a newer release. Start that release, or restore a backup."
        raise ConfigurationError(msg)
    return False


@contextlib.contextmanager
def _closed_on_failure(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        connection.close()
        msg = f"The programme {path} can't be opened: {error}. Move it away, or restore it from a backup."
        raise ConfigurationError(msg) from error
    except ConfigurationError:
        connection.close()
        raise
