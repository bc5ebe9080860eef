"""The doors for load balancers and watchdogs: GET /healthz and GET /readyz, plain text.

They are answered before any other middleware runs: they count towards no rate limit, look up no session, and read no
cookie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

UNREADY_S = 5
"""After how many seconds a load balancer may ask again."""


class HealthDoor:
    """Reports that the process runs, and whether it is ready.

    `lacking` returns why it isn't ready, a sentence for each part; it must not block.
    """

    def __init__(self, lacking: Callable[[], Sequence[str]]) -> None:
        self._lacking = lacking

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/healthz", self.alive), web.get("/readyz", self.ready)]

    async def alive(self, _: web.Request) -> web.Response:
        """Answer 200, which only shows that the event loop runs."""
        return web.Response(text="ok\n", headers={hdrs.CACHE_CONTROL: "no-store"})

    async def ready(self, _: web.Request) -> web.Response:
        """Answer 200, or 503 with a line for each part that isn't ready."""
        lacking = self._lacking()
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        if not lacking:
            return web.Response(text="ready\n", headers=headers)
        headers[hdrs.RETRY_AFTER] = str(UNREADY_S)
        return web.Response(status=503, text="".join(f"{why}\n" for why in lacking), headers=headers)

    def first(self) -> Middleware:
        """Middleware that answers these two paths before all others; it must be the first in the list."""
        doors: dict[str, Handler] = {"/healthz": self.alive, "/readyz": self.ready}

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            door = doors.get(request.path) if request.method in (hdrs.METH_GET, hdrs.METH_HEAD) else None
            return await (door or handler)(request)

        return middleware
