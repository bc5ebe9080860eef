"""A man in the middle between a hub and the server above it, who reads everything and may change messages to the hub.

A dialling hub is forwarded with its key. Each frame to the hub is decoded and given to `alter`, which returns what is
sent instead: the message itself, another one, several or none. All other requests (pairing) are forwarded unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from moothall.wire.hubs import messages as hub
from support.links.site import Site

Alter = Callable[[hub.ToHub], Sequence[hub.ToHub | bytes]]
"""Returns what is sent to the hub instead of a message; bytes are sent as a raw frame."""

PASSED_ON = ("Authorization", "User-Agent", "Content-Type", "Accept")
"""The headers of a request that are forwarded."""


def nothing(message: hub.ToHub) -> Sequence[hub.ToHub]:
    """Return the message unaltered."""
    return (message,)


class Tamperer:
    """The man in the middle; `tampered_link_to` makes it."""

    def __init__(self, above: str, client: aiohttp.ClientSession) -> None:
        self.address = ""
        """The address that hubs dial."""
        self.alter: Alter = nothing
        self.down: list[hub.ToHub] = []
        """All messages from the server above, unaltered."""
        self.up: list[hub.FromHub] = []
        """All messages from the hub."""
        self._above = above
        self._client = client
        self._to_hub: web.WebSocketResponse | None = None

    async def send(self, message: hub.ToHub | bytes) -> None:
        """Send the hub a message that the server above didn't send."""
        assert self._to_hub is not None, "No hub has dialled."
        await self._to_hub.send_bytes(message if isinstance(message, bytes) else hub.encode(message))

    async def cut(self) -> None:
        """End the hub's link; the hub dials again."""
        assert self._to_hub is not None, "No hub has dialled."
        await self._to_hub.close(code=aiohttp.WSCloseCode.GOING_AWAY)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Handle one request."""
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        url = f"{self._above}{request.rel_url}"
        if request.path == hub.PATH:
            try:
                async with self._client.ws_connect(
                    url, headers=headers, compress=0, max_msg_size=hub.MAX_FRAME_BYTES, autoping=False
                ) as above:
                    return await self._carry(request, above)
            except aiohttp.WSServerHandshakeError as refused:
                return web.Response(status=refused.status, text=refused.message)
        async with self._client.request(
            request.method, url, headers=headers, data=await request.read(), allow_redirects=False
        ) as answer:
            kept = {name: answer.headers[name] for name in ("Content-Type", "Location") if name in answer.headers}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    async def _carry(self, request: web.Request, above: aiohttp.ClientWebSocketResponse) -> web.WebSocketResponse:
        below = web.WebSocketResponse(compress=False, autoping=False, max_msg_size=hub.MAX_FRAME_BYTES)
        await below.prepare(request)
        self._to_hub = below
        async with asyncio.TaskGroup() as group:
            ways = (group.create_task(self._up(below, above)), group.create_task(self._down(above, below)))
            for way in ways:
                way.add_done_callback(lambda _: [each.cancel() for each in ways])
        await below.close(code=above.close_code or aiohttp.WSCloseCode.OK)
        await above.close(code=below.close_code or aiohttp.WSCloseCode.OK)
        return below

    async def _up(self, below: web.WebSocketResponse, above: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in below:
            if frame.type is aiohttp.WSMsgType.BINARY:
                self.up.append(hub.decode_from_hub(frame.data))
                await above.send_bytes(frame.data)
            elif frame.type is aiohttp.WSMsgType.PING:
                await above.ping(frame.data)
            elif frame.type is aiohttp.WSMsgType.PONG:
                await above.pong(frame.data)

    async def _down(self, above: aiohttp.ClientWebSocketResponse, below: web.WebSocketResponse) -> None:
        async for frame in above:
            if frame.type is aiohttp.WSMsgType.BINARY:
                message = hub.decode_to_hub(frame.data)
                self.down.append(message)
                for other in self.alter(message):
                    await below.send_bytes(other if isinstance(other, bytes) else hub.encode(other))
            elif frame.type is aiohttp.WSMsgType.PING:
                await below.ping(frame.data)
            elif frame.type is aiohttp.WSMsgType.PONG:
                await below.pong(frame.data)


@asynccontextmanager
async def tampered_link_to(above: str) -> AsyncIterator[Tamperer]:
    """Run a man in the middle before a server at `http://HOST:PORT`."""
    parts = urlsplit(above)
    async with aiohttp.ClientSession() as client:
        tamperer = Tamperer(f"{parts.scheme}://{parts.netloc}", client)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", tamperer.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = Site(runner)
            await site.start()
            tamperer.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield tamperer
        finally:
            await runner.cleanup()
