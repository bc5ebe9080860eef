"""Puts a model's folder into the store as a whole: it is either complete and on the disk, or absent.

A folder is made beside the others under a temporary name, and renamed. Only one process at a time may write to a folder
of the store; another says that it waits. All kinds of models come into the store this way.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from moothall_models.store.progress import Progress

TEMPORARY = ".fetch-"
"""Prefix of the names of temporary folders."""
LOOK_S = 0.2
"""Seconds between two looks whether another process has let go of a folder."""
SAY_EVERY = 150
"""Looks after which it is said again that it has not: half a minute."""


@contextmanager
def alone(folder: Path, progress: Progress, pause: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold the folder's lock against other processes, and remove temporary folders that killed processes have left.

    While another process holds it this is said again and again: whoever hears nothing takes a process for hung.
    """
    with (folder / ".lock").open("wb") as lock:
        for looked in itertools.count():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not looked % SAY_EVERY:
                    progress.say("Another fetch is under way; waiting for it.")
                pause(LOOK_S)
        for left in folder.glob(f"{TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def temporary(folder: Path) -> Iterator[Path]:
    """A temporary folder in `folder`, deleted with what is left in it at the end. Raises OSError."""
    work = Path(tempfile.mkdtemp(prefix=TEMPORARY, dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def replace(new: Path, target: Path) -> None:
    """Put the complete folder `new`, which lies in a temporary one, in the place of `target`; an older one goes to the
    temporary one. Durable when it returns. Raises OSError.
    """
    if target.exists():
        target.rename(new.parent / "old")
    new.rename(target)
    sync_folder(target.parent)


def write_file(
    path: Path, chunks: Iterable[bytes], most: int, progress: Progress | None = None, before: int = 0
) -> tuple[int, str]:
    """Write a new file durably.

    Args:
        path: a path at which there is nothing.
        chunks: what it will hold.
        most: the most bytes that it may have.
        progress: is told how many bytes are written, `before` of them in other files.
        before: see `progress`.

    Returns:
        its bytes and its SHA-256. Where there are more bytes than `most`, nothing is written from there on, and the
        number that is returned is greater than `most`.

    Raises OSError, and what `chunks` raises.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as out:
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    break
                digest.update(chunk)
                out.write(chunk)
                if progress is not None:
                    progress.at(before + size)
            out.flush()
            os.fsync(out.fileno())
    finally:
        del chunks  # An error's traceback would keep its file open.
    return size, digest.hexdigest()


def sync_folder(path: Path) -> None:
    """Sync a folder to the disk, so that new and renamed files in it survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
