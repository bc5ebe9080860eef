"""When a session's log is signed: a minute after what isn't, and soon where somebody asks for it.

What an earlier life of the server left unsigned counts from when it was written, so that one that is killed again and
again signs all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from moothall.core.ports import Clock

CHECKPOINT_MS = 60_000
ASKED_MS = 10_000
"""How often a checkpoint is made at most because somebody asks: hubs on a bad line come back every few seconds."""


class SigningTimes:
    """Decides when a session's log is signed next. `run` must be running."""

    def __init__(
        self,
        sign: Callable[[], Awaitable[object]],
        signed: Callable[[], int],
        unsigned: Callable[[], int | None],
        clock: Clock,
    ) -> None:
        """`sign` makes a checkpoint, if anything has happened since the one before; `signed` is the offset of that.

        `unsigned` is when the first event behind it was written, Unix ms; None when there is none.
        """
        self._sign = sign
        self._signed = signed
        self._unsigned = unsigned
        self._clock = clock
        self._asked = asyncio.Event()

    def ask(self, behind: int) -> None:
        """Have one made behind this event unless there is one: at once, or `ASKED_MS` after the last one asked for."""
        if self._signed() <= behind:
            self._asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._each_minute())
            group.create_task(self._when_asked())

    async def _each_minute(self) -> None:
        since = self._unsigned()
        if since is not None:
            await self._clock.sleep(min(max(since + CHECKPOINT_MS - self._clock.wall(), 0), CHECKPOINT_MS))
            await self._sign()
        while True:
            await self._clock.sleep(CHECKPOINT_MS)
            await self._sign()

    async def _when_asked(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self._sign()
            await self._clock.sleep(ASKED_MS)
