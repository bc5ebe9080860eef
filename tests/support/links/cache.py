"""nginx as the cache of docs/how-to/cached-feed.md, and a count of the requests that it passes on to the server."""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from support.links.proxies import found, listening

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "cached-feed.md"
_REQUEST = re.compile(rb"^(?:GET|HEAD|POST) (\S+) HTTP/1\.[01]\r\n", re.MULTILINE)


class Counted:
    """A relay to a server that counts the requests."""

    def __init__(self, to: int) -> None:
        self.asked: Counter[str] = Counter()
        """The number of requests for each address."""
        self.port = 0
        self.to = to
        self.open: set[asyncio.Transport] = set()
        """Transports of both sides of all connections."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Counted]:
        """Relay at `port` for the duration of the context."""
        server = await asyncio.get_running_loop().create_server(lambda: _FromCache(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for transport in self.open:
                transport.abort()
            await server.wait_closed()


class _Side(asyncio.Protocol):
    """One side of a relayed connection."""

    def __init__(self, counted: Counted) -> None:
        self.counted = counted
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.counted.open.add(transport)

    def data_received(self, data: bytes) -> None:
        assert self.other is not None
        assert self.other.transport is not None
        self.other.transport.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        assert self.transport is not None
        self.counted.open.discard(self.transport)
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class _FromCache(_Side):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.transport is not None
        self.transport.pause_reading()
        self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        loop, side = asyncio.get_running_loop(), _Side(self.counted)
        side.other = self
        assert self.transport is not None
        try:
            await loop.create_connection(lambda: side, "127.0.0.1", self.counted.to)
        except OSError:
            self.transport.close()
            return
        self.other = side
        if self.transport.is_closing():
            assert side.transport is not None
            side.transport.close()
        else:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self.counted.asked.update(path.decode() for path in _REQUEST.findall(data))  # No request is split in two.
        super().data_received(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is None:
            self._connecting.cancel()
        super().connection_lost(error)


def configuration(folder: Path, port: int, to: int, *, connections: int = 1_000) -> str:
    """Return the page's two blocks with other ports and another folder, inside the configuration that nginx needs."""
    blocks = re.findall(r"^```nginx\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    around, location = (block.replace("127.0.0.1:8080", f"127.0.0.1:{to}") for block in blocks)
    around = around.replace("/var/cache/nginx/moothall", f"{folder}/cache")
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # nobody else may read the folder of a test
    return (
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"worker_rlimit_nofile {2 * connections + 100};\nevents {{ worker_connections {2 * connections}; }}\n"
        f"http {{\naccess_log off;\nkeepalive_requests 1000000;\n{places}{around}\n"
        f"server {{\nlisten 127.0.0.1:{port} backlog=4096;\n{location}}}\n}}\n"
    )


@asynccontextmanager
async def cache(folder: Path, port: int, to: int, *, connections: int = 1_000) -> AsyncIterator[int]:
    """Run nginx at `port` before the server at port `to`, for up to `connections` connections;
    yields its process id.
    """
    path, log = _written(folder, configuration(folder, port, to, connections=connections)), folder / "log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(found("nginx"), "-p", str(folder), "-c", str(path), "-e", str(folder / "error.log")),
            stdout=out,
            stderr=out,
        )
    try:
        await listening(process, port, log)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _written(folder: Path, text: str) -> Path:
    folder.mkdir()
    path = folder / "configuration"
    path.write_text(text, encoding="utf-8")
    return path
