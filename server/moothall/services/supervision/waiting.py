"""Tools for asyncio: callback lists, waiting with a time limit on a given clock, keyed background tasks, pulses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from typing import Any, Generic, ParamSpec, TypeVar

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import Clock
from moothall.wire.frames import PULSE_MS

P = ParamSpec("P")
T = TypeVar("T")


class Listeners(Generic[P]):
    """A list of callbacks. Calling it with a function adds that one, which must not wait."""

    def __init__(self) -> None:
        self._listeners: list[Callable[P, None]] = []

    def __call__(self, listener: Callable[P, None], /) -> None:
        """Call `listener` too from now on."""
        self._listeners.append(listener)

    def tell(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call all listeners, in the order in which they were added."""
        for listener in self._listeners:
            listener(*args, **kwargs)


class UnderWay:
    """Background tasks by key, so that one slow disk delays nothing else. A task group owns them, and they end with it.

    Bound: one task for each key. Overflow: work for a key that has a task is skipped; the caller tries again at its
    next look.
    """

    def __init__(self) -> None:
        self._keys: set[Hashable] = set()

    def begin(self, group: asyncio.TaskGroup, key: Hashable, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Start `work`, unless a task of this key is running."""
        if key not in self._keys:
            self._keys.add(key)
            group.create_task(work()).add_done_callback(lambda _: self._keys.discard(key))


async def until_set(event: asyncio.Event, clock: Clock, ms: int | None) -> None:
    """Wait for the event, at most `ms` if that isn't None."""
    if ms is None:
        await event.wait()
    else:
        await within(event.wait(), clock, ms)


async def every(
    ms: int, act: Callable[[], Awaitable[object]], clock: Clock, unavailable: Callable[[StorageUnavailable], None]
) -> None:
    """Call `act` at once and then every `ms`, until cancelled. `unavailable` is called in place of a failure of the
    store, and the next call comes at its time.
    """
    while True:
        try:
            await act()
        except StorageUnavailable as error:
            unavailable(error)
        await clock.sleep(ms)


async def within(awaited: Awaitable[T], clock: Clock, ms: int) -> T | None:
    """The result of an awaitable; None, and it is cancelled, when it takes longer than `ms`. Raises what it raises."""
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
    """Call `say` at once and then every `PULSE_MS` inside the context, where `wanted`.

    It is for a connection on which the peer sends most, and otherwise couldn't tell whether its messages still arrive.
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
