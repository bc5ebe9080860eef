"""When a session's log is signed: a minute after what isn't, and soon where somebody asks for it.

What an earlier life of the server left unsigned counts from when it was written, so that one that is killed again and
again signs all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from moothall.core.ports import Clock

CHECKPOINT_MS = 60_000
ASKED_MS = 10_000
"""How often a checkpoint is made at most because somebody asks: hubs on a bad line come back every few seconds."""


@dataclass(eq=False, repr=False)
class SigningTimes:
    """Decides when a session's log is signed next. `run` must be running."""

    sign: Callable[[], Awaitable[object]]
    """Makes a checkpoint, if anything has happened since the one before."""
    signed: Callable[[], int]
    """The offset of the last checkpoint."""
    unsigned: Callable[[], int | None]
    """When the first event behind it was written, Unix ms; None when there is none."""
    clock: Clock

    def __post_init__(self) -> None:
        self._asked = asyncio.Event()

    def ask(self, behind: int) -> None:
        """Have one made behind this event unless there is one: at once, or `ASKED_MS` after the last one asked for."""
        if self.signed() <= behind:
            self._asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._each_minute())
            group.create_task(self._when_asked())

    async def _each_minute(self) -> None:
        since = self.unsigned()
        if since is not None:
            await self.clock.sleep(min(max(since + CHECKPOINT_MS - self.clock.wall(), 0), CHECKPOINT_MS))
            await self.sign()
        while True:
            await self.clock.sleep(CHECKPOINT_MS)
            await self.sign()

    async def _when_asked(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.sign()
            await self.clock.sleep(ASKED_MS)
