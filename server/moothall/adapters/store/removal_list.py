"""The list of removals in a data folder: a line is on the disk before what it names is removed.

A process that is killed while it writes leaves a line without its end, which nobody relies on; the next writer cuts it
off. A server and a backup may write to one file: each locks it meanwhile.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
    """The identity of a new line: its id, and its time in Unix ms."""

    id: str
    at: int


class RemovalList:
    """The list of a data folder, with the same lines in an optional second file on another disk. The first line makes a
    file.
    """

    def __init__(self, path: Path, apart: Path | None = None) -> None:
        """`apart`: the second file; None when there is none."""
        self._paths = (path,) if apart is None else (apart, path)

    def lines(self) -> tuple[AnyLine, ...]:
        """Return the lines of both files, each once. Raises ConfigurationError when a file can't be read."""
        return united(*(read_removals(path) for path in self._paths))

    def begin_apart(self) -> None:
        """Make the second file when it doesn't exist, so that a fault is found now and not at the first removal; give
        each of both files the lines that only the other one has: the setting may be newer than the list, or a disk.

        Raises ConfigurationError.
        """
        *apart, path = self._paths
        for other in apart:
            advice = (
                "Nothing could be removed. Let the server write there (its systemd unit needs a ReadWritePaths= for "
                "that folder), or name another file as removals of [server]."
            )
            with explained(f"The list of removals {other} can't be written", advice):
                _add(other, _but_beginnings(read_removals(path)))
            if missing := set(_but_beginnings(read_removals(other))).difference(read_removals(path)):
                with explained(f"The list of removals {path} can't be written", "Nothing could be removed."):
                    _add(path, [line for line in read_removals(other) if line in missing])

    def append(self, make: Callable[[LineIdentity], AnyLine]) -> AnyLine:
        """Write the line that `make` returns for a new identity; return the line once it is on the disk.

        Raises StorageUnavailable: then nothing may be removed.
        """
        line = make(_identity())
        with _explained("Nothing was removed."):
            for path in self._paths:
                with _held(path) as (file, size):
                    _append(file, size, [line])
        return line


def add_lines(path: Path, lines: Iterable[AnyLine]) -> None:
    """Add to a list the lines that it lacks; durable when this returns. The file is made when it doesn't exist.

    Raises StorageUnavailable, and ConfigurationError when the existing list can't be read.
    """
    with _explained("The backup was not made."):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _add(path, lines)


def read_removals(path: Path) -> tuple[AnyLine, ...]:
    """Return the lines of a list; empty when there is no file. Raises ConfigurationError."""
    with explained(f"The list of removals {path} can't be read"):
        return read_list(path.read_bytes() if path.exists() else b"", str(path))


def _identity() -> LineIdentity:
    return LineIdentity(SystemRandomness().bytes(_ID_BYTES).hex(), SystemClock().wall())


@contextmanager
def _held(path: Path) -> Iterator[tuple[int, int]]:
    """Lock a file for this process, and cut off a last line without its end; yield the descriptor and the size in
    bytes, and sync at the end. Raises OSError.
    """
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


def _add(path: Path, lines: Iterable[AnyLine]) -> None:
    with _held(path) as (file, size):
        known = set(read_list(os.pread(file, size, 0), str(path)))
        _append(file, size, [line for line in lines if line not in known])


def _but_beginnings(lines: Iterable[AnyLine]) -> list[AnyLine]:
    return [line for line in lines if not isinstance(line, ListBegun)]


def _append(file: int, size: int, lines: list[AnyLine]) -> None:
    begins = bool(lines) and isinstance(lines[0], ListBegun)
    if size == 0 and not begins:
        identity = _identity()
        lines = [ListBegun(id=identity.id, at=identity.at), *lines]
    write_all(file, b"".join(map(encode_line, lines)))


def _explained(otherwise: str) -> AbstractContextManager[None]:
    return explained("The list of removals can't be written", otherwise, kind=StorageUnavailable)
