"""Keeps going what looks after the house: whatever fails there is begun again, and the meetings don't notice.

For tasks that keep what they know outside of `run`: those that look, tell and tidy up, and those that go on from what
is in the log and the spool. A session's writer is none: it has to stop where it doesn't know what the log holds.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable

from moothall.core.ports import Clock

logger = logging.getLogger(__name__)

AGAIN_MS = 1_000
"""How long until it is begun again."""


async def carry_on(run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Keep `run` going until cancelled, or until it comes back by itself."""
    while True:
        try:
            await run()
        except Exception as error:  # whatever it was, meetings are on: the log gets the place
            note_failure(error, f"{getattr(run, '__qualname__', 'a task')} is begun again")
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # A task group that fails as it is cancelled tells of the failure alone.
                raise asyncio.CancelledError from None
            await clock.sleep(AGAIN_MS)
        else:
            return


def note_failure(error: Exception, what: str) -> None:
    """Say in the log where something failed; its message is left out, as it may quote what was said."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s: %s in %s:%s", what, type(error).__name__, where.name, where.lineno)
