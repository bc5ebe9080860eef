"""How loud the sound of a source is: a level for the eye, and for how long it has been digital silence.

A microphone that is muted goes on sending samples, so that its sound never stops. It is told from a quiet room by their
size: the steps of a muted 16-bit input, dither included, stay within a few; the quietest room that was recorded for the
tests lies at -62 dBFS on average, with peaks far above.
"""

from __future__ import annotations

import sys
from array import array
from math import log10

SAMPLES_A_MS = 16
FULL = 32_768
"""The largest sample."""
SILENT = 10
"""No sample of digital silence is larger: -70 dBFS."""
LATELY_MS = 500
"""The level is the peak of so much sound."""
STALE_MS = 2_000
"""Sound that came longer ago says nothing of now."""
LOWEST = -100
"""dBFS of nothing."""


class Loudness:
    """Of one source; told of its sound as it comes."""

    def __init__(self) -> None:
        self.dead_ms = 0
        """How much digital silence has come since the last sample that is none, ms of sound."""
        self._peaks: list[tuple[int, int]] = []  # (ms of sound, peak), the newest LATELY_MS of them
        self._came: int | None = None

    def heard(self, pcm: bytes, now: int) -> None:
        """PCM16 came at `now` (monotonic ms)."""
        samples = array("h", pcm)
        if sys.byteorder == "big":  # pragma: no cover  # the samples are little-endian
            samples.byteswap()
        if not samples:
            return
        ms, peak = len(samples) // SAMPLES_A_MS, max(abs(max(samples)), abs(min(samples)))
        self.dead_ms = self.dead_ms + ms if peak <= SILENT else 0
        self._came = now
        self._peaks.append((ms, peak))
        while sum(each for each, _ in self._peaks[1:]) >= LATELY_MS:
            del self._peaks[0]

    def level(self, now: int) -> int | None:
        """The peak of the last half second, dBFS (0 is the loudest); None when no sound has come lately."""
        if self._came is None or now - self._came >= STALE_MS:
            return None
        peak = max(peak for _, peak in self._peaks)
        return max(LOWEST, round(20 * log10(peak / FULL))) if peak else LOWEST
