"""What a server counts and times while it runs, for its metrics and for its readiness.

One object for the whole server: sessions come and go, and what they did stays counted. Each is a number that exists
already or one addition where something happens; nothing is counted for a single reader's frame.
"""

from __future__ import annotations

from moothall.core.ports import Clock
from moothall.services.operation.durations import Durations

SPOKEN = (250, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000, 120_000)
"""Edges (ms) of how late words come."""
STORED = (1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 5_000)
"""Edges (ms) of what a disk takes."""
HANDED = (1, 2, 5, 10, 20, 30, 50, 100, 250, 1_000)
"""Edges (ms) of what a walk over the readers takes."""


class Measures:
    """The counts and durations of a running server."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.appends = Durations(STORED)
        """From the moment when the log is asked to store to its answer."""
        self.events = 0
        """That were appended."""
        self.append_failures = 0
        self._refused_at: int | None = None
        """When the last append was refused; None once one was stored again."""

    @property
    def append_refused_for(self) -> int | None:
        """How long ago (ms) the last append was refused; None when it was stored, or there was none."""
        return None if self._refused_at is None else self._clock.monotonic() - self._refused_at

    def appended(self, began: int, events: int) -> None:
        """So many events are durable; `began`: when that was asked for, monotonic ms."""
        self.appends.note(self._clock.monotonic() - began)
        self.events += events
        self._refused_at = None

    def append_refused(self) -> None:
        """An append could not be stored."""
        self.append_failures += 1
        self._refused_at = self._clock.monotonic()
