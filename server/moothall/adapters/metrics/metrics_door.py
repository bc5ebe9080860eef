"""The door for Prometheus: GET /metrics, on a listener of its own that no visitor reaches.

The values are read on the event loop, which is quick, and written as text in a thread, which takes longer. Measuring a
data folder takes long once there are years of recordings: that is also done in a thread, and not for every scrape.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path

from aiohttp import hdrs, web

from moothall.adapters.http.connections import unshared_connections
from moothall.adapters.http.limits import runner_options
from moothall.adapters.http.security_headers import secure
from moothall.adapters.http.taking import serve
from moothall.adapters.metrics.metrics import MetricsText, ReadScrape, Scrape
from moothall.adapters.store import book_sqlite, sqlite_file
from moothall.core.ports import Clock, Randomness

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 16
"""The most scrapers at once. Overflow: a further scraper gets 503."""
SIZES_MS = 60_000
"""After how many ms the sizes of folders are measured again."""
MOST_FILES = 200_000
"""The most files that are counted. Overflow: further files are left out."""


class MetricsDoor:
    """Answers scrapes. `sizes` returns the bytes of the data folder's parts; it may take long, and is called in a
    thread.
    """

    def __init__(self, read: ReadScrape, sizes: Callable[[], Mapping[str, int]], clock: Clock) -> None:
        self._read = read
        self._sizes = sizes
        self._clock = clock
        self._text = MetricsText()
        self._one = asyncio.Lock()
        self._known: Mapping[str, int] = {}
        self._looked: int | None = None

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/metrics", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer with all metrics, in the text format that the scraper accepts."""
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
    """Serve the door at `host` and `port` until the stack unwinds. Return the port; when it can't be opened, log a
    warning and return None, and the server continues without.
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


def folder_sizes(data: Path, folders: Mapping[str, str]) -> dict[str, int]:
    """Measure the bytes of the parts of a data folder: `log` and `book`, each with the files that SQLite keeps beside
    it; the folders in `folders`, which maps their names in the data folder to names of parts; and `other`.
    """
    sizes = dict.fromkeys(("log", "book", *folders.values(), "other"), 0)
    log, book = Path(sqlite_file.FILE_NAME).name, Path(book_sqlite.FILE_NAME).name
    for path, size in _files(data):
        first = path.relative_to(data).parts[0]
        part = folders.get(first, "other")
        if first.startswith(log):
            part = "log"
        elif first.startswith(book):
            part = "book"
        sizes[part] += size
    return sizes


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    left, waiting = MOST_FILES, [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:  # Files that vanish meanwhile are not counted.
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif left > 0 and entry.is_file(follow_symlinks=False):
                        left -= 1
                        yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
