"""Times in which this process, or its machine, stood still: nothing could be seen in them, and no age counts them."""

from __future__ import annotations

from collections import deque

from moothall.services.supervision.pulses import STALL_MS

REMEMBERED = 64
"""Stalls that are remembered. Overflow: the oldest is forgotten, and ages from before it count it."""


class Stalls:
    """Told by looks that come too late. Times are of the monotonic clock, ms."""

    def __init__(self) -> None:
        self._due: int | None = None
        # Each is when it had begun at the latest, and how long it was.
        self._stalls: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)

    def look(self, now: int, following: int) -> None:
        """A look at `now`; the next one is to come `following` ms later."""
        if self._due is not None and now - self._due >= STALL_MS:
            self._stalls.append((self._due, now - self._due))
        self._due = now + following

    def age(self, now: int, then: int | None) -> int | None:
        """Ms since `then` without the stalls since; None where it never was."""
        if then is None:
            return None
        return now - then - sum(lasted for began, lasted in self._stalls if then <= began)
