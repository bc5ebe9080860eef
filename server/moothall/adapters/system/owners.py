"""Whose a file or folder is, and what to do when this process may not use it."""

from __future__ import annotations

import os
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError

ROOT = 0


def denied(error: PermissionError) -> str:
    """Two sentences: what was denied, and what to do. The second is missing where the owner is not the reason."""
    return f"{error.filename} can't be used: {error.strerror}. {advice(error)}".rstrip()


def advice(error: OSError) -> str:
    """A sentence that says what to do if a path was denied because it belongs to another user; otherwise empty.

    Where the path itself can't be looked at, the nearest folder above it that can be is named.
    """
    if not isinstance(error, PermissionError) or not isinstance(error.filename, str) or not hasattr(os, "geteuid"):
        return ""
    path = _visible(Path(error.filename).absolute())
    owner, me = path.stat().st_uid, os.geteuid()
    if owner == me:
        return ""
    do = f"Run this as {user(owner)} (`sudo -u`)."
    if owner == ROOT:
        do = "Name another path, or change its owner (`chown`)."
    return f"{path} belongs to {user(owner)}, and this runs as {user(me)}. {do}"


def refuse_root(path: Path) -> None:
    """Raise ConfigurationError where root would write to a path that belongs to another user, or if it is missing to
    the folder in which it would be made: that user could not use what root makes.
    """
    there = _visible(path.absolute())
    owner = there.stat().st_uid
    if os.geteuid() == ROOT != owner:
        raise ConfigurationError(
            f"{there} belongs to {user(owner)}, who could not use what root makes in it. Run this as {user(owner)} "
            "(`sudo -u`)."
        )


def user(number: int) -> str:
    """The name of a user, or the number if it has no name on this machine."""
    try:
        import pwd  # not on Windows, where a hub may run

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"


def _visible(path: Path) -> Path:
    """The absolute path, or the nearest folder above it that can be looked at."""
    while True:
        try:
            path.stat()
        except OSError:
            path = path.parent
        else:
            return path
