"""How a server stops without losing sight of a connection that it has only just accepted.

asyncio takes a connection from the system in one turn of its loop, makes its transport in the next, and gives it to its
protocol in the third, where a server hears of it. If the server is closed before the second, asyncio fails to make the
transport and leaves the connection open; if what the server knows is closed before the third, nobody closes this one.
So a server first takes no more, then lets those arrive that were taken, and then closes.

This is short, since it is only about these turns; the servers of several packages need it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

TURNS = 4
"""Of the loop, from the accepting to the first step of a task that a protocol makes."""


class Listener(Protocol):
    """A listening socket: Python's own, or as asyncio's servers show theirs."""

    def fileno(self) -> int:
        """Its number in this process."""
        ...


async def stop_accepting(listeners: Iterable[Listener]) -> None:
    """Take no more connections, and let all that were taken reach their protocols. Close the server after this.

    The listening sockets stay open; who connects meanwhile is refused when the server closes them.
    """
    loop = asyncio.get_running_loop()
    for listener in listeners:
        with suppress(NotImplementedError):  # The loop of Windows, where a hub may run, watches no sockets.
            loop.remove_reader(listener.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
