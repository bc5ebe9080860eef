"""The system's service manager (systemd): sockets that it hands over, and notifications to it (sd_notify).

It needs no library: the number of a handed-over socket is in the environment, and a notification is a datagram.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress

from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Clock

FIRST_DESCRIPTOR = 3
"""The first handed-over descriptor, SD_LISTEN_FDS_START."""
BACKLOG = 1024
"""How many connections may wait to be accepted, on a socket that was not handed over; the system refuses or
drops more.
"""
LOOK_MS = 10_000
"""The longest interval, in ms, at which the watchdog is notified; a third of the manager's timeout when that is
shorter.
"""


def handed_listener(environ: MutableMapping[str, str], own_pid: int) -> socket.socket | None:
    """Return the handed-over socket, already bound and listening; None when none was handed over.

    While the server restarts, new connections wait in a socket of the unit, and nobody is refused. The variables are
    removed from `environ`, so that child processes don't use them. Raises ConfigurationError.
    """
    count, pid = number_in(environ.pop("LISTEN_FDS", ""), 9), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(own_pid) or not count:
        return None
    if count > 1:
        msg = f"{count} sockets were handed over, and Moothall listens on one: leave one ListenStream= in the unit."
        raise ConfigurationError(msg)
    os.set_inheritable(FIRST_DESCRIPTOR, False)
    listener = socket.socket(fileno=FIRST_DESCRIPTOR)
    if listener.type != socket.SOCK_STREAM or listener.family not in (socket.AF_INET, socket.AF_INET6):
        listener.detach()
        raise ConfigurationError("The unit's socket is not a TCP socket: write ListenStream=ADDRESS:PORT in the unit.")
    return listener


def open_listener(who: str, host: str, port: int) -> socket.socket:
    """Return the socket for visitors: the one that was handed over, or a new one. `who` names the program in an error
    message. Raises ConfigurationError.
    """
    handed = handed_listener(os.environ, os.getpid())
    if handed is not None:
        return handed
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        # create_server appends the address to the system's message.
        why = (error.strerror or type(error).__name__).partition(" (while")[0]
        do = "Is another one running? --port chooses."
        if isinstance(error, PermissionError):
            do = "Ports below 1024 are root's: let systemd hold it (moothall.socket), or choose another with --port."
        raise ConfigurationError(f"The {who} can't listen on {host}:{port}: {why}. {do}") from error


class ServiceManager:
    """Notifies the service manager of the server's state. Without a service manager its methods do nothing."""

    def __init__(self, environ: MutableMapping[str, str], clock: Clock, own_pid: int) -> None:
        self._clock = clock
        self._address = environ.pop("NOTIFY_SOCKET", "")
        pid, interval = environ.pop("WATCHDOG_PID", ""), number_in(environ.pop("WATCHDOG_USEC", ""), 20)
        self._watchdog_us = interval if pid in ("", str(own_pid)) else None

    def tell(self, *words: str) -> None:
        """Send words such as `READY=1`. Errors are ignored: a missing manager must not stop the server."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)  # A full queue must not block the server.
            out.sendto("\n".join(words).encode(), address)

    async def run(self) -> None:
        """Notify the watchdog (`WATCHDOG=1`) as often as the manager requires, until cancelled; return at once when it
        requires none.
        """
        if not self._watchdog_us or not self._address:
            return
        while True:
            self.tell("WATCHDOG=1")
            await self._clock.sleep(min(LOOK_MS, max(1, self._watchdog_us // 3000)))
