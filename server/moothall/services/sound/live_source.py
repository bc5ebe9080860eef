"""Sound from the network: an `AudioSource` that its receiver feeds, and a limit of how fast it may arrive."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

from moothall.services.sound.live_audio import BYTES, RATE, to_ms

ROOM = 30 * RATE
"""Samples that may wait to be read, 30 s. Overflow: `feed` waits, its connection isn't read any more (back-pressure),
and the sender keeps what it can't send.
"""
OBSERVED = 10
"""Seconds within which the least delayed piece determines the position of the sender's clock."""


class LiveSource:
    """One unbroken run of samples, whose positions count from its first. It has one feeder and one reader."""

    def __init__(self, received: int, room: int = ROOM) -> None:
        """`received`: the number of samples taken in before, by an earlier run of the server. `room`: as `ROOM`."""
        self._received = received
        self._room = room
        # Bounded by `feed`, which waits.
        self._waiting = bytearray()
        self._changed = asyncio.Condition()
        self._finished = False
        # Per second: the largest proven difference of media time and clock, in ms. Bounded by its length.
        self._heads: deque[tuple[int, int]] = deque(maxlen=OBSERVED)

    @property
    def received(self) -> int:
        """The position after the last sample that was fed."""
        return self._received

    @property
    def finished(self) -> bool:
        """Whether no more samples are accepted."""
        return self._finished

    async def feed(self, first: int, pcm: bytes) -> bool:
        """Append samples from position `first` on, of which known ones are skipped; waits while the buffer is full.

        Returns False where they can't be used: after the end, or after a hole. A cancelled call has appended nothing.
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
        """Note that at `now` (monotonic ms) the sample at position `end` was recorded `age` ms ago, as its sender says.

        Network delays make `age` too small and never too large, so the largest value of some seconds is the most
        accurate.
        """
        head = to_ms(end) + age - now
        second = now // 1000
        if self._heads and self._heads[-1][0] == second:
            head = max(head, self._heads.pop()[1])
        self._heads.append((second, head))

    def head(self, now: int) -> int | None:
        """Ms since the first sample by the sender's clock; None when the sender hasn't sent anything lately."""
        lately = [head for second, head in self._heads if now // 1000 - second <= OBSERVED]
        return max(lately) + now if lately else None

    async def finish(self) -> None:
        """Accept no more samples; waiting ones can still be read."""
        async with self._changed:
            self._finished = True
            self._changed.notify_all()

    async def read(self, samples: int) -> bytes:
        """The waiting samples, at most `samples`; waits for at least one, and is empty only at the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting or self._finished)
            pcm = bytes(self._waiting[: samples * BYTES])
            del self._waiting[: len(pcm)]
            self._changed.notify_all()
        return pcm


T = TypeVar("T")

KEPT = 630 * RATE
"""Samples that may arrive at once: the ten minutes that a microphone buffers when it can't send, and a little more."""
PERCENT = 105
"""The sustained rate in percent of real time: clocks of sound cards are slightly off."""

PART = 100_000
"""Fractions of a sample in which the budget is counted, so that the budget of each ms is an integer."""
FULL = KEPT * PART


class SamplePace:
    """The token bucket of samples for one text, across all its takes and connections."""

    def __init__(self, now: int) -> None:
        """`now`: monotonic ms, here and in the methods."""
        self._left = FULL
        self._at = now

    def rested(self, now: int) -> bool:
        """Whether the bucket is full, so that it need not be remembered."""
        self._pass(now)
        return self._left >= FULL

    def take(self, samples: int, now: int) -> int:
        """Take `samples` out of the bucket. Return how many ms their sender has to wait before it sends more."""
        self._pass(now)
        self._left -= samples * PART
        return max(0, -(self._left // (RATE * PERCENT)))

    def _pass(self, now: int) -> None:
        self._left = min(FULL, self._left + (now - self._at) * RATE * PERCENT)
        self._at = now


class Paces(Generic[T]):
    """The buckets of all texts, across all senders and reconnections."""

    def __init__(self) -> None:
        # Bound: the texts whose bucket isn't full. Full ones are dropped at the next `of`.
        self._known: dict[T, SamplePace] = {}

    def of(self, text: T, now: int) -> SamplePace:
        """The bucket of one text."""
        self._known = {each: pace for each, pace in self._known.items() if each == text or not pace.rested(now)}
        return self._known.setdefault(text, SamplePace(now))
