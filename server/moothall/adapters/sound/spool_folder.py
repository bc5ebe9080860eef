"""What a spool does to the disk, a folder of PCM16 files that are named after their first samples, and its room there.

All that a folder does blocks, and raises OSError as the disk does.

A spool holds little while its words come: 90 s behind the last of them. It grows where nobody hears it, for hours. Over
the quota no sample is taken: the source is held, and keeps what it has, until words come or somebody ends a session.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
from pathlib import Path

from moothall.adapters.store.files import opened, sync_folder
from moothall.core.kernel.errors import SpoolFull

SAMPLE_BYTES = 2
BLOCK = 512
"""Bytes of `st_blocks`, whatever the blocks of the disk are."""
RESERVE_BYTES = 67_108_864
RESERVE_SHARE = 8
"""Room that audio leaves to the log on their disk: 64 MB, or an eighth of a small disk. Text goes before sound: what
the spool can't write waits in memory, but what the log can't write isn't acknowledged, and holds everything up."""
EACH, OF_ALL = 2_000_000_000, 10_000_000_000
"""Bytes: 17 hours of one source, and 87 of all."""

NOTE = "note"
MOST_NOTED = 65_536
"""Bytes of a note at most; a longer file is none of ours."""
PIECE = 1 << 20
"""Bytes that are overwritten at a time."""
_FILE = re.compile(r"([0-9]{15})\.pcm\Z")


class SpoolFolder:
    """The files of one spool. The folder is made at the first write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._named = False
        """Whether the folder's name is durable in its parents."""

    def counts(self) -> dict[int, int]:
        """How many whole samples each file holds, by its first one; empty when there is no folder."""
        if not self._path.is_dir():
            return {}
        names = (_FILE.match(entry.name) for entry in self._path.iterdir())
        return {int(name[1]): (self._path / name[0]).stat().st_size // SAMPLE_BYTES for name in names if name}

    def used(self) -> int:
        """Bytes that it takes of the disk; silence beyond a file's end takes none."""
        if not self._path.is_dir():
            return 0
        return sum(entry.stat().st_blocks * BLOCK for entry in self._path.iterdir())

    def note(self) -> bytes:
        """What `keep` kept; empty when there is nothing."""
        with contextlib.suppress(FileNotFoundError), (self._path / NOTE).open("rb") as file:
            return file.read(MOST_NOTED)
        return b""

    def keep(self, note: bytes) -> None:
        """Keep a note in place of the one before, whole or not at all when the process dies."""
        self._make()
        leave_room(self._path, len(note))
        new = self._path / f"{NOTE}.new"
        with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            _write_at(file, 0, note)
        new.replace(self._path / NOTE)

    def forget_note(self) -> None:
        """Remove the note, also a note that was just being written."""
        for name in (NOTE, f"{NOTE}.new"):
            path = self._path / name
            with contextlib.suppress(FileNotFoundError):
                with opened(path, os.O_RDWR) as file:
                    _overwrite(file, 0, os.fstat(file).st_size)
                    os.fdatasync(file)
                path.unlink()

    def settle(self, first: int, count: int) -> None:
        """Cut off the half sample that a killed process may have left, and sync what it didn't."""
        with opened(self._file(first), os.O_RDWR) as file:
            os.ftruncate(file, count * SAMPLE_BYTES)
            os.fdatasync(file)

    def write(self, first: int, position: int, chunk: bytes) -> None:
        """Put samples from `position` on into the file that begins at `first`, made if need be, and sync it.

        Refuses (ENOSPC) to take the room that is kept for the log. After a failure all of it may be done again.
        """
        self._make()
        leave_room(self._path, len(chunk))
        at = (position - first) * SAMPLE_BYTES
        with opened(self._file(first), os.O_WRONLY | os.O_CREAT) as file:
            try:
                _write_at(file, at, chunk)
                os.fdatasync(file)
            except OSError:
                # What was begun is done again, from memory; until then its room may serve the log.
                with contextlib.suppress(OSError):
                    os.ftruncate(file, at)
                raise
        if position == first:
            sync_folder(self._path)

    def silence(self, first: int, position: int, count: int) -> None:
        """Make `count` samples from `position` on silence in the file that begins at `first`, made if need be; sync it.

        What was there is overwritten. What lies beyond the file's end takes no room.
        """
        self._make()
        at, end = (position - first) * SAMPLE_BYTES, (position + count - first) * SAMPLE_BYTES
        with opened(self._file(first), os.O_RDWR | os.O_CREAT) as file:
            size = os.fstat(file).st_size
            _overwrite(file, at, min(end, size))
            if end > size:
                os.ftruncate(file, end)
            os.fdatasync(file)
        if position == first:
            sync_folder(self._path)

    def write_nothing(self, first: int) -> None:
        """Make an empty file, which takes no room, so that positions run on from `first`."""
        self._make()
        with opened(self._file(first), os.O_WRONLY | os.O_CREAT):
            pass
        sync_folder(self._path)

    def read(self, first: int, low: int, high: int) -> bytes:
        """Samples `low` to `high` out of the file that begins at `first`; fewer where it is shorter."""
        with self._file(first).open("rb") as file:
            file.seek((low - first) * SAMPLE_BYTES)
            return file.read((high - low) * SAMPLE_BYTES)

    def remove(self, first: int) -> None:
        """Remove the file that begins at `first`; no matter if it isn't there."""
        self._file(first).unlink(missing_ok=True)

    def remove_all(self) -> None:
        """Remove the folder and all in it."""
        if self._path.is_dir():
            for entry in self._path.iterdir():
                entry.unlink()
            self._path.rmdir()
            sync_folder(self._path.parent)

    def _make(self) -> None:
        if self._named:
            return
        self._path.mkdir(parents=True, exist_ok=True)
        for folder in self._path.parents[:3]:
            sync_folder(folder)
        self._named = True

    def _file(self, first: int) -> Path:
        return self._path / f"{first:015d}.pcm"


class SpoolQuota:
    """Counts what spools take by their folders. Threads tell it; the loop asks."""

    def __init__(self, each: int = EACH, of_all: int = OF_ALL) -> None:
        """Bytes of one source's spool, and of all."""
        self._each = each
        self._of_all = of_all
        self._lock = threading.Lock()
        # Bound: the folders that there are.
        self._taken: dict[Path, int] = {}
        self._sum = 0

    def takes(self, folder: Path, count: int) -> None:
        """A spool takes so many bytes now; 0 once it is gone."""
        with self._lock:
            self._sum += count - self._taken.pop(folder, 0)
            if count:
                self._taken[folder] = count

    def require_room(self, folder: Path, count: int) -> None:
        """Raises SpoolFull when there is none for so many bytes more."""
        own = self._taken.get(folder, 0)
        if own + count > self._each:
            raise SpoolFull(f"The sound that waits for its words takes {own >> 20} MB, as much as one source may have.")
        if self._sum + count > self._of_all:
            raise SpoolFull(f"The sound that waits for its words takes {self._sum >> 20} MB, as much as all may have.")


def leave_room(folder: Path, size: int = 0) -> None:
    """Raise OSError where `size` more bytes would take the room that audio leaves to the log on its disk."""
    disk = os.statvfs(folder)
    reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)
    if disk.f_bavail * disk.f_frsize - size < reserve:
        raise OSError(errno.ENOSPC, "what room is left is kept for the text")


def _write_at(file: int, at: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(file, view, at)
        at += written
        view = view[written:]


def _overwrite(file: int, at: int, end: int) -> None:
    """Put zeros there: on most file systems that leaves nothing of what was."""
    while at < end:
        _write_at(file, at, bytes(min(PIECE, end - at)))
        at += PIECE
