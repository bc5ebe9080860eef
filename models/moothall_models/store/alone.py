"""One process at a time writes to a folder of the store, beside what readers see.

For the folder of the models (`shelf`) and for that of the packages (`packages`), which know nothing of each other.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from moothall_models.store.progress import Progress

TEMPORARY = ".fetch-"
"""How the names of temporary folders begin."""


@contextmanager
def alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Keep others that write away, and clear what a killed one has left."""
    with (folder / ".lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("Another fetch is under way; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
