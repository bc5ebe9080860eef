"""The system that starts services (systemd): sockets that it hands over, and what it is told (sd_notify).

Written by hand: a socket to be listened on is a number in the environment, and a message is a datagram.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Clock

FIRST_DESCRIPTOR = 3
"""SD_LISTEN_FDS_START."""
BACKLOG = 1024
"""Connections that may wait to be taken, on a socket that was not handed over; the system refuses or drops more."""
LOOK_MS = 10_000
"""How often it is told that the loop goes round, at the least; where it waits less long, three times in that time.
"""


def handed_listener(environ: MutableMapping[str, str], own_pid: int) -> socket.socket | None:
    """The socket on which to listen, already bound and listening; None where none was handed over.

    With a socket of the unit connections that come while the server restarts wait in it, and nobody is refused. The
    variables are taken away, so that children don't think that they are meant. Raises ConfigurationError.
    """
    count, pid = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(own_pid) or not count.isascii() or not count.isdigit() or int(count) < 1:
        return None
    if int(count) > 1:
        msg = f"{count} sockets were handed over, and Moothall listens on one: leave one ListenStream= in the unit."
        raise ConfigurationError(msg)
    os.set_inheritable(FIRST_DESCRIPTOR, False)
    listener = socket.socket(fileno=FIRST_DESCRIPTOR)
    if listener.type != socket.SOCK_STREAM or listener.family not in (socket.AF_INET, socket.AF_INET6):
        listener.detach()
        raise ConfigurationError("What was handed over is no TCP socket: write ListenStream=ADDRESS:PORT in the unit.")
    return listener


def open_listener(who: str, host: str, port: int) -> socket.socket:
    """Where visitors come: the socket that was handed over, or a new one of `who`. Raises ConfigurationError."""
    handed = handed_listener(os.environ, os.getpid())
    if handed is not None:
        return handed
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        # create_server adds the address to what the system says.
        why = (error.strerror or type(error).__name__).partition(" (while")[0]
        msg = f"The {who} can't listen on {host}:{port}: {why}. Is another one running? --port chooses."
        raise ConfigurationError(msg) from error


class ServiceManager:
    """Tells it how the server is. Without one, each of these does nothing."""

    def __init__(self, environ: MutableMapping[str, str], clock: Clock, own_pid: int) -> None:
        self._clock = clock
        self._address = environ.pop("NOTIFY_SOCKET", "")
        pid, self._watchdog_us = environ.pop("WATCHDOG_PID", ""), environ.pop("WATCHDOG_USEC", "")
        if pid not in ("", str(own_pid)) or not self._watchdog_us.isdigit():
            self._watchdog_us = ""

    def tell(self, *words: str) -> None:
        """Send words such as `READY=1`. Nobody has to hear them: a manager that is away stops no server."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)  # A full queue must not hold the server up.
            out.sendto("\n".join(words).encode(), address)

    async def run(self) -> None:
        """Say that the loop goes round (`WATCHDOG=1`) as often as is wanted, until cancelled."""
        if not self._watchdog_us or not self._address:
            return
        while True:
            self.tell("WATCHDOG=1")
            await self._clock.sleep(min(LOOK_MS, max(1, int(self._watchdog_us) // 3000)))
