"""Sound from the network: an `AudioSource` that its receiver feeds, and how fast it may come."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from moothall.services.sound.live_audio import BYTES, RATE, to_ms

ROOM = 30 * RATE
"""Samples that may wait to be taken, 30 s. Overflow: `feed` waits, its connection is read no further, and the sender
keeps what it can't send."""
OBSERVED = 10
"""Seconds of which the least delayed piece tells how the sender's clock stands."""


class LiveSource:
    """One unbroken run of samples; positions count them from its first. One feeder, one reader."""

    def __init__(self, received: int, room: int = ROOM) -> None:
        """`received`: samples that were taken before, by an earlier life of this source."""
        self._received = received
        self._room = room
        # Bounded by `feed`, which waits.
        self._waiting = bytearray()
        self._changed = asyncio.Condition()
        self._finished = False
        # Per second the most media time that had passed for certain, against the clock; bounded by its length.
        self._heads: deque[tuple[int, int]] = deque(maxlen=OBSERVED)

    @property
    def received(self) -> int:
        """One past the last sample that was fed."""
        return self._received

    @property
    def finished(self) -> bool:
        """Whether nothing more is taken."""
        return self._finished

    async def feed(self, first: int, pcm: bytes) -> bool:
        """Take in samples from position `first` on, which may overlap what is there; waits while too many wait.

        Returns False when they can't be used: after the end, or behind a hole. A call that is cancelled has taken
        nothing.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._waiting) // BYTES < self._room or self._finished)
            if self._finished or first > self._received:
                return False
            fresh = pcm[(self._received - first) * BYTES :]
            self._waiting += fresh
            self._received += len(fresh) // BYTES
            self._changed.notify_all()
        return True

    def heard(self, end: int, age: int, now: int) -> None:
        """At `now` (ms of a clock that never runs back) it was `age` ms ago that the sample at `end` was heard.

        Delays on the way make an age too small and never too great, so the greatest of some seconds is the truest.
        """
        head = to_ms(end) + age - now
        second = now // 1000
        if self._heads and self._heads[-1][0] == second:
            head = max(head, self._heads.pop()[1])
        self._heads.append((second, head))

    def head(self, now: int) -> int | None:
        """Ms since the first sample, as the sender's clock counts them; None when it hasn't been heard of lately."""
        lately = [head for second, head in self._heads if now // 1000 - second <= OBSERVED]
        return max(lately) + now if lately else None

    async def finish(self) -> None:
        """Nothing more comes; what waits can still be read."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def read(self, samples: int) -> bytes:
        """What is there, at most `samples` samples; waits until there is one, and is empty only at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting or self._finished)
            pcm = bytes(self._waiting[: samples * BYTES])
            del self._waiting[: len(pcm)]
            self._changed.notify_all()
        return pcm


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
