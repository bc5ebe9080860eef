"""How loud the sound of a source is: a level for the eye, how long it has been digital silence, and whether somebody
seems to speak.

A microphone that is muted goes on sending samples, so that its sound never stops. It is told from a quiet room by their
size: the steps of a muted 16-bit input, dither included, stay within a few; the quietest room that was recorded for the
tests lies at -62 dBFS on average, with peaks far above.

Whether somebody seems to speak is for breaks, in which no engine hears anything. Speech swings: between syllables and
words it is much softer than in them. A fan, a hum or a hall full of people who chat doesn't, or is soft. Nothing but
levels is held. It is no recogniser: music that swings as much counts as speech.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
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
BLOCK = 1_600
"""Samples that are judged as one, 100 ms."""
STRIDE = 4
"""One sample of so many is looked at; for a level that is enough."""
WINDOW = 50
"""Blocks that are judged together, 5 s: as the page of the microphone does."""
FEW = 10
"""Blocks without which nothing can be said."""
SWING = 2.5
"""How many times as loud as the softer fifth of the window a block of speech is at least, 8 dB."""
SOFT = 100
"""Level below which nobody speaks into a microphone (of 32,768), -50 dBFS."""
SHARE = 4
"""In speech at least one block of so many is loud."""


class Loudness:
    """Of one source; told of its sound as it comes."""

    def __init__(self) -> None:
        self.dead_ms = 0
        """How much digital silence has come since the last sample that is none, ms of sound."""
        self._peaks: list[tuple[int, int]] = []  # (ms of sound, peak), the newest LATELY_MS of them
        self._came: int | None = None

    def heard(self, pcm: bytes, now: int) -> None:
        """PCM16 came at `now` (monotonic ms)."""
        samples = samples_of(pcm)
        if not samples:
            return
        ms, peak = len(samples) // SAMPLES_A_MS, max(abs(max(samples)), abs(min(samples)))
        self.dead_ms = self.dead_ms + ms if peak <= SILENT else 0
        self._came = now
        self._peaks.append((ms, peak))
        while sum(each for each, _ in self._peaks[1:]) >= LATELY_MS:
            del self._peaks[0]

    @property
    def came(self) -> int | None:
        """When sound came last, monotonic ms; None before the first."""
        return self._came

    def level(self, now: int) -> int | None:
        """The peak of the last half second, dBFS (0 is the loudest); None when no sound has come lately."""
        if self._came is None or now - self._came >= STALE_MS:
            return None
        peak = max(peak for _, peak in self._peaks)
        return max(LOWEST, round(20 * log10(peak / FULL))) if peak else LOWEST


class Voice:
    """Tells whether somebody seems to speak in PCM16 at 16 kHz."""

    def __init__(self) -> None:
        self._rest = b""
        # Bounded by its length: the oldest goes.
        self._levels: deque[float] = deque(maxlen=WINDOW)

    def take(self, pcm: bytes, *, heard: bool) -> None:
        """Take samples in; where they aren't to be `heard` it begins anew."""
        if not heard:
            self._rest = b""
            self._levels.clear()
            return
        pcm = self._rest + pcm
        whole = len(pcm) // (2 * BLOCK) * 2 * BLOCK
        for at in range(0, whole, 2 * BLOCK):
            self._levels.append(level(pcm[at : at + 2 * BLOCK]))
        self._rest = pcm[whole:]

    @property
    def speaks(self) -> bool:
        """Whether that is how the last five seconds sound."""
        if len(self._levels) < FEW:
            return False
        quiet = sorted(self._levels)[len(self._levels) // 5]
        loud = sum(each >= max(SOFT, SWING * quiet) for each in self._levels)
        return loud * SHARE >= len(self._levels)


def level(pcm: bytes) -> float:
    """Root of the mean square of PCM16 samples, 0 to 32,768."""
    some = samples_of(pcm)[::STRIDE]
    return (sum(each * each for each in some) / len(some)) ** 0.5 if some else 0.0


def samples_of(pcm: bytes) -> array[int]:
    """PCM16, little-endian, as numbers."""
    samples = array("h", pcm)
    if sys.byteorder == "big":  # pragma: no cover  # the samples are little-endian
        samples.byteswap()
    return samples
