"""A port of this machine on which a test's web server listens, safe for clients that reconnect by themselves."""

from __future__ import annotations

import socket
import ssl

from aiohttp import web

from moothall.adapters.system.accepting import stop_accepting


class Site(web.SockSite):
    """Listens at any free port, or at `listener`, until the runner's `cleanup`.

    aiohttp's own site closes its listening socket at once. A connection that it has just accepted then stays open
    (`moothall.adapters.system.accepting`), and makes whichever test runs fail when it is collected.
    """

    def __init__(
        self, runner: web.BaseRunner, listener: socket.socket | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        super().__init__(runner, self._listener, ssl_context=tls)

    async def stop(self) -> None:
        """Stop listening; the runner's `cleanup` calls it."""
        await stop_accepting([self._listener])
        await super().stop()
