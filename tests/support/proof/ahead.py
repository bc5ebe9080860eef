"""The machine's clock, which a test sets ahead: a real server's tree then takes in what was just said."""

from __future__ import annotations

from moothall.adapters.system.clock import SystemClock
from moothall.app.hall import RunningServer

LATER_MS = 90_000


class AheadClock(SystemClock):
    ahead = 0

    def wall(self) -> int:
        return super().wall() + self.ahead

    async def grow(self, running: RunningServer) -> None:
        """Let time pass for the tree of a server with this clock, and have it grow."""
        self.ahead += LATER_MS
        while await running.proof.tree.grow():
            pass
