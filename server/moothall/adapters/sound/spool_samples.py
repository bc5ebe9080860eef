"""Samples in memory, by position: what both spools have of what they keep."""

from __future__ import annotations

SAMPLE_BYTES = 2


class Samples:
    """PCM16 without a hole, growing at its end and forgotten at its beginning. Not bounded: its owner sees to that."""

    def __init__(self, first: int = 0) -> None:
        self._pcm = bytearray()
        self.first = first
        """The first sample that is held."""
        self._silent: list[tuple[int, int]] = []
        """From where up to where what is still to come is silence; they leave when it has come."""

    @property
    def end(self) -> int:
        """One past the last one."""
        return self.first + len(self._pcm) // SAMPLE_BYTES

    def add(self, pcm: bytes) -> None:
        """Put samples at the end."""
        before = self.end
        self._pcm += pcm
        for first, last in self._silent:
            self.hush(max(first, before), last)
        self._silent = [(first, last) for first, last in self._silent if last > self.end]

    def read(self, first: int, count: int) -> bytes:
        """Up to `count` samples from `first` on, which must be held."""
        begin = (first - self.first) * SAMPLE_BYTES
        return bytes(self._pcm[begin : begin + count * SAMPLE_BYTES])

    def forget(self, before: int) -> None:
        """Drop and wipe the samples before a sample: they may not have been meant to stay in memory either."""
        self.hush(self.first, before)
        gone = max(0, min(before, self.end) - self.first)
        del self._pcm[: gone * SAMPLE_BYTES]
        self.first += gone

    def hush(self, first: int, last: int) -> None:
        """Make silence of the samples from `first` up to `last`, as far as they are held."""
        low, high = max(first, self.first), min(last, self.end)
        if low < high:
            at = (low - self.first) * SAMPLE_BYTES
            self._pcm[at : at + (high - low) * SAMPLE_BYTES] = bytes((high - low) * SAMPLE_BYTES)

    def hush_until(self, first: int, last: int) -> None:
        """Make a span silence, and also samples before `last` that come later."""
        self.hush(first, last)
        self._silent.append((first, last))

    def take_all(self) -> None:
        """Later samples are stored as they are."""
        self._silent = []
