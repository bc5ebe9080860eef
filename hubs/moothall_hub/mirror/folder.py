"""The data folder of a hub, held by one process at a time; on every system alike.

The lock is SQLite's own on an empty database: it goes with the process, however that ends, and needs no call that only
some systems have.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError

LOCK_FILE = "lock.sqlite"


@contextmanager
def hold_hub_folder(folder: Path) -> Iterator[None]:
    """Make the folder if need be, for nobody else's eyes, and hold it while inside.

    Raises ConfigurationError when it can't be used or another hub has it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The data folder {folder} can't be used: {error.strerror}. Choose another with --data."
        raise ConfigurationError(msg) from error
    try:
        connection = sqlite3.connect(folder / LOCK_FILE, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise _unusable(folder, error) from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                msg = f"Another hub is using the data folder {folder}. Stop it, or choose another folder with --data."
                raise ConfigurationError(msg) from error
            raise _unusable(folder, error) from error
        except sqlite3.Error as error:
            raise _unusable(folder, error) from error
        yield


def _unusable(folder: Path, error: sqlite3.Error) -> ConfigurationError:
    return ConfigurationError(f"The data folder {folder} can't be used: {error}. Choose another with --data.")
