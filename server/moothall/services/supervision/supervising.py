"""Restarts background tasks that fail, without affecting sessions.

Only for tasks whose state outlives `run`: watchers, notifiers, cleaners, and tasks that resume from log and spool. A
task with more state, such as a session or the ingest of a channel, is loaded again instead, a limited number of times
(`RestartBudget`).
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Awaitable, Callable

from moothall.core.kernel.backoff import Backoff
from moothall.core.ports import Clock

logger = logging.getLogger(__name__)

AGAIN_MS = 1_000
"""How long until it is begun again."""


MOST_TIMES = 5
"""How often in `STEADY_MS` what holds more than that is begun again; when it fails once more it stops."""
STEADY_MS = 600_000
BACKOFF = Backoff(first_ms=1_000, last_ms=16_000)
"""31 s in all."""


class RestartBudget:
    """How often something was begun again lately: with more patience each time, and not for ever."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: deque[int] = deque(maxlen=MOST_TIMES)

    @property
    def lately(self) -> int:
        """How often in the last ten minutes."""
        now = self._clock.monotonic()
        return sum(now - at < STEADY_MS for at in self._times)

    async def again(self) -> bool:
        """Wait until it may be begun again; False at once when it failed too often."""
        times = self.lately
        if times >= MOST_TIMES:
            return False
        await self._clock.sleep(BACKOFF.wait_ms(times))
        self._times.append(self._clock.monotonic())
        return True


async def supervise(run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Keep `run` going until cancelled, or until it comes back by itself."""
    while (error := await failure_of(run)) is not None:  # whatever it was, meetings are on: the log gets the place
        note_failure(error, f"{getattr(run, '__qualname__', 'a task')} failed and restarts")
        await clock.sleep(AGAIN_MS)


async def failure_of(run: Callable[[], Awaitable[None]]) -> Exception | None:
    """Run it to its end; what it raised, None when it came back. When this is cancelled so is that, and is waited for.

    It gets a task of its own: in Python 3.11 a task in which a group has failed may count as being cancelled.
    """
    task = asyncio.ensure_future(_awaited(run))
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
        await asyncio.wait({task})
        error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error


async def _awaited(run: Callable[[], Awaitable[None]]) -> None:
    await run()


def note_failure(error: Exception, what: str) -> None:
    """Say in the log where something failed; its message is left out, as it may quote what was said."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s: %s in %s:%s", what, type(error).__name__, where.name, where.lineno)
