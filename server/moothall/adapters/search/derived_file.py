"""SQLite files that are derived from the logs and can be lost: one that can't be used is replaced by an empty one.

What is deleted in them is overwritten, since it may be words that were removed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from moothall.adapters.store.sqlite_opening import DatabaseKind
from moothall.core.kernel.errors import ConfigurationError

BUSY_S = 5.0
MADE_BY = "CREATE TABLE made_by (what TEXT NOT NULL) STRICT"
"""A statement of the schema of each such file."""

T = TypeVar("T")


def opened(
    path: Path, kind: DatabaseKind, made_by: str, read: Callable[[sqlite3.Connection], T]
) -> tuple[sqlite3.Connection, T]:
    """Open a file, or make it; return the connection, and what `read` returns of it.

    A file that is damaged, another program's, or made by something else than `made_by` is replaced by an empty one.
    Raises sqlite3.Error and OSError where that can't be done now.
    """
    try:
        return _opened(path, kind, made_by, read)
    except (sqlite3.DatabaseError, ConfigurationError) as error:
        if not (isinstance(error, ConfigurationError) or is_damage(error)):
            raise
        delete_file(path)
        return _opened(path, kind, made_by, read)


def is_damage(error: BaseException | None) -> bool:
    """Whether an error says that a file is damaged. Others pass, such as a full disk, and are OperationalError."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def delete_file(path: Path) -> None:
    """Delete a file, with what SQLite keeps beside it. Raises OSError."""
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        each.unlink(missing_ok=True)


def _opened(
    path: Path, kind: DatabaseKind, made_by: str, read: Callable[[sqlite3.Connection], T]
) -> tuple[sqlite3.Connection, T]:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # Only its owner may read it, and the WAL likewise.
    connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _set_up(connection)
        if kind.is_new(connection, path):
            kind.create(connection, path)
            connection.execute("INSERT INTO made_by VALUES (?)", (made_by,))
        elif connection.execute("SELECT what FROM made_by").fetchone() != (made_by,):
            raise sqlite3.DatabaseError("It was made by something else.")
        return connection, read(connection)
    except BaseException as error:
        connection.close()
        if isinstance(error, msgspec.MsgspecError):
            raise sqlite3.DatabaseError("What is stored can't be read.") from error
        raise


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in (
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "secure_delete = ON",
        "journal_size_limit = 4194304",
    ):
        with closing(connection.execute(f"PRAGMA {pragma}")) as answer:
            answer.fetchone()
