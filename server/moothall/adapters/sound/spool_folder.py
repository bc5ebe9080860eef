"""The files of a spool, a folder of PCM16 files named after their first samples, and the quota of all spools on the
disk.

All methods of a folder block, and raise OSError when the disk refuses.

A spool holds little while words arrive: 90 s after the last word. It grows, for hours, while nothing recognises its
sound. Over the quota no sample is accepted: the source is held back and keeps its sound, until words arrive or somebody
ends a session.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import threading
from pathlib import Path

from moothall.adapters.store.files import make_folder, opened, overwrite, sync_folder, write_zeros
from moothall.core.kernel.errors import SpoolFull

SAMPLE_BYTES = 2
BLOCK = 512
"""Bytes of a block in `st_blocks`, whatever the block size of the disk is."""
RESERVE_BYTES = 67_108_864
RESERVE_SHARE = 8
"""Room that audio leaves to the log on the same disk: 64 MB, or an eighth of a small disk. Text has priority over
sound: what the spool can't write waits in memory, but what the log can't write isn't acknowledged, and blocks
everything.
"""
EACH, OF_ALL = 2_000_000_000, 10_000_000_000
"""The most bytes of one source's spool and of all spools: 17 hours, and 87 hours."""

NOTE = "note"
MOST_NOTED = 65_536
"""The most bytes of a note; a longer file wasn't written by Moothall."""
PIECE = 1 << 20
"""Bytes that are overwritten at a time."""
_FILE = re.compile(r"([0-9]{15})\.pcm\Z")


class SpoolFolder:
    """The files of one spool. The first write makes the folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._named = False
        """Whether the folder's name is durable in its parents."""

    def counts(self) -> dict[int, int]:
        """The number of whole samples in each file, by its first sample; empty when there is no folder."""
        if not self._path.is_dir():
            return {}
        names = (_FILE.match(entry.name) for entry in self._path.iterdir())
        return {int(name[1]): (self._path / name[0]).stat().st_size // SAMPLE_BYTES for name in names if name}

    def used(self) -> int:
        """The bytes that the spool takes on the disk; silence beyond a file's end takes none."""
        if not self._path.is_dir():
            return 0
        return sum(entry.stat().st_blocks * BLOCK for entry in self._path.iterdir())

    def note(self) -> bytes:
        """The note that `keep` stored; empty when there is none."""
        with contextlib.suppress(FileNotFoundError), (self._path / NOTE).open("rb") as file:
            return file.read(MOST_NOTED)
        return b""

    def keep(self, note: bytes) -> None:
        """Store a note in place of the former note, whole or not at all when the process dies."""
        self._make()
        leave_room(self._path, len(note))
        new = self._path / f"{NOTE}.new"
        with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            _write_at(file, 0, note)
        new.replace(self._path / NOTE)

    def forget_note(self) -> None:
        """Overwrite and remove the note, and a note that was just being written."""
        for name in (NOTE, f"{NOTE}.new"):
            path = self._path / name
            with contextlib.suppress(FileNotFoundError):
                overwrite(path)

    def settle(self, first: int, count: int) -> None:
        """Cut off the half sample that a killed process may have left, and sync the file, which that process may not
        have done.
        """
        with opened(self._file(first), os.O_RDWR) as file:
            os.ftruncate(file, count * SAMPLE_BYTES)
            os.fdatasync(file)

    def write(self, first: int, position: int, chunk: bytes) -> None:
        """Write samples from `position` on into the file that begins at `first`, made when necessary, and sync it.

        Raises OSError (ENOSPC) rather than take the room that is reserved for the log. After a failure the whole write
        may be repeated.
        """
        self._make()
        leave_room(self._path, len(chunk))
        at = (position - first) * SAMPLE_BYTES
        with opened(self._file(first), os.O_WRONLY | os.O_CREAT) as file:
            try:
                _write_at(file, at, chunk)
                os.fdatasync(file)
            except OSError:
                # The write is repeated from memory; until then its room may serve the log.
                with contextlib.suppress(OSError):
                    os.ftruncate(file, at)
                raise
        if position == first:
            sync_folder(self._path)

    def silence(self, first: int, position: int, count: int) -> None:
        """Make `count` samples from `position` on silent in the file that begins at `first`, made when necessary; sync
        it.

        Existing samples are overwritten. Silence beyond the file's end takes no room.
        """
        self._make()
        at, end = (position - first) * SAMPLE_BYTES, (position + count - first) * SAMPLE_BYTES
        with opened(self._file(first), os.O_RDWR | os.O_CREAT) as file:
            size = os.fstat(file).st_size
            write_zeros(file, at, min(end, size))
            if end > size:
                os.ftruncate(file, end)
            os.fdatasync(file)
        if position == first:
            sync_folder(self._path)

    def write_nothing(self, first: int) -> None:
        """Make an empty file, which takes no room, so that positions continue from `first`."""
        self._make()
        with opened(self._file(first), os.O_WRONLY | os.O_CREAT):
            pass
        sync_folder(self._path)

    def read(self, first: int, low: int, high: int) -> bytes:
        """Samples `low` up to `high` of the file that begins at `first`; fewer where the file is shorter."""
        with self._file(first).open("rb") as file:
            file.seek((low - first) * SAMPLE_BYTES)
            return file.read((high - low) * SAMPLE_BYTES)

    def remove(self, first: int) -> None:
        """Remove the file that begins at `first`; do nothing when there is none."""
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
        make_folder(self._path)
        for folder in self._path.parents[:3]:
            sync_folder(folder)
        self._named = True

    def _file(self, first: int) -> Path:
        return self._path / f"{first:015d}.pcm"


class SpoolQuota:
    """Counts the bytes that spools take, by their folders. Threads call `takes`, the event loop calls
    `require_room`.
    """

    def __init__(self, each: int = EACH, of_all: int = OF_ALL) -> None:
        """`each`: the most bytes of one source's spool; `of_all`: the most bytes of all spools."""
        self._each = each
        self._of_all = of_all
        self._lock = threading.Lock()
        # Bound: the spool folders on the disk.
        self._taken: dict[Path, int] = {}
        self._sum = 0

    def takes(self, folder: Path, count: int) -> None:
        """Record that a spool takes `count` bytes now; 0 when it is removed."""
        with self._lock:
            self._sum += count - self._taken.pop(folder, 0)
            if count:
                self._taken[folder] = count

    def require_room(self, folder: Path, count: int) -> None:
        """Raise SpoolFull when `count` more bytes would exceed a quota."""
        own = self._taken.get(folder, 0)
        if own + count > self._each:
            raise SpoolFull(f"The sound that waits for its words takes {own >> 20} MB, as much as one source may have.")
        if self._sum + count > self._of_all:
            raise SpoolFull(f"The sound that waits for its words takes {self._sum >> 20} MB, as much as all may have.")


def leave_room(disk_of: Path | int, size: int = 0, reserve: int | None = None) -> None:
    """Raise OSError (ENOSPC) when `size` more bytes would take the room that is reserved for the log on this disk, or
    leave less than `reserve` bytes. `disk_of`: a folder, or the descriptor of a file.
    """
    disk = os.statvfs(disk_of)
    if reserve is None:
        reserve = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // RESERVE_SHARE)
    if disk.f_bavail * disk.f_frsize - size < reserve:
        raise OSError(errno.ENOSPC, "the remaining space is kept for the text")


def _write_at(file: int, at: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        written = os.pwrite(file, view, at)
        at += written
        view = view[written:]
