"""Stops a server without losing a connection that it has just accepted.

asyncio accepts a connection in one turn of its loop, makes its transport in the next, and hands it to its protocol in
the third, where the server first learns of it. If the server is closed before the second turn, asyncio fails to make
the transport and leaves the connection open; if the server closes its known connections before the third, nobody closes
this one. So a server first stops accepting, then lets the accepted connections reach their protocols, and then closes.

The module is short, since it is only about these turns; the servers of several packages need it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

TURNS = 4
"""Turns of the loop from the accepting of a connection to the first step of a task that its protocol starts."""


class ListeningSocket(Protocol):
    """A listening socket: Python's own, or the form in which asyncio's servers expose it."""

    def fileno(self) -> int:
        """The number of the socket's descriptor."""
        ...


async def stop_accepting(listeners: Iterable[ListeningSocket]) -> None:
    """Accept no more connections, and let all that were accepted reach their protocols. Close the server after this.

    The listening sockets stay open; whoever connects meanwhile is refused when the server closes them.
    """
    loop = asyncio.get_running_loop()
    for listener in listeners:
        with suppress(NotImplementedError):  # The event loop of Windows, where a hub may run, watches no sockets.
            loop.remove_reader(listener.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)
