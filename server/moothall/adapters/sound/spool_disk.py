"""The audio of one source: on disk in files of about 30 s, and in memory until it is there.

A file holds PCM16 little-endian and is named after its first sample; a file is complete and synced before the next one
begins, so that the samples of a folder have no gap. Samples that aren't synced yet are also in memory, from where a
failed write is repeated. Samples that must not reach the disk are silence there, and only in memory while that lasts.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from moothall.adapters.sound.spool_folder import SAMPLE_BYTES, SpoolFolder, SpoolQuota
from moothall.adapters.sound.spool_samples import SpoolSamples
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import SpooledPiece

logger = logging.getLogger(__name__)


class DiskSpool:
    """The `Spool` of one source. Methods are called on one event loop; only threads touch the disk."""

    def __init__(
        self,
        folder: Path,
        *,
        quota: SpoolQuota,
        file_samples: int,
        unsaved_samples: int,
        recent_samples: int,
        number: int = 0,
    ) -> None:
        """`number`: a different number each time that a source's spool is opened."""
        self._path = folder
        self._folder = SpoolFolder(folder)
        self._quota = quota
        self._recent_samples = recent_samples
        self._file_samples = file_samples
        self._unsaved_samples = unsaved_samples
        self.closed = False
        """Whether it was closed or discarded; all methods then raise ValueError."""
        self._disk = threading.Lock()
        """Held while the folder changes. A cancelled call leaves its thread running, and the next call waits here.
        Reading doesn't need it: safe samples never change, and the removal of a trimmed file is noticed.
        """
        self._memory = threading.Lock()
        """Held for a moment, never across I/O; guards the fields below."""
        self._start = 0
        self._starts: list[int] = []
        """The first sample of each file. The last file may still grow."""
        self._safe = 0
        """The position after the last sample that is on disk and synced."""
        self._recent = SpoolSamples()
        """All samples that aren't safe, and a few before them."""
        self._unkept: int | None = None
        """The first sample that must not be kept, while that lasts: from there on the files get silence. None when all
        is kept.
        """
        self._wiped = 0
        """The position up to which the samples that must not be kept have been wiped from memory."""
        self.note = b""
        """What was last noted about these samples; empty when nothing was noted, or when the note is lost (`Spool`)."""
        self._number, self._silenced = number, 0

    @property
    def version(self) -> str:
        """A version that changes whenever samples are made silent (`Spool`)."""
        return f"{self._number}.{self._silenced}"

    @property
    def start(self) -> int:
        """The first sample that is still there (`Spool`)."""
        return self._start

    @property
    def end(self) -> int:
        """The position after the last sample appended (`Spool`)."""
        return self._recent.end

    def append(self, pcm: bytes) -> None:
        """Add samples; whole samples only (`Spool`).

        Raises ValueError for a broken sample or a closed spool, StorageUnavailable when too much waits for the disk,
        SpoolFull when the quota of the disk is used up. Samples that must not be kept are never refused for the quota.
        """
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError(f"{len(pcm)} bytes of audio end in the middle of a sample.")
        self._refuse_when_closed()
        if self._unkept is None:
            self._quota.require_room(self._path, SAMPLE_BYTES * (self.end - self._safe) + len(pcm))
        with self._memory:
            waiting = self.end - self._safe
            if waiting + len(pcm) // SAMPLE_BYTES > self._unsaved_samples:
                raise StorageUnavailable(f"{waiting} samples wait for the disk, and no more can be kept.")
            self._recent.add(pcm)

    async def sync(self) -> int:
        """Write all samples and fdatasync them; return the position up to which they are safe (`Spool`)."""
        self._refuse_when_closed()
        return await asyncio.to_thread(self._write)

    async def read(self, first: int, count: int) -> bytes:
        """Return up to `count` samples from position `first` on; empty at the end (`Spool`).

        Raises ValueError for samples that were trimmed, StorageUnavailable when the disk refuses.
        """
        self._refuse_when_closed()
        with self._memory:
            if first < self._start:
                raise self._trimmed(first)
            if first >= self._recent.first:
                return self._recent.read(first, count)
        return await asyncio.to_thread(self._from_disk, first, count)

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """Return up to `count` safe samples from position `first` on, as the disk has them (`Spool`)."""
        self._refuse_when_closed()
        return await asyncio.to_thread(self._copied, first, count)

    async def trim(self, before: int) -> None:
        """Forget samples before `before`, as far as whole files allow (`Spool`). The newest file stays, so that
        positions continue after a restart.

        Samples before `before` that the disk has refused until now are no longer written.
        """
        self._refuse_when_closed()
        await asyncio.to_thread(self._unlink, before)

    async def keep(self, note: bytes) -> None:
        """Store a note in place of the former note (`Spool`). The note isn't stored while samples must not be kept."""
        self._refuse_when_closed()
        await asyncio.to_thread(self._keep, note)

    async def begin_memory_only(self, first: int) -> None:
        """Keep samples from `first` on off the disk, and make those that are already there silent at once (`Spool`).
        Memory holds the newest 5 s before them, and all later samples.
        """
        self._refuse_when_closed()
        with self._memory:
            self._unkept = first if self._unkept is None else min(first, self._unkept)
        await asyncio.to_thread(self._wipe, first)

    def wipe_memory_only(self, before: int) -> None:
        """Make silent the samples before `before` that are only in memory; readers get the silence (`Spool`)."""
        self._refuse_when_closed()
        with self._memory:
            if self._unkept is not None:
                self._recent.hush(max(self._unkept, self._wiped), before)
                self._wiped = max(self._wiped, before)

    async def end_memory_only(self, first: int) -> None:
        """Use the disk again from sample `first` on, which may lie in the future; samples before it become silence
        (`Spool`).
        """
        self._refuse_when_closed()
        await asyncio.to_thread(self._keep_again, first)

    async def silence(self, first: int, last: int) -> None:
        """Make the samples from `first` up to `last` silent, on disk and in memory, and forget the note, which may hold
        words (`Spool`).
        """
        self._refuse_when_closed()
        with self._memory:
            self._recent.hush(first, last)
        await asyncio.to_thread(self._silence_files, first, last)

    async def discard(self) -> None:
        """Close the spool and forget everything, since the source's words are all in the log (`Spool`)."""
        self.closed = True
        await asyncio.to_thread(self._remove_all)

    async def close(self) -> None:
        """Close the files and keep them (`Spool`). Samples that the disk refuses even now are given up: they were never
        acknowledged.
        """
        if self.closed:
            return
        self.closed = True
        try:
            await asyncio.to_thread(self._write)
        except StorageUnavailable:
            logger.warning("spool: it was closed with %d unsaved samples", self.end - self._safe)
        with self._memory:
            self._recent.forget(self.end)

    def recover(self) -> None:
        """Find what survived in the folder. Blocks; to be called once, before anything else.

        Files before a gap are ignored: a file was lost, and positions before the gap would be wrong. Raises
        StorageUnavailable when the disk refuses.
        """
        with self._disk, translated():
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
                self._safe, self._recent = end, SpoolSamples(end)
            self._quota.takes(self._path, self._folder.used())

    def _keep(self, note: bytes) -> None:
        with self._disk, translated():
            if self._unkept is None:
                self._folder.keep(note)
                self.note = note

    def _wipe(self, first: int) -> None:
        with self._disk, translated():
            self._silenced += 1
            self.note = b""
            self._folder.forget_note()
            self._overwrite(first, self._safe)

    def _keep_again(self, first: int) -> None:
        # The lock keeps this apart from a write, which may just be making silent what is to be kept.
        with self._disk, translated():
            if self._unkept is None:
                return
            self._silenced += 1
            with self._memory:
                self._recent.hush_until(self._unkept, first)
                self._unkept = None
                # Samples that are to be kept again may have been written as silence meanwhile; memory still has them.
                self._safe = min(self._safe, max(first, self._recent.first, self._start))
                late = [begin for begin in self._starts[1:] if begin > self._safe]
                self._starts = self._starts[: len(self._starts) - len(late)]
            for begin in late:
                self._folder.remove(begin)

    def _silence_files(self, first: int, last: int) -> None:
        with self._disk, translated():
            self._silenced += 1
            self.note = b""
            self._folder.forget_note()
            self._overwrite(first, last)

    def _overwrite(self, first: int, last: int) -> None:
        """Make the safe samples between `first` and `last` silent. Called with `_disk` held."""
        for begin, following in itertools.pairwise([*self._starts, self._safe]):
            low, high = max(first, begin), min(last, following)
            if low < high:
                self._folder.silence(begin, low, high - low)

    def _write(self) -> int:
        """Write and sync what isn't safe yet; return the position up to which it is safe now."""
        with self._disk, translated():
            target = self.end
            grows = self._safe < target
            while self._safe < target:
                with self._memory:
                    begin_new = not self._starts or self._safe - self._starts[-1] >= self._file_samples
                    first = self._safe if begin_new else self._starts[-1]
                    count = min(first + self._file_samples, self.end) - self._safe
                    silent = self._unkept is not None and self._safe >= self._unkept
                    if self._unkept is not None and not silent:
                        count = min(count, self._unkept - self._safe)
                    chunk = b"" if silent else self._recent.read(self._safe, count)
                if silent:
                    self._folder.silence(first, self._safe, count)
                else:
                    self._folder.write(first, self._safe, chunk)
                with self._memory:
                    if begin_new:
                        self._starts.append(first)
                    self._safe += count
                    self._forget_stale()
            if grows:
                self._quota.takes(self._path, self._folder.used())
            return self._safe

    def _forget_stale(self) -> None:
        """Drop from memory what is safe, except the newest samples; of what isn't kept on disk, keep the newest.

        Called with `_memory` held.
        """
        boundary = self._safe - self._recent_samples
        if self._unkept is not None:
            boundary = min(boundary, max(self._unkept, self._wiped, self.end - self._unsaved_samples))
        self._recent.forget(boundary)

    def _from_disk(self, first: int, count: int) -> bytes:
        with self._memory:
            starts, boundary = list(self._starts), self._recent.first
            behind = self._recent.read(boundary, max(0, first + count - boundary))
        if first < starts[0]:
            raise self._trimmed(first)  # trimmed since the call of `read`
        stop = min(first + count, boundary)
        parts: list[bytes] = []
        try:
            for begin, following in itertools.pairwise([*starts, boundary]):
                low, high = max(first, begin), min(stop, following)
                if low < high:
                    parts.append(self._read_file(begin, low, high))
        except FileNotFoundError as error:
            raise self._trimmed(first) from error  # trimmed while the files were read
        except OSError as error:
            raise _refused(error) from error
        return b"".join([*parts, behind])

    def _copied(self, first: int, count: int) -> SpooledPiece:
        with self._disk, translated():  # The lock keeps samples from being silenced or trimmed meanwhile.
            if first < self._start:
                raise self._trimmed(first)
            stop, parts = min(first + count, self._safe), list[bytes]()
            for begin, following in itertools.pairwise([*self._starts, self._safe]):
                low, high = max(first, begin), min(stop, following)
                if low < high:
                    parts.append(self._read_file(begin, low, high))
            return SpooledPiece(b"".join(parts), self.version)

    def _trimmed(self, first: int) -> ValueError:
        return ValueError(f"Sample {first} was trimmed; the first one still there is {self._start}.")

    def _read_file(self, begin: int, low: int, high: int) -> bytes:
        data = self._folder.read(begin, low, high)
        if len(data) != (high - low) * SAMPLE_BYTES:
            raise StorageUnavailable("A file of the spool is shorter than it was.")
        return data

    def _unlink(self, before: int) -> None:
        with self._disk, translated():
            self._pass_over(min(before, self.end))
            while len(self._starts) > 1 and self._starts[1] <= before:
                with self._memory:
                    gone = self._starts.pop(0)
                    self._start = self._starts[0]
                self._folder.remove(gone)
                self._quota.takes(self._path, self._folder.used())

    def _pass_over(self, before: int) -> None:
        """Continue at `before` when the samples before it aren't safe yet: an empty file marks the position."""
        if before <= self._safe:
            return
        self._folder.write_nothing(before)
        with self._memory:
            self._starts.append(before)
            self._start, self._safe = self._starts[0], before
            self._forget_stale()

    def _remove_all(self) -> None:
        with self._disk, translated():
            self._folder.remove_all()
            self._quota.takes(self._path, 0)
            with self._memory:
                self._start = self._safe = self.end
                self._starts, self.note = [], b""
                self._recent.forget(self.end)

    def _refuse_when_closed(self) -> None:
        if self.closed:
            raise ValueError("The spool is closed.")


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Raise StorageUnavailable in place of OSError."""
    try:
        yield
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> StorageUnavailable:
    return StorageUnavailable(f"The disk refused to keep audio or to give it back: {error.strerror}.")
