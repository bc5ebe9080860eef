"""A program that takes the messages of webhooks, on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.core.webhooks.signing import signature


class Receiver:
    """What has come."""

    def __init__(self) -> None:
        self.address = ""
        self.messages: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.ids: set[str] = set()
        """Of what `next` has given."""

    async def take(self, request: web.Request) -> web.Response:
        await self.messages.put((dict(request.headers), await request.read()))
        return web.Response(status=204)

    async def next(self, secret: str) -> Any:
        """The next message that has not come before, which has to be signed with this secret."""
        while True:
            headers, body = await self.messages.get()
            at_s, message = int(headers["webhook-timestamp"]), headers["webhook-id"]
            assert headers["webhook-signature"] == signature([secret], message, at_s, body)
            if message not in self.ids:
                self.ids.add(message)
                return msgspec.json.decode(body)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Run it while inside the context."""
    made, app = Receiver(), web.Application()
    app.add_routes([web.post("/hook", made.take)])
    async with TestServer(app, host="127.0.0.1") as server:
        made.address = f"http://127.0.0.1:{server.port}/hook"
        yield made
