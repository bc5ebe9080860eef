"""Waits for the first of several awaitables, on the clock that is given.

A module by itself: a link of a hub and the server of all links wait with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from moothall.core.ports import Clock

T = TypeVar("T")


async def until_told(told: asyncio.Event, clock: Clock, ms: int | None) -> None:
    """Wait for the event, `ms` at most where given."""
    if ms is None:
        await told.wait()
    else:
        await within(told.wait(), clock, ms)


async def within(awaited: Awaitable[T], clock: Clock, ms: int) -> T | None:
    """What is awaited; None, and it is cancelled, when it takes longer than `ms`. Raises as it does."""
    task = asyncio.ensure_future(awaited)
    timer = asyncio.ensure_future(clock.sleep(ms))
    try:
        await asyncio.wait({task, timer}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        both = [each for each in (task, timer) if not each.done()]
        for each in both:
            each.cancel()
        if both:
            await asyncio.wait(both)
