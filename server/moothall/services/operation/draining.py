"""A drain: no session begins any more, those that are on go on to their end, and then the server ends by itself.

Engines elsewhere, hubs and readers dial the next process and go on from where they were, as after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.ports import Clock
from moothall.core.session.state import ON
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
FAREWELL_MS = 2_000
"""How long readers have to be told of the last close."""


@dataclass(eq=False, repr=False)
class Draining:
    """Holds back what would begin, and knows when nothing is on any more. `run` must be running."""

    sessions: Sessions
    clock: Clock

    def __post_init__(self) -> None:
        self._begun = asyncio.Event()
        self._ended = asyncio.Event()
        self.sessions.hold_back_with(self._held_back)

    @property
    def on(self) -> bool:
        """Whether it was begun."""
        return self._begun.is_set()

    @property
    def left(self) -> int:
        """How many sessions are on."""
        return sum(live.state.status in ON for live in self.sessions.all_loaded)

    def begin(self) -> None:
        """Begin it. To say so twice changes nothing."""
        if not self.on:
            logger.info("a drain begins: %d sessions are on", self.left)
        self._begun.set()

    async def ended(self) -> None:
        """Wait until nothing is on any more."""
        await self._ended.wait()

    async def run(self) -> None:
        """Look whether anything is still on, once a drain was begun, until nothing is."""
        await self._begun.wait()
        while self.left:
            await self.clock.sleep(LOOK_MS)
        await self.clock.sleep(FAREWELL_MS)
        logger.info("the drain is over: no session is on")
        self._ended.set()

    def _held_back(self) -> Refusal | None:
        if not self.on:
            return None
        # Not for good: what insists, and what follows a close that was asked for, begins in the next process.
        return refuse(RefusalCode.UNAVAILABLE, "The server is being replaced. Try again in a minute.")
