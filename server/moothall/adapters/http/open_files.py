"""How many files the system lets this process have open at once; each connection is one."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import AsyncExitStack, suppress
from typing import Any

import msgspec

logger = logging.getLogger(__name__)

KEPT_BACK = 200
"""Files that are no connections: logs, sound, engines, what is read for a moment."""
UNLIMITED = 1 << 30
BESIDE = 1_000
"""Connections beside those of readers, at the least."""
_ACCEPT_FAILED = "socket.accept() out of system resource"
"""What asyncio calls it when a connection can't be taken: there are no files or no memory for it."""
TELL_AGAIN_S = 60.0


def raise_open_files() -> int:
    """Let this process have as many files open as it may; returns how many that are."""
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
    """Raise the limit, and say how many connections there is room for; a warning names `setting` where that is less.

    Until the stack unwinds connections that can't be taken are told once a minute.
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
    """How many fit."""

    connections: int
    readers: int
    """Of these connections: the others are for pages, questions and staff."""


def room_for(readers: int, files: int) -> ConnectionCapacity:
    """How many connections fit where `files` may be open and so many readers are meant to."""
    beside = max(BESIDE, readers // 10)
    connections = min(readers + beside, max(files - KEPT_BACK, files // 2))
    return ConnectionCapacity(connections, max(connections - beside, min(readers, connections - connections // 5)))


class AcceptFailures:
    """A loop's exception handler: connections that can't be taken are told once a minute, with their number.

    asyncio tells it up to a thousand times a second, each with a traceback, which fills the disk.
    """

    def __init__(self) -> None:
        self._since = 0
        self._told: float | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        if context.get("message") == _ACCEPT_FAILED:
            self.note(context.get("exception"), loop.time())
        else:
            loop.default_exception_handler(context)

    def note(self, error: BaseException | None, now: float) -> None:
        """One could not be taken at `now` (s)."""
        self._since += 1
        if self._told is None or now - self._told >= TELL_AGAIN_S:
            why = type(error).__name__
            logger.error("the server can't accept connections: no files or no memory left (%s): %d", why, self._since)
            self._told, self._since = now, 0
