"""Drains a server: no session begins any more, those that are on continue to their end, and then the server stops by
itself.

Engines elsewhere, hubs and readers connect to the next process and continue from where they were, as after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.ports import Clock
from moothall.core.sessions.state import ON
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
FAREWELL_MS = 2_000
"""Time, in ms, in which readers get the last close before the server stops."""


@dataclass(eq=False, repr=False)
class Draining:
    """Prevents sessions from beginning during a drain, and reports when none is on any more. `run` must be running."""

    sessions: Sessions
    clock: Clock

    def __post_init__(self) -> None:
        self._begun = asyncio.Event()
        self._ended = asyncio.Event()
        self.sessions.hold_back_with(self._held_back)

    @property
    def on(self) -> bool:
        """Whether a drain has begun."""
        return self._begun.is_set()

    @property
    def left(self) -> int:
        """Number of sessions that are on."""
        return sum(live.state.status in ON for live in self.sessions.all_loaded)

    def begin(self) -> None:
        """Begin the drain. A second call changes nothing."""
        if not self.on:
            logger.info("a drain begins: %d sessions are on", self.left)
        self._begun.set()

    async def ended(self) -> None:
        """Wait until the drain is over: no session is on any more."""
        await self._ended.wait()

    async def run(self) -> None:
        """Once a drain has begun, wait until no session is on."""
        await self._begun.wait()
        while self.left:
            await self.clock.sleep(LOOK_MS)
        await self.clock.sleep(FAREWELL_MS)
        logger.info("the drain is over: no session is on")
        self._ended.set()

    def _held_back(self) -> Refusal | None:
        if not self.on:
            return None
        # A temporary refusal: commands that are retried, and sessions that follow a requested close, begin in the next
        # process.
        return refuse(RefusalCode.UNAVAILABLE, "The server is being replaced. Try again in a minute.")
