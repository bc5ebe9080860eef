"""Whether somebody seems to speak, by how loud it is: for breaks, in which no engine hears anything.

Speech swings: between syllables and words it is much softer than in them. A fan, a hum or a hall full of people who
chat doesn't, or is soft. Nothing but levels is held. It is no recogniser: music that swings as much counts as speech.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque

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


class Voice:
    """Listens to PCM16 at 16 kHz."""

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
    samples = array("h", pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    some = samples[::STRIDE]
    return (sum(each * each for each in some) / len(some)) ** 0.5 if some else 0.0
