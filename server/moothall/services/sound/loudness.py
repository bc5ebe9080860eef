"""The loudness of a source: its level for displays, how long it has been digital silence, and whether somebody speaks.

A muted microphone keeps sending samples, so its sound never stops. Their size distinguishes it from a quiet room: the
steps of a muted 16-bit input, dither included, stay within a few units; the quietest room that was recorded for the
tests is at -62 dBFS on average, with peaks far above.

Whether somebody seems to speak is needed in breaks, when no engine hears the sound. Speech swings: between syllables
and words it is much softer than in them. A fan, a hum or a hall of chatting people doesn't swing, or is soft. Only
levels are kept. This is no recogniser: music that swings as much counts as speech.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from math import log10

SAMPLES_A_MS = 16
FULL = 32_768
"""The largest amplitude of a sample."""
SILENT = 10
"""Largest amplitude in digital silence: -70 dBFS."""
LATELY_MS = 500
"""How much sound the level is the peak of."""
STALE_MS = 2_000
"""Without sound for this long there is no level."""
LOWEST = -100
"""The level in dBFS that stands for digital zero."""
BLOCK = 1_600
"""Samples that are judged together, 100 ms."""
STRIDE = 4
"""Only every `STRIDE`th sample is used, which is enough for a level."""
WINDOW = 50
"""Blocks in the window of the judgement, 5 s, as on the microphone's page."""
FEW = 10
"""With fewer blocks than this there is no judgement."""
SWING = 2.5
"""A block of speech is at least this many times as loud as the 20th percentile of the window: 8 dB."""
SOFT = 100
"""Levels (of 32,768) below this are no speech into a microphone: -50 dBFS."""
SHARE = 4
"""In speech at least one block in `SHARE` is loud."""


class Loudness:
    """The level of one source, and its digital silence."""

    def __init__(self) -> None:
        self.dead_ms = 0
        """Duration of the current digital silence, in ms of sound; 0 while there is none."""
        self._peaks: list[tuple[int, int]] = []  # (ms of sound, peak), the newest LATELY_MS of them
        self._came: int | None = None

    def heard(self, pcm: bytes, now: int) -> None:
        """Process PCM16 samples that arrived at `now` (monotonic ms)."""
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
        """When sound last arrived, monotonic ms; None before the first."""
        return self._came

    def level(self, now: int) -> int | None:
        """The peak of the last half second in dBFS (0 is the loudest); None without sound in the last `STALE_MS`."""
        if self._came is None or now - self._came >= STALE_MS:
            return None
        peak = max(peak for _, peak in self._peaks)
        return max(LOWEST, round(20 * log10(peak / FULL))) if peak else LOWEST


class Voice:
    """Detects by level alone whether somebody seems to speak in PCM16 at 16 kHz."""

    def __init__(self) -> None:
        self._rest = b""
        # Bounded by its length: the oldest is dropped.
        self._levels: deque[float] = deque(maxlen=WINDOW)

    def take(self, pcm: bytes, *, heard: bool) -> None:
        """Process samples; if they are not `heard`, drop everything and begin again."""
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
        """Whether the last five seconds sound like speech."""
        if len(self._levels) < FEW:
            return False
        quiet = sorted(self._levels)[len(self._levels) // 5]
        loud = sum(each >= max(SOFT, SWING * quiet) for each in self._levels)
        return loud * SHARE >= len(self._levels)


def level(pcm: bytes) -> float:
    """The root mean square of PCM16 samples, 0 to 32,768; every `STRIDE`th sample is used."""
    some = samples_of(pcm)[::STRIDE]
    return (sum(each * each for each in some) / len(some)) ** 0.5 if some else 0.0


def samples_of(pcm: bytes) -> array[int]:
    """The samples of little-endian PCM16 as numbers."""
    samples = array("h", pcm)
    if sys.byteorder == "big":  # pragma: no cover  # the samples are little-endian
        samples.byteswap()
    return samples
