"""A keeper that answers oddly, a node before it, and a client, for tests of carrying requests."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from support.cluster.forwarding import Node, keeper_of, node
from support.halls.readers import until

NOTHING_OF_USE = {
    "silence": b"",
    "half a line": b"HTTP/1.1 200",
    "nonsense": b"nonsense\r\n\r\n",
    "a field too long": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9_000,
    "a WebSocket": b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}


class Keeper:
    """A keeper that notes its requests and answers as their paths and queries say."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.took = 0
        """Bytes received of the upload that is under way."""
        self.sent = 0
        """Pieces of the long answer written so far."""
        self.go = asyncio.Event()
        self.left = asyncio.Event()
        self.sockets: list[web.WebSocketResponse] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/slow", self.slow),
            web.get("/long", self.long),
            web.get("/odd", self.odd),
            web.get("/ws", self.socket, allow_head=False),
            web.post("/upload", self.upload),
            web.get("/recording", self.recording),
            web.route("*", "/{all:.*}", self.anything),
        ]

    async def anything(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.read())
        kind = request.query.get("kind", "")
        if kind == "moved":
            raise web.HTTPSeeOther("/there?x=1#y")
        if kind == "same":
            return web.Response(status=304, headers={"ETag": '"7"'})
        if kind == "none":
            return web.Response(status=204)
        if kind == "packed":
            return web.Response(body=gzip.compress(b"x" * 9_000, mtime=0), headers={"Content-Encoding": "gzip"})
        answer = web.Response(status=int(request.query.get("status", 200)), reason="Quite So", text="heard: é\n")
        answer.headers["Connection"] = "keep-alive, X-Hop"
        answer.headers["X-Hop"] = "not for you"
        answer.headers["X-Kept"] = "for you"
        for name in ("a", "b"):
            answer.headers.add("Set-Cookie", f"{name}=1; Path=/")
        return answer

    async def slow(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        await self.go.wait()
        return web.Response(text="at last")

    async def long(self, request: web.Request) -> web.StreamResponse:
        """Write an answer as long as the client reads; with `waits` each piece waits for `go`,
        which breaks the connection.
        """
        self.asked.append(request)
        answer = web.StreamResponse()
        if "length" in request.query:
            answer.content_length = 1 << 40
        await answer.prepare(request)
        try:
            for _ in range(1 << 10):
                await answer.write(bytes(64 << 10))
                self.sent += 1
                if "waits" in request.query:
                    await self.go.wait()
                    assert request.transport is not None
                    request.transport.abort()
        except ConnectionError:
            self.left.set()
        return answer

    async def odd(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        assert request.transport is not None
        request.transport.write(NOTHING_OF_USE[request.query["with"]])
        request.transport.close()
        await self.go.wait()
        return web.Response()

    async def upload(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        if "early" in request.query:
            answer = web.Response(status=413, text="too much")
            answer.force_close()
            return answer
        await self.go.wait()
        try:
            async for piece in request.content.iter_any():
                self.took += len(piece)
        except Exception:
            self.left.set()
            raise
        return web.Response(text=str(self.took))

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """Answer as `SoundDoor` does."""
        return web.FileResponse(Path(__file__), headers={"Cache-Control": "no-store", "Content-Type": "audio/ogg"})

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if "refused" in request.query:
            return web.Response(status=403, text="not you")
        made = web.WebSocketResponse(protocols=("x",), max_msg_size=0)
        await made.prepare(request)
        self.sockets.append(made)
        if "first" in request.query:
            await made.send_str("first")
        if "waits" in request.query:
            await self.go.wait()
        async for message in made:
            await (made.send_str(message.data) if isinstance(message.data, str) else made.send_bytes(message.data))
        self.left.set()
        return made


class Pair:
    """A node, the keeper to which it carries, and a client."""

    def __init__(self, keeper: Keeper, there: str, by: Node, http: aiohttp.ClientSession) -> None:
        self.keeper = keeper
        self.there = there
        self.node = by
        self.http = http

    def url(self, path: str) -> str:
        return self.node.address + path

    async def calm(self) -> None:
        """Wait until the node carries no request."""
        await until(lambda: self.node.slots.count == 0)


@asynccontextmanager
async def pair(**options: object) -> AsyncIterator[Pair]:
    keeper = Keeper()
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(keeper_of(keeper.routes()))
        by = await stack.enter_async_context(node(there, **options))  # type: ignore[arg-type]
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)
        )
        try:
            yield Pair(keeper, there, by, http)
        finally:
            keeper.go.set()
