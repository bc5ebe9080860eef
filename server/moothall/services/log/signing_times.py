"""Decides when a session's log is signed: once a minute if it has grown, and sooner on request.

The minute of events that an earlier run of the server left unsigned counts from when they were written, so that a
server that is killed repeatedly signs all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from moothall.core.ports import Clock

CHECKPOINT_MS = 60_000
ASKED_MS = 10_000
"""Least interval between two checkpoints on request, in ms: hubs on a bad connection come back every few seconds."""


@dataclass(eq=False, repr=False)
class SigningTimes:
    """Decides when a session's log is signed next. `run` must be running."""

    sign: Callable[[], Awaitable[object]]
    """Makes a checkpoint, if anything was appended since the last one."""
    signed: Callable[[], int]
    """Returns the offset of the last checkpoint."""
    unsigned: Callable[[], int | None]
    """Returns when the first event after it was written, Unix ms; None when there is none."""
    clock: Clock

    def __post_init__(self) -> None:
        self._asked = asyncio.Event()

    def ask(self, behind: int) -> None:
        """Request a checkpoint after the event at this offset, unless there is one: it is made at once, or `ASKED_MS`
        after the last requested one.
        """
        if self.signed() <= behind:
            self._asked.set()

    async def run(self) -> None:
        """Sign when it is due, until cancelled."""
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
