"""Audio that is kept in memory only: for sound that may not reach a disk, and for tests."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.adapters.sound.spool_samples import SAMPLE_BYTES, SpoolSamples
from moothall.core.kernel.errors import SpoolFull
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Spool, SpooledPiece

KEPT_SAMPLES = 9_600_000
"""10 min at 16,000 samples a second, 19 MB. Beyond it `append` raises SpoolFull, and the source has to wait until its
words are in the log and a trim makes room."""


class MemorySpools:
    """The `SpoolStore` of a process: closed spools can be opened again while the process runs."""

    def __init__(self, *, kept_samples: int = KEPT_SAMPLES) -> None:
        self._kept_samples = kept_samples
        self._spools: dict[tuple[SessionId, SourceId], MemorySpool] = {}

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        """The source's spool as it survived, or a new one (`SpoolStore`). Raises ValueError when it is open already."""
        former = self._spools.get((session, source))
        if former is not None and not former.closed:
            raise ValueError(f"The spool of source {source} of session {session} is open already.")
        spool = MemorySpool(kept_samples=self._kept_samples, former=former)
        self._spools[session, source] = spool
        return spool

    async def kept(self) -> Sequence[tuple[SessionId, SourceId]]:
        """The spools that are closed and hold sound, from this run of the server or an earlier one, in the order of
        their names (`SpoolStore`).
        """
        return sorted(key for key, spool in self._spools.items() if spool.closed and spool.end)


class MemorySpool:
    """The `Spool` of one source."""

    def __init__(self, *, kept_samples: int = KEPT_SAMPLES, former: MemorySpool | None = None) -> None:
        self._kept_samples = kept_samples
        self._samples: SpoolSamples = SpoolSamples() if former is None else former._samples
        self.note: bytes = b"" if former is None else former.note
        """The last note about these samples; empty when there was none, or it was erased (`Spool`)."""
        self._unkept: int | None = None
        """The first sample that may not be kept; None: all may."""
        self.closed = False
        """Whether it was closed or discarded; then it neither takes nor gives samples."""
        self._silenced: int = 0 if former is None else former._silenced + 1

    @property
    def start(self) -> int:
        """The position of the first sample that is still there (`Spool`)."""
        return self._samples.first

    @property
    def end(self) -> int:
        """The position after the last appended sample (`Spool`)."""
        return self._samples.end

    def append(self, pcm: bytes) -> None:
        """Add whole samples (`Spool`).

        Raises ValueError for half a sample or a closed spool, SpoolFull when too much is kept.
        """
        if len(pcm) % SAMPLE_BYTES:
            raise ValueError(f"{len(pcm)} bytes of audio end in the middle of a sample.")
        self._refuse_when_closed()
        over = self.end - self.start + len(pcm) // SAMPLE_BYTES - self._kept_samples
        if over > 0 and self._unkept is not None:
            self._samples.forget(self.start + over)
        elif over > 0:
            raise SpoolFull(f"{self.end - self.start} samples are kept in memory, and no more can be.")
        self._samples.add(pcm)

    async def sync(self) -> int:
        """Return the position up to which samples are safe, which is the end (`Spool`)."""
        self._refuse_when_closed()
        return self.end

    async def read(self, first: int, count: int) -> bytes:
        """Up to `count` samples from `first`; empty at the end (`Spool`). Raises ValueError for trimmed samples."""
        self._refuse_when_closed()
        if first < self.start:
            raise ValueError(f"Sample {first} was trimmed; the first one still there is {self.start}.")
        return self._samples.read(first, count)

    @property
    def version(self) -> str:
        """The version of what has been silenced; it changes with each silencing (`Spool`)."""
        return str(self._silenced)

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """Samples from position `first`, with silence where a disk would not have them (`Spool`)."""
        pcm = await self.read(first, count)
        if self._unkept is not None:
            kept = max(0, self._unkept - first) * SAMPLE_BYTES
            pcm = pcm[:kept] + bytes(len(pcm) - len(pcm[:kept]))
        return SpooledPiece(pcm, self.version)

    async def trim(self, before: int) -> None:
        """Discard exactly the samples before `before` (`Spool`)."""
        self._refuse_when_closed()
        self._samples.forget(before)

    async def keep(self, note: bytes) -> None:
        """Replace the note by a new one (`Spool`)."""
        self._refuse_when_closed()
        if self._unkept is None:
            self.note = note

    async def begin_memory_only(self, first: int) -> None:
        """Keep no sample from `first` on, as if those on a disk became silence at once (`Spool`)."""
        self._refuse_when_closed()
        self._unkept = first if self._unkept is None else min(first, self._unkept)
        self._silenced += 1
        self.note = b""

    def wipe_memory_only(self, before: int) -> None:
        """Silence the samples before `before` that are in memory only, also for readers (`Spool`)."""
        self._refuse_when_closed()
        if self._unkept is not None:
            self._samples.hush(self._unkept, before)

    async def end_memory_only(self, first: int) -> None:
        """Keep samples again from `first` on, appended or not; unkept samples before it become silence (`Spool`)."""
        self._refuse_when_closed()
        if self._unkept is not None:
            self._samples.hush_until(self._unkept, first)
            self._silenced += 1
            self._unkept = None

    async def silence(self, first: int, last: int) -> None:
        """Silence the samples from `first` up to `last`, and erase the note, which may hold words (`Spool`)."""
        self._refuse_when_closed()
        self.note = b""
        self._silenced += 1
        self._samples.hush(first, last)

    async def discard(self) -> None:
        """Discard everything and close the spool, since all words of the source are in the log (`Spool`)."""
        self.closed = True
        self._unkept = None
        self.note = b""
        self._samples = SpoolSamples()

    async def close(self) -> None:
        """Close the spool and keep its samples (`Spool`)."""
        if self._unkept is not None:
            self._samples.hush(self._unkept, self.end)
        self._samples.take_all()  # As after a restart: sound that must become silence has to be named again.
        self.closed = True

    def _refuse_when_closed(self) -> None:
        if self.closed:
            raise ValueError("The spool is closed.")
