"""The list of removals in a data folder: a line is on the disk before what it names is gone.

A process that is killed within a line leaves one without its end, which was promised to nobody; the next one cuts it
off. A server and a backup may write to one file: each holds it while it does.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from moothall.adapters.store.files import explained, opened, sync_folder, write_all
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.backup.removed import AnyLine, ListBegun, encode_line, read_list, united
from moothall.core.kernel.errors import StorageUnavailable

FILE_NAME = "removals.jsonl"
"""The list's name in a data folder."""
_ID_BYTES = 8


class LineIdentity(NamedTuple):
    """What a new line says of itself."""

    id: str
    at: int


class RemovalList:
    """The list of a data folder, and the same lines in a second file on another disk. Made with their first line."""

    def __init__(self, path: Path, apart: Path | None = None) -> None:
        """`apart`: the second file, if there is one."""
        self._paths = (path,) if apart is None else (apart, path)

    def lines(self) -> tuple[AnyLine, ...]:
        """Those of both files. Raises ConfigurationError where one can't be read."""
        return united(*(read_removals(path) for path in self._paths))

    def begin_apart(self) -> None:
        """Make the second file where there is none, so that no removal is the first to learn that it can't be written.

        Raises ConfigurationError.
        """
        *apart, _ = self._paths
        for path in apart:
            advice = (
                "Nothing could be removed. Let the server write there (its systemd unit needs a ReadWritePaths= for "
                "that folder), or name another file as removals of [server]."
            )
            with explained(f"The list of removals {path} can't be written", advice), _held(path) as (file, size):
                _append(file, size, [])

    def append(self, make: Callable[[LineIdentity], AnyLine]) -> AnyLine:
        """Write down what `make` gives for the line's identity; returns it once it is on the disk.

        Raises StorageUnavailable: then nothing may be removed.
        """
        line = make(_identity())
        with _translated("Nothing was removed."):
            for path in self._paths:
                with _held(path) as (file, size):
                    _append(file, size, [line])
        return line


def add_lines(path: Path, lines: Iterable[AnyLine]) -> None:
    """Add to a list the lines that it lacks; durable when this returns. The file is made when there is none.

    Raises StorageUnavailable, and ConfigurationError where the list there can't be read.
    """
    with _translated("The backup was not made."):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _held(path) as (file, size):
            known = set(read_list(os.pread(file, size, 0), str(path)))
            _append(file, size, [line for line in lines if line not in known])


def read_removals(path: Path) -> tuple[AnyLine, ...]:
    """The lines of a list; nothing where there is none. Raises ConfigurationError."""
    with explained(f"The list of removals {path} can't be read"):
        return read_list(path.read_bytes() if path.exists() else b"", str(path))


def _identity() -> LineIdentity:
    return LineIdentity(SystemRandomness().bytes(_ID_BYTES).hex(), SystemClock().wall())


@contextmanager
def _held(path: Path) -> Iterator[tuple[int, int]]:
    """The file for this process alone, and its size, once a last line without its end is cut off. Raises OSError."""
    with opened(path, os.O_RDWR | os.O_CREAT | os.O_APPEND) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        whole = size
        while whole and os.pread(file, 1, whole - 1) != b"\n":
            whole -= 1
        if whole != size:
            os.ftruncate(file, whole)
        yield file, whole
        os.fsync(file)
        if size == 0:
            sync_folder(path.parent)


def _append(file: int, size: int, lines: list[AnyLine]) -> None:
    begins = bool(lines) and isinstance(lines[0], ListBegun)
    if size == 0 and not begins:
        identity = _identity()
        lines = [ListBegun(id=identity.id, at=identity.at), *lines]
    write_all(file, b"".join(map(encode_line, lines)))


@contextmanager
def _translated(otherwise: str) -> Iterator[None]:
    """Raise StorageUnavailable in place of OSError."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"The list of removals can't be written: {error.strerror}. {otherwise}") from error
