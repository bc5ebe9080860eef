"""The limit on open files of this process, of which each connection needs one."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import AsyncExitStack, suppress
from typing import Any

import msgspec

logger = logging.getLogger(__name__)

KEPT_BACK = 200
"""Files reserved for other uses: logs, sound, engines, files that are open for a moment."""
UNLIMITED = 1 << 30
BESIDE = 1_000
"""The least number of connections reserved for others than readers."""
_ACCEPT_FAILED = "socket.accept() out of system resource"
"""asyncio's message when `accept` fails because files or memory ran out."""
TELL_AGAIN_S = 60.0


def raise_open_files() -> int:
    """Raise the limit on open files to the hard limit; return the limit that holds then."""
    if sys.platform == "win32":  # A hub may run there, and has no such limit.
        return UNLIMITED
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # Some systems name a hard limit that they don't grant.
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def watch_open_files(stack: AsyncExitStack, readers: int, setting: str) -> ConnectionCapacity:
    """Raise the limit on open files and return the connection capacity; warn, naming `setting`, where it is less than
    `readers`.

    Until the stack unwinds, failures to accept connections are logged once a minute.
    """
    files = raise_open_files()
    room = room_for(readers, files)
    if room.readers < readers:
        logger.warning(
            "The system lets this process have %d files open: room for %d readers, not for %s = %d. Raise it with "
            "`ulimit -n` or systemd's LimitNOFILE, or lower the setting.",
            files,
            room.readers,
            setting,
            readers,
        )
    loop = asyncio.get_running_loop()
    stack.callback(loop.set_exception_handler, loop.get_exception_handler())
    loop.set_exception_handler(AcceptFailures())
    return room


class ConnectionCapacity(msgspec.Struct, frozen=True):
    """How many connections the limit on open files allows."""

    connections: int
    readers: int
    """Connections for readers; the rest are for pages, questions and staff."""


def room_for(readers: int, files: int) -> ConnectionCapacity:
    """The capacity where `files` may be open and `readers` are wanted."""
    beside = max(BESIDE, readers // 10)
    connections = min(readers + beside, max(files - KEPT_BACK, files // 2))
    return ConnectionCapacity(connections, max(connections - beside, min(readers, connections - connections // 5)))


class AcceptFailures:
    """An event loop's exception handler that logs failures to accept connections once a minute, with their number.

    asyncio logs them up to a thousand times a second, each with a traceback, which fills the disk.
    """

    def __init__(self) -> None:
        self._since = 0
        self._told: float | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Handle an exception of the loop, for `loop.set_exception_handler`."""
        if context.get("message") == _ACCEPT_FAILED:
            self.note(context.get("exception"), loop.time())
        else:
            loop.default_exception_handler(context)

    def note(self, error: BaseException | None, now: float) -> None:
        """Count a connection that could not be accepted at `now` (s), and log the number if a minute has passed."""
        self._since += 1
        if self._told is None or now - self._told >= TELL_AGAIN_S:
            why = type(error).__name__
            logger.error("the server can't accept connections: no files or no memory left (%s): %d", why, self._since)
            self._told, self._since = now, 0
