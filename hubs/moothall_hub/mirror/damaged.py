"""Set a damaged file of copies aside, so that all copies are fetched anew. What the room itself did is in another file.

Only the newest damaged file is kept, for examination, and only until words have to be erased: single words cannot be
erased in it, so the whole file is deleted.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from moothall.adapters.store.files import explained
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable

logger = logging.getLogger(__name__)

ASIDE, NOTED = ".damaged", ".found-damaged"
"""File name endings: of the file that was set aside, and of an empty file that orders this for the next start."""
_BESIDE = ("-wal", "-shm")
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class CopiesDamaged(Exception):
    """The file of copies was found to be damaged while the hub ran. The hub has to start again without it."""


def note_damage(path: Path) -> None:
    """Mark the file at `path` to be set aside at the next start, even if it can be read by then."""
    try:
        path.with_name(path.name + NOTED).touch()
    except OSError:
        logger.warning("the hub can't mark %s as damaged", path.name)


def set_aside_if_damaged(path: Path) -> bool:
    """Rename the file at `path` if it is damaged, so that a new one can be made. Return whether it was damaged.

    Raises ConfigurationError when it cannot be renamed.
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
    """Delete the damaged file that was set aside from `path`. Raises StorageUnavailable when it cannot be deleted."""
    aside = path.with_name(path.name + ASIDE)
    with explained(f"{aside} holds words that have to go, and can't be deleted", kind=StorageUnavailable):
        for beside in ("", *_BESIDE):
            aside.with_name(aside.name + beside).unlink(missing_ok=True)


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
