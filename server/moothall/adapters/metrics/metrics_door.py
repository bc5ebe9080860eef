"""The door for Prometheus: GET /metrics, on a listener of its own that no visitor reaches.

What is told is read on the loop, which takes a moment, and written down in a thread, which takes longer.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, closing

from aiohttp import hdrs, web

from moothall.adapters.http.connections import unshared_connections
from moothall.adapters.http.limits import runner_options
from moothall.adapters.http.security_headers import secure
from moothall.adapters.http.taking import serve
from moothall.adapters.metrics.metrics import MetricsText, Read, Scrape
from moothall.core.ports import Clock, Randomness

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 16
"""Scrapers at a time. Overflow: one more gets 503."""
SIZES_MS = 60_000
"""How long the sizes of folders stand until they are looked at again."""


class MetricsDoor:
    """Answers scrapes. `sizes`: bytes of the data folder's parts; it may take long, and is called in a thread."""

    def __init__(self, read: Read, sizes: Callable[[], Mapping[str, int]], clock: Clock) -> None:
        self._read = read
        self._sizes = sizes
        self._clock = clock
        self._text = MetricsText()
        self._one = asyncio.Lock()
        self._known: Mapping[str, int] = {}
        self._looked: int | None = None

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/metrics", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """All metrics, in the text format that the scraper takes."""
        accept = request.headers.get(hdrs.ACCEPT, "")
        async with self._one:
            now = self._clock.monotonic()
            if self._looked is None or now - self._looked >= SIZES_MS:
                self._looked, self._known = now, await asyncio.to_thread(self._sizes)
            scrape: Scrape = self._read()
            for folder, size in self._known.items():
                scrape.tell("moothall_folder_bytes", size, folder=folder)
            body, content_type = await asyncio.to_thread(self._text.render, scrape, accept)
        headers = {hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-store"}
        return web.Response(body=body, headers=headers)


async def open_metrics_door(
    stack: AsyncExitStack, door: MetricsDoor, host: str, port: int, randomness: Randomness
) -> int | None:
    """Answer scrapes there until the stack unwinds; the port, or None where it can't be had: a warning says so, and all
    else goes on.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = stack.enter_context(closing(socket.create_server((host, port), family=family)))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "another program has the port" if taken else "the system refuses the address"
        logger.warning(
            "metrics: port %d can't be listened on (%s); the server goes on without. Choose another by `port` of "
            "[metrics], or an empty `host` for none",
            port,
            why,
        )
        return None
    app = web.Application()
    secure(app)
    app.add_routes(door.routes())
    runner = web.AppRunner(app, **runner_options())
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await serve(stack, runner, listener, connections=unshared_connections(randomness, MOST_CONNECTIONS))
    return int(listener.getsockname()[1])
