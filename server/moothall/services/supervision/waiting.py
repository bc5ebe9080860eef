"""Waits for what others tell, with a pulse meanwhile, on the clock that is given; and tells it to those who listen.
Waits beside other work for what may be slow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, Generic, ParamSpec, TypeVar

from moothall.core.ports import Clock
from moothall.wire.frames import PULSE_MS

P = ParamSpec("P")
T = TypeVar("T")


class Listeners(Generic[P]):
    """Those who want to be told of something. Called with a function it tells that from now on, which must not wait."""

    def __init__(self) -> None:
        self._listeners: list[Callable[P, None]] = []

    def __call__(self, listener: Callable[P, None], /) -> None:
        """From now on call `listener` too."""
        self._listeners.append(listener)

    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call all of them, in the order in which they came."""
        for listener in self._listeners:
            listener(*args, **kwargs)


class UnderWay:
    """What is done beside other work, so that one slow disk holds up nobody else. A group owns it, and it ends with it.

    Bound: one task for each key. Overflow: what is begun for a key that has one is passed over; who looks again begins
    it again.
    """

    def __init__(self) -> None:
        self._keys: set[Hashable] = set()

    def begin(self, group: asyncio.TaskGroup, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have `work` done, unless some of this key is under way."""
        if key not in self._keys:
            self._keys.add(key)
            group.create_task(work()).add_done_callback(lambda _: self._keys.discard(key))


async def until_set(event: asyncio.Event, clock: Clock, ms: int | None) -> None:
    """Wait for the event, `ms` at most where given."""
    if ms is None:
        await event.wait()
    else:
        await within(event.wait(), clock, ms)


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


@asynccontextmanager
async def pulsing(say: Callable[[], Awaitable[None]], clock: Clock, *, wanted: bool) -> AsyncIterator[None]:
    """Meanwhile say at once, and then each `PULSE_MS`, that the link is alive, where that is `wanted`.

    It is for a link on which one side sends most, and can't tell by that whether anything arrives.
    """

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
