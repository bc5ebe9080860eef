"""The pulse of a line on which one side does most of the talking, and can't tell by that whether anything arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from moothall.core.ports import Clock
from moothall.wire.frames import PULSE_MS


@asynccontextmanager
async def pulsing(say: Callable[[], Awaitable[None]], clock: Clock, *, wanted: bool) -> AsyncIterator[None]:
    """Meanwhile say at once, and then each `PULSE_MS`, that the line is alive, where that is `wanted`."""

    async def pulses() -> None:
        while True:
            await say()
            await clock.sleep(PULSE_MS)

    task = asyncio.ensure_future(pulses()) if wanted else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
