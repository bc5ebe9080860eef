"""How our databases are opened: a file for its owner alone, that is ours, of a release that we understand."""

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
    """A sort of database that we make."""

    name: str
    """What sentences call it."""
    application_id: int
    """In the file's header: SQLite's way of telling whose file it is."""
    version: int
    """Of the schema."""
    schema: str
    """Statements with semicolons between."""
    otherwise: str
    """What to do when another program's database is in its place: a sentence."""

    def make_file(self, path: Path) -> None:
        """Make an empty file at `path` when there is none. What stands in it is for its owner alone to read.

        Raises ConfigurationError when it can't be written.
        """
        with explained(f"The {self.name} {path} can't be opened for writing"):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

    def is_new(self, connection: sqlite3.Connection, path: Path) -> bool:
        """Whether the file is empty; raises ConfigurationError when it is somebody else's or a newer release's."""
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
        """Lay out a file that was found empty."""
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have made it between the look and the lock.
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
    """Close a connection that can't be had after all; SQLite's errors become what `meaning` makes of them."""
    try:
        yield
    except sqlite3.Error as error:
        connection.close()
        raise meaning(error) from error
    except ConfigurationError:
        connection.close()
        raise
