"""Asyncio child processes that always have an owner, however often the owner is cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def start_child(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """Start a child as `asyncio.create_subprocess_exec` does; when this is cancelled, kill the child and wait for it.

    asyncio does so only at the first cancellation; a second one during the clean-up leaves the child without an owner.
    """
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await to_the_end(_discard(starting))
        raise


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end and return its result; every cancellation is delayed until then. For work that ends soon,
    such as a stop.

    Two cancellations come when a server stops after an error: from its starter and from the task group.
    """
    doing, cancelled = asyncio.ensure_future(work), False
    while not doing.done():
        try:
            await asyncio.wait((doing,))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        with suppress(BaseException):  # The cancellation takes precedence.
            doing.result()
        raise asyncio.CancelledError
    return doing.result()


async def _discard(starting: asyncio.Future[asyncio.subprocess.Process]) -> None:
    with suppress(OSError):  # It could not be started, so there is no child.
        process = await starting
        signal_child(process, signal.SIGKILL)
        await process.communicate()  # reads the pipes to their ends, so that asyncio closes them


def signal_child(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send a signal to a child; do nothing when it has ended already.

    Up to Python 3.12, `process.kill()` and similar methods first check whether the child has ended. That check reaps a
    child that just has; asyncio then waits for it in vain, warns of an unknown child process and reports status 255
    (github.com/python/cpython/issues/87744).
    """
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
