"""The folder of a server's logs, spools and keys: made when missing, and held by one server at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError

LOCK_FILE = "lock"


@contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Make the folder if need be and hold it while inside; the lock goes with the process, however it ends.

    The log fences off a second writer by its terms, the spools don't. Raises ConfigurationError when the folder
    can't be used or another server has it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        msg = f"The data folder {folder} can't be used: {error.strerror}. Choose another with --data."
        raise ConfigurationError(msg) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"Another server is using the data folder {folder}. Stop it, or choose another folder with --data."
            raise ConfigurationError(msg) from error
        yield
    finally:
        os.close(descriptor)
