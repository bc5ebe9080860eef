"""How fast the sound of one text may come: as fast as it is heard, beyond what a microphone may have kept. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

from moothall.services.sound.live_audio import RATE

T = TypeVar("T")

KEPT = 630 * RATE
"""Samples that may come at once: the ten minutes that a microphone keeps of what it can't send, and a little more."""
PERCENT = 105
"""Of real time: clocks of sound cards are a little off."""

PART = 100_000
"""Of a sample: what a ms and a percent give is a whole number of these."""
FULL = KEPT * PART


class Pace:
    """Of one text, over all its takes and connections."""

    def __init__(self, now: int) -> None:
        """`now`: ms of a clock that never runs back, here and below."""
        self._left = FULL
        self._at = now

    def rested(self, now: int) -> bool:
        """Whether as much may come at once as ever: then it needn't be remembered."""
        self._pass(now)
        return self._left >= FULL

    def take(self, samples: int, now: int) -> int:
        """So many samples came; how long their sender has to wait before the next ones, ms."""
        self._pass(now)
        self._left -= samples * PART
        return max(0, -(self._left // (RATE * PERCENT)))

    def _pass(self, now: int) -> None:
        self._left = min(FULL, self._left + (now - self._at) * RATE * PERCENT)
        self._at = now


class Paces(Generic[T]):
    """Of all texts, over all senders and reconnections."""

    def __init__(self) -> None:
        # One per text that more came of than time gives; the others are forgotten when the next one is asked for.
        self._known: dict[T, Pace] = {}

    def of(self, text: T, now: int) -> Pace:
        """That of one text."""
        self._known = {each: pace for each, pace in self._known.items() if each == text or not pace.rested(now)}
        return self._known.setdefault(text, Pace(now))
