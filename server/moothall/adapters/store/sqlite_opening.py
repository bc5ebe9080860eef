"""Opens Moothall's databases: a file that only its owner can read, checked to be Moothall's and of a known release."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from moothall.adapters.store.files import explained
from moothall.core.kernel.errors import ConfigurationError


class DatabaseKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of database that Moothall makes."""

    name: str
    """Its name in error messages."""
    application_id: int
    """SQLite's application id in the file's header, which identifies the program that owns the file."""
    version: int
    """Version of the schema."""
    schema: str
    """SQL statements, separated by semicolons."""
    otherwise: str
    """A sentence: what to do when another program's database is at its path."""

    def make_file(self, path: Path) -> None:
        """Make an empty file at `path` when there is none, which only its owner can read.

        Raises ConfigurationError when it can't be written.
        """
        with explained(f"The {self.name} {path} can't be opened for writing"):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    def is_new(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Whether the file is empty. Raises ConfigurationError when it is another program's or a newer release's."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application == 0 and version == 0 and tables == 0:
            return True
        if application != self.application_id:
            msg = f"{path} is not a Moothall {self.name} but another program's database. {self.otherwise}"
            raise ConfigurationError(msg)
        if version > self.version:
            msg = (
                f"The {self.name} {path} was written by a newer release (schema {version}; this one knows "
                f"{self.version}). Start that release, or restore a backup from before the upgrade."
            )
            raise ConfigurationError(msg)
        return False

    def create(self, connection: sqlite3.Connection, path: Path) -> None:
        """Create the schema in a file that was found empty."""
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have created it between the check and the lock.
        if self.is_new(connection, path):
            for statement in self.schema.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {self.application_id}")
            connection.execute(f"PRAGMA user_version = {self.version}")
        connection.execute("COMMIT")


@contextlib.contextmanager
def closed_on_failure(
    connection: sqlite3.Connection, meaning: Callable[[sqlite3.Error], ConfigurationError]
) -> Iterator[None]:
    """Close the connection when its opening fails; an error of SQLite is replaced by the error that `meaning`
    returns.
    """
    try:
        yield
    except sqlite3.Error as error:
        connection.close()
        raise meaning(error) from error
    except ConfigurationError:
        connection.close()
        raise
