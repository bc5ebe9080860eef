"""How far a download is, in bytes: a bar on a terminal, a line now and then in a log.

One process at a time writes to a folder of the store, beside what readers see, and says so while it waits: to the
folder of the models (`model_folder`) as to that of the packages (`packages`), which know nothing of each other.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from moothall_models.store.failures import megabytes

_WIDTH = 28
_LOG_STEP = 10  # per cent


class Progress(Protocol):
    """Told about the work as it goes on."""

    def say(self, sentence: str) -> None:
        """Something that a person should know now."""
        ...

    def begin(self, label: str, total: int) -> None:
        """A stretch of work of `total` bytes begins."""
        ...

    def at(self, done: int) -> None:
        """`done` bytes of it are done."""
        ...

    def end(self) -> None:
        """It is over, well or not."""
        ...


class Silent:
    """Shows nothing."""

    def say(self, sentence: str) -> None:
        """Show nothing."""

    def begin(self, label: str, total: int) -> None:
        """Show nothing."""

    def at(self, done: int) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


class TextProgress:
    """Writes to a text stream; draws a bar in place when the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._label = ""
        self._total = 1
        self._shown = -1

    def say(self, sentence: str) -> None:
        """Write a line."""
        self._stream.write(f"{sentence}\n")
        self._stream.flush()

    def begin(self, label: str, total: int) -> None:
        """Start at 0 of `total` bytes."""
        self._label = label
        self._total = max(total, 1)
        self._shown = -1
        self.at(0)

    def at(self, done: int) -> None:
        """Show `done` bytes, if that changes what is seen."""
        done = min(done, self._total)
        share = done * 100 // self._total
        step = share if self._terminal else share // _LOG_STEP
        if step == self._shown:
            return
        self._shown = step
        numbers = f"{megabytes(done)} of {megabytes(self._total)}, {share} %"
        if self._terminal:
            full = share * _WIDTH // 100
            bar = "#" * full + "." * (_WIDTH - full)
            self._stream.write(f"\r{self._label} [{bar}] {numbers}\x1b[K")
        else:
            self._stream.write(f"{self._label}: {numbers}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the bar's line."""
        if self._terminal:
            self._stream.write("\n")
            self._stream.flush()


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
