"""A file of copies that is damaged: it is set aside, and all of it is fetched anew. What the room did is elsewhere.

Only the newest one that was set aside is kept, for examination, and only until words have to be erased:
single ones can't be erased there, so all of it goes.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable

logger = logging.getLogger(__name__)

ASIDE, NOTED = ".damaged", ".found-damaged"
"""Ends of names: of the file that was set aside, and of an empty one that says that it has to be at the next start."""
_BESIDE = ("-wal", "-shm")
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class CopiesDamaged(Exception):
    """The file of copies turned out to be damaged while the hub ran: it has to begin anew, without that file."""


def note_damage(path: Path) -> None:
    """Have the file at `path` set aside at the next start, even if it reads well by then."""
    try:
        path.with_name(path.name + NOTED).touch()
    except OSError:
        logger.warning("the hub can't mark %s as damaged", path.name)


def set_aside_if_damaged(path: Path) -> bool:
    """Rename the file at `path` where it is damaged, so that another one can be made; whether it was.

    Raises ConfigurationError when it can't be renamed.
    """
    noted = path.with_name(path.name + NOTED)
    if not noted.exists() and not _is_damaged(path):
        return False
    aside = path.with_name(path.name + ASIDE)
    try:
        for beside in ("", *_BESIDE):
            file = path.with_name(path.name + beside)
            if file.exists():
                file.replace(aside.with_name(aside.name + beside))
        noted.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path} is damaged and can't be renamed: {error.strerror}. Move it away.") from error
    logger.error("%s is damaged; the hub keeps it as %s and fetches all copies again", path.name, aside.name)
    return True


def forget_set_aside(path: Path) -> None:
    """Delete what was set aside of the file at `path`. Raises StorageUnavailable when it can't be."""
    aside = path.with_name(path.name + ASIDE)
    try:
        for beside in ("", *_BESIDE):
            aside.with_name(aside.name + beside).unlink(missing_ok=True)
    except OSError as error:
        msg = f"{aside} holds words that have to go, and can't be deleted: {error.strerror}."
        raise StorageUnavailable(msg) from error


def _is_damaged(path: Path) -> bool:
    """Read the whole file once. Other errors than damage are left to the code that opens it."""
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE
    return bool(found != "ok")
