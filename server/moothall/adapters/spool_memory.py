"""Audio in memory only: for what may not reach a disk, and for tests."""

from __future__ import annotations

from moothall.core.errors import StorageUnavailable
from moothall.core.ids import SessionId, SourceId
from moothall.core.ports import Spool

SAMPLE_BYTES = 2
KEPT_SAMPLES = 9_600_000
"""10 min at 16,000 samples a second, 19 MB. Beyond it `append` raises StorageUnavailable, and the source is held
until its words are in the log and a trim makes room."""


class MemorySpools:
    """The `SpoolStore` of a process: what is closed can be opened again while it lives."""

    def __init__(self, *, kept_samples: int = KEPT_SAMPLES) -> None:
        self._kept_samples = kept_samples
        self._spools: dict[tuple[SessionId, SourceId], MemorySpool] = {}

    async def open(self, session: SessionId, source: SourceId) -> Spool:
        """As `SpoolStore.open`; raises ValueError when it is open already."""
        former = self._spools.get((session, source))
        if former is not None and not former.closed:
            msg = f"The spool of source {source} of session {session} is open already."
            raise ValueError(msg)
        spool = MemorySpool(kept_samples=self._kept_samples, former=former)
        self._spools[session, source] = spool
        return spool


class MemorySpool:
    """The `Spool` of one source."""

    def __init__(self, *, kept_samples: int = KEPT_SAMPLES, former: MemorySpool | None = None) -> None:
        self._kept_samples = kept_samples
        self._start: int = 0 if former is None else former._start
        self._pcm: bytearray = bytearray() if former is None else former._pcm
        self.note: bytes = b"" if former is None else former.note
        """As `Spool.note`."""
        self.closed = False
        """Whether it was closed or discarded: then it takes nothing and gives nothing."""

    @property
    def start(self) -> int:
        """As `Spool.start`."""
        return self._start

    @property
    def end(self) -> int:
        """As `Spool.end`."""
        return self._start + len(self._pcm) // SAMPLE_BYTES

    def append(self, pcm: bytes) -> None:
        """As `Spool.append`.

        Raises ValueError for a broken sample or a closed spool, StorageUnavailable when too much is kept.
        """
        if len(pcm) % SAMPLE_BYTES:
            msg = f"{len(pcm)} bytes of audio end in the middle of a sample."
            raise ValueError(msg)
        self._refuse_when_closed()
        if (len(self._pcm) + len(pcm)) // SAMPLE_BYTES > self._kept_samples:
            msg = f"{self.end - self.start} samples are kept in memory, and no more can be."
            raise StorageUnavailable(msg)
        self._pcm += pcm

    async def sync(self) -> int:
        """As `Spool.sync`; as safe as it will ever be."""
        self._refuse_when_closed()
        return self.end

    async def read(self, first: int, count: int) -> bytes:
        """As `Spool.read`; raises ValueError for samples that were trimmed."""
        self._refuse_when_closed()
        if first < self._start:
            msg = f"Sample {first} was trimmed; the first one still there is {self._start}."
            raise ValueError(msg)
        begin = (first - self._start) * SAMPLE_BYTES
        return bytes(self._pcm[begin : begin + count * SAMPLE_BYTES])

    async def trim(self, before: int) -> None:
        """As `Spool.trim`, to the sample."""
        self._refuse_when_closed()
        gone = max(0, min(before, self.end) - self._start)
        del self._pcm[: gone * SAMPLE_BYTES]
        self._start += gone

    async def keep(self, note: bytes) -> None:
        """As `Spool.keep`."""
        self._refuse_when_closed()
        self.note = note

    async def discard(self) -> None:
        """As `Spool.discard`; the spool is closed then."""
        self.closed = True
        self.note = b""
        self._start = 0
        self._pcm = bytearray()

    async def close(self) -> None:
        """As `Spool.close`."""
        self.closed = True

    def _refuse_when_closed(self) -> None:
        if self.closed:
            msg = "The spool is closed."
            raise ValueError(msg)
