"""Audio on disk until its words are in the log: a folder per source, files of about 30 s.

A file holds PCM16 little-endian and is named after its first sample; a file is complete and synced before the
next one begins, so that the samples of a folder have no hole. Whatever isn't synced yet is in memory too, and
a failed write is simply done again from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from moothall.adapters.spool_folder import SAMPLE_BYTES, SpoolFolder
from moothall.core.errors import StorageUnavailable
from moothall.core.ids import SessionId, SourceId, is_name
from moothall.core.ports import Spool

logger = logging.getLogger(__name__)

FILE_SAMPLES = 480_000
"""30 s at 16,000 samples a second: what a trim leaves behind at most."""
UNSAVED_SAMPLES = 9_600_000
"""10 min at 16,000 samples a second, 19 MB: how much waits in memory while the disk refuses. Beyond it `append` raises
StorageUnavailable, and the source is held: it has no acknowledgement for these samples and keeps them itself."""
RECENT_SAMPLES = 80_000
"""5 s that stay in memory when they are safe: a reader at the live end never waits for the disk."""


class DiskSpools:
    """The `SpoolStore` below one folder."""

    def __init__(
        self,
        root: Path,
        *,
        file_samples: int = FILE_SAMPLES,
        unsaved_samples: int = UNSAVED_SAMPLES,
        recent_samples: int = RECENT_SAMPLES,
    ) -> None:
        self._root = root
        self._recent_samples = recent_samples
        self._file_samples = file_samples
        self._unsaved_samples = unsaved_samples
        self._open: dict[tuple[SessionId, SourceId], DiskSpool] = {}

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        """As `SpoolStore.open`.

        Raises ValueError for an id that is no name or a spool that is open already, StorageUnavailable when the
        disk refuses.
        """
        if not (is_name(session) and is_name(source)):
            msg = f"The source {source!r} of session {session!r} can't have a spool: its name isn't one."
            raise ValueError(msg)
        former = self._open.get((session, source))
        if former is not None and not former.closed:
            msg = f"The spool of source {source} of session {session} is open already."
            raise ValueError(msg)
        spool = DiskSpool(
            self._root / session / source,
            file_samples=self._file_samples,
            unsaved_samples=self._unsaved_samples,
            recent_samples=self._recent_samples,
        )
        self._open[session, source] = spool
        try:
            await asyncio.to_thread(spool.recover)
        except BaseException:
            del self._open[session, source]
            raise
        return spool


class DiskSpool:
    """The `Spool` of one source. Methods are called on one loop; the disk is touched in threads only."""

    def __init__(self, folder: Path, *, file_samples: int, unsaved_samples: int, recent_samples: int) -> None:
        self._folder = SpoolFolder(folder)
        self._recent_samples = recent_samples
        self._file_samples = file_samples
        self._unsaved_samples = unsaved_samples
        self.closed = False
        """Whether it was closed or discarded: then it takes nothing and gives nothing."""
        self._disk = threading.Lock()
        """Held while the folder changes. A cancelled call leaves its thread running, and the next one waits here.
        Reading needs it not: what is safe never changes, and a trimmed file is noticed."""
        self._memory = threading.Lock()
        """Held for a moment, never across I/O: guards the fields below."""
        self._start = 0
        self._end = 0
        self._starts: list[int] = []
        """First sample of each file. The last one may still grow."""
        self._safe = 0
        """One past the last sample that is on disk and synced."""
        self._recent = bytearray()
        """The samples from `_recent_first` on: all that isn't safe, and a little before it."""
        self._recent_first = 0
        self.note = b""
        """As `Spool.note`."""

    @property
    def start(self) -> int:
        """As `Spool.start`."""
        return self._start

    @property
    def end(self) -> int:
        """As `Spool.end`."""
        return self._end

    def append(self, pcm: bytes) -> None:
        """As `Spool.append`.

        Raises ValueError for a broken sample or a closed spool, StorageUnavailable when too much waits for the disk.
        """
        if len(pcm) % SAMPLE_BYTES:
            msg = f"{len(pcm)} bytes of audio end in the middle of a sample."
            raise ValueError(msg)
        self._refuse_when_closed()
        with self._memory:
            end = self._end + len(pcm) // SAMPLE_BYTES
            if end - self._safe > self._unsaved_samples:
                msg = f"{self._end - self._safe} samples wait for the disk, and no more can be kept."
                raise StorageUnavailable(msg)
            self._recent += pcm
            self._end = end

    async def sync(self) -> int:
        """As `Spool.sync`."""
        self._refuse_when_closed()
        return await asyncio.to_thread(self._write)

    async def read(self, first: int, count: int) -> bytes:
        """As `Spool.read`.

        Raises ValueError for samples that were trimmed, StorageUnavailable when the disk refuses.
        """
        self._refuse_when_closed()
        with self._memory:
            if first < self._start:
                raise self._trimmed(first)
            if first >= self._recent_first:
                return self._from_memory(first, count)
        return await asyncio.to_thread(self._from_disk, first, count)

    async def trim(self, before: int) -> None:
        """As `Spool.trim`. The newest file stays, so that positions run on after a restart.

        Samples before `before` that the disk has refused until now needn't be written any more.
        """
        self._refuse_when_closed()
        await asyncio.to_thread(self._unlink, before)

    async def keep(self, note: bytes) -> None:
        """As `Spool.keep`."""
        self._refuse_when_closed()
        await asyncio.to_thread(self._keep, note)

    async def discard(self) -> None:
        """As `Spool.discard`; the spool is closed then."""
        self.closed = True
        await asyncio.to_thread(self._remove_all)

    async def close(self) -> None:
        """As `Spool.close`. What the disk refuses even now is given up: it was never acknowledged."""
        if self.closed:
            return
        self.closed = True
        try:
            await asyncio.to_thread(self._write)
        except StorageUnavailable:
            logger.warning("spool: closed with %d samples unsaved", self._end - self._safe)

    def recover(self) -> None:
        """Find what survived in the folder. Blocks; called once, before anything else.

        Files before a hole are left out: one was lost, and a position in front of it would lie. Raises
        StorageUnavailable when the disk refuses.
        """
        with self._disk, _translated():
            self.note = self._folder.note()
            counts = self._folder.counts()
            end = 0
            starts: list[int] = []
            for first, count in sorted(counts.items(), reverse=True):
                if starts and first + count != starts[0]:
                    break
                if not starts:
                    end = first + count
                    self._folder.settle(first, count)
                starts.insert(0, first)
            with self._memory:
                self._starts, self._start = starts, starts[0] if starts else 0
                self._safe = self._recent_first = self._end = end

    def _keep(self, note: bytes) -> None:
        with self._disk, _translated():
            self._folder.keep(note)
            self.note = note

    def _write(self) -> int:
        """Write and sync what isn't safe yet; the position up to which it is safe now."""
        with self._disk, _translated():
            target = self._end
            while self._safe < target:
                with self._memory:
                    begin_new = not self._starts or self._safe - self._starts[-1] >= self._file_samples
                    first = self._safe if begin_new else self._starts[-1]
                    room = first + self._file_samples - self._safe
                    chunk = self._from_memory(self._safe, room)
                self._folder.write(first, self._safe, chunk)
                with self._memory:
                    if begin_new:
                        self._starts.append(first)
                    self._safe += len(chunk) // SAMPLE_BYTES
                    self._forget_stale()
            return self._safe

    def _forget_stale(self) -> None:
        """Keep in memory what isn't safe, and a little before it. Called with `_memory` held."""
        stale = max(0, self._safe - self._recent_samples - self._recent_first)
        del self._recent[: stale * SAMPLE_BYTES]
        self._recent_first += stale

    def _from_memory(self, first: int, count: int) -> bytes:
        begin = (first - self._recent_first) * SAMPLE_BYTES
        return bytes(self._recent[begin : begin + count * SAMPLE_BYTES])

    def _from_disk(self, first: int, count: int) -> bytes:
        with self._memory:
            starts, boundary = list(self._starts), self._recent_first
            behind = self._from_memory(boundary, max(0, first + count - boundary))
        if first < starts[0]:
            raise self._trimmed(first)  # since we were asked
        stop = min(first + count, boundary)
        parts: list[bytes] = []
        try:
            for begin, following in itertools.pairwise([*starts, boundary]):
                low, high = max(first, begin), min(stop, following)
                if low < high:
                    parts.append(self._read_file(begin, low, high))
        except FileNotFoundError as error:
            raise self._trimmed(first) from error  # while we read
        except OSError as error:
            raise _refused(error) from error
        return b"".join([*parts, behind])

    def _trimmed(self, first: int) -> ValueError:
        return ValueError(f"Sample {first} was trimmed; the first one still there is {self._start}.")

    def _read_file(self, begin: int, low: int, high: int) -> bytes:
        data = self._folder.read(begin, low, high)
        if len(data) != (high - low) * SAMPLE_BYTES:
            msg = "A file of the spool is shorter than it was."
            raise StorageUnavailable(msg)
        return data

    def _unlink(self, before: int) -> None:
        with self._disk, _translated():
            self._pass_over(min(before, self._end))
            while len(self._starts) > 1 and self._starts[1] <= before:
                with self._memory:
                    gone = self._starts.pop(0)
                    self._start = self._starts[0]
                self._folder.remove(gone)

    def _pass_over(self, before: int) -> None:
        """Go on at `before` when that isn't safe yet: an empty file holds the place."""
        if before <= self._safe:
            return
        self._folder.write_nothing(before)
        with self._memory:
            self._starts.append(before)
            self._start, self._safe = self._starts[0], before
            self._forget_stale()

    def _remove_all(self) -> None:
        with self._disk, _translated():
            self._folder.remove_all()
            with self._memory:
                self._start = self._recent_first = self._safe = self._end
                self._starts, self._recent, self.note = [], bytearray(), b""

    def _refuse_when_closed(self) -> None:
        if self.closed:
            msg = "The spool is closed."
            raise ValueError(msg)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Raise StorageUnavailable in place of OSError."""
    try:
        yield
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> StorageUnavailable:
    return StorageUnavailable(f"The disk refused to keep audio or to give it back: {error.strerror}.")
