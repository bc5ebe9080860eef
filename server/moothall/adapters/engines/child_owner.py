"""Child processes of asyncio's that somebody always owns, however often the owner is cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def start_child(*command: str, **options: Any) -> asyncio.subprocess.Process:
    """Start a child as `asyncio.create_subprocess_exec` does; when this is cancelled, the child is killed and awaited.

    asyncio does so only on the first cancellation; a second one meanwhile leaves the child to nobody.
    """
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, **options))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        await to_the_end(_discard(starting))
        raise


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Its result. A cancellation waits until the work is done, however many come: for work that ends soon, as a stop.

    Two come when a server stops on an error: one of what it was started by, one of the task group.
    """
    doing, cancelled = asyncio.ensure_future(work), False
    while not doing.done():
        try:
            await asyncio.wait((doing,))
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        with suppress(BaseException):  # The cancellation goes before.
            doing.result()
        raise asyncio.CancelledError
    return doing.result()


async def _discard(starting: asyncio.Future[asyncio.subprocess.Process]) -> None:
    with suppress(OSError):  # It could not be started: there is none.
        process = await starting
        signal_child(process, signal.SIGKILL)
        await process.communicate()  # to the ends of the pipes, so that asyncio lets go of them


def signal_child(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send it; nothing happens when the child has ended already.

    Up to Python 3.12, `process.kill()` and its like look first whether the child has ended. One that just has is
    reaped by that, asyncio waits for it in vain, warns of an unknown child process and reports status 255
    (github.com/python/cpython/issues/87744).
    """
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
