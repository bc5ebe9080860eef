"""Samples in memory, by position: the part that the spools on disk and in memory share."""

from __future__ import annotations

SAMPLE_BYTES = 2


class SpoolSamples:
    """PCM16 without gaps, which grows at its end and is forgotten at its beginning. Its owner must bound it."""

    def __init__(self, first: int = 0) -> None:
        self._pcm = bytearray()
        self.first = first
        """The position of the first sample that is held."""
        self._silent: list[tuple[int, int]] = []
        """Spans that become silence when their samples arrive: first sample, and the sample after the last. A span is
        removed when all its samples have arrived.
        """

    @property
    def end(self) -> int:
        """The position after the last sample."""
        return self.first + len(self._pcm) // SAMPLE_BYTES

    def add(self, pcm: bytes) -> None:
        """Append samples."""
        before = self.end
        self._pcm += pcm
        for first, last in self._silent:
            self.hush(max(first, before), last)
        self._silent = [(first, last) for first, last in self._silent if last > self.end]

    def read(self, first: int, count: int) -> bytes:
        """Up to `count` samples from `first` on; `first` must be held."""
        begin = (first - self.first) * SAMPLE_BYTES
        return bytes(self._pcm[begin : begin + count * SAMPLE_BYTES])

    def forget(self, before: int) -> None:
        """Drop the samples before `before`, and wipe them first: they may have been meant never to stay in memory."""
        self.hush(self.first, before)
        gone = max(0, min(before, self.end) - self.first)
        del self._pcm[: gone * SAMPLE_BYTES]
        self.first += gone

    def hush(self, first: int, last: int) -> None:
        """Make the samples from `first` up to `last` silent, as far as they are held."""
        low, high = max(first, self.first), min(last, self.end)
        if low < high:
            at = (low - self.first) * SAMPLE_BYTES
            self._pcm[at : at + (high - low) * SAMPLE_BYTES] = bytes((high - low) * SAMPLE_BYTES)

    def hush_until(self, first: int, last: int) -> None:
        """Make the samples from `first` up to `last` silent, including those that arrive later."""
        self.hush(first, last)
        self._silent.append((first, last))

    def take_all(self) -> None:
        """Forget the silent spans: later samples are stored as they are."""
        self._silent = []
