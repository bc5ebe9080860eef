"""A server for which days pass, so that what it keeps becomes due."""

from __future__ import annotations

from moothall.app.hall import RunningServer
from moothall.core.ports import Clock
from moothall.core.retention.periods import DAY_MS


class LaterClock:
    """A clock that is ahead of another, or behind it."""

    def __init__(self, clock: Clock, passed: int = 0) -> None:
        self._clock = clock
        self.passed = passed
        """By how much it is ahead, ms."""
        self.monotonic, self.sleep = clock.monotonic, clock.sleep

    def wall(self) -> int:
        return self._clock.wall() + self.passed


async def days_pass(running: RunningServer, days: int, clock: LaterClock | None = None) -> None:
    """Let days pass for what removes what is due, with a look on each. `clock`: the server's own, so that all of it
    sees them pass.
    """
    retention = running.backend.retention
    later = clock or LaterClock(retention.clock)
    retention.clock = later
    for _ in range(days):
        later.passed += DAY_MS
        await retention.sweep()
