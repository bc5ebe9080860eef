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
"""The delay before `supervise` restarts a task."""


MOST_TIMES = 5
"""Most restarts within `STEADY_MS` (ms) of a task with a `RestartBudget`; at the next failure it stops."""
STEADY_MS = 600_000
BACKOFF = Backoff(first_ms=1_000, last_ms=16_000)
"""The delays before restarts: 31 s for all five."""


class RestartBudget:
    """Limits how often something is restarted, with an increasing delay."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: deque[int] = deque(maxlen=MOST_TIMES)

    @property
    def lately(self) -> int:
        """The number of restarts in the last ten minutes."""
        now = self._clock.monotonic()
        return sum(now - at < STEADY_MS for at in self._times)

    async def again(self) -> bool:
        """Wait for the delay before the next restart; False at once when the limit is reached."""
        times = self.lately
        if times >= MOST_TIMES:
            return False
        await self._clock.sleep(BACKOFF.wait_ms(times))
        self._times.append(self._clock.monotonic())
        return True


async def supervise(run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run `run`, and restart it after each failure, until cancelled or until it returns."""
    while (error := await failure_of(run)) is not None:  # no failure may affect sessions
        note_failure(error, f"{getattr(run, '__qualname__', 'a task')} failed and restarts")
        await clock.sleep(AGAIN_MS)


async def failure_of(run: Callable[[], Awaitable[None]]) -> Exception | None:
    """Run a function to its end. Return the exception that it raised, None when it returned. When this is cancelled, it
    cancels the function and waits for its end.

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
    """Log the type and the location of an error, without its message, which may quote what was said."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s: %s in %s:%s", what, type(error).__name__, where.name, where.lineno)
