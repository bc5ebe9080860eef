"""A port of this machine at which the web server of a test listens, for clients that dial again by themselves."""

from __future__ import annotations

import socket
import ssl

from aiohttp import web

from moothall.adapters.system.accepting import stop_accepting


class Site(web.SockSite):
    """Listens at any free port, or where `listener` does, until the runner's `cleanup`.

    aiohttp's own site lets go of its listening socket at once: a connection that it has just accepted is left open then
    (`moothall.adapters.system.accepting`), which fails whichever test runs when it is collected.
    """

    def __init__(
        self, runner: web.BaseRunner, listener: socket.socket | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        super().__init__(runner, self._listener, ssl_context=tls)

    async def stop(self) -> None:
        """As the runner's `cleanup` calls it."""
        await stop_accepting([self._listener])
        await super().stop()
