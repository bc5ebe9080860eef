"""Conversations of both sides of a link, as files: recorded between two programs, and read to be replayed."""

from __future__ import annotations

import asyncio
import base64
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web

from moothall.wire.hubs.first import FIELD
from support.links.site import Site

UP, DOWN = ">", "<"
"""Marks of frames from the dialling side and from the server."""
NAMES = {"/": "engine", "/translate": "translators", "/hub/link": "hub"}
_PASSED_ON = ("Authorization", "Origin", "Content-Type", "Cookie")
"""Headers that are passed on. `Moothall-First` isn't, so that a hub's first messages arrive as frames."""


class Said(NamedTuple):
    """A frame, and the side that sent it."""

    by: str
    frame: bytes


class Recorded:
    """Recorded conversations by the path of their link; the first connection of each path only."""

    def __init__(self) -> None:
        self.said: dict[str, list[Said]] = {}

    @asynccontextmanager
    async def between(self, port: int) -> AsyncIterator[int]:
        """Run a recording proxy to a port; yields the proxy's port."""
        app = web.Application()
        target = f"http://127.0.0.1:{port}"

        async def handle(request: web.Request) -> web.StreamResponse:
            headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
            headers.pop(FIELD, None)
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._passed(request, http, f"{target}{request.path_qs}", headers)
            async with http.request(
                request.method,
                f"{target}{request.path_qs}",
                headers=headers,
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    headers={"Content-Type": answer.headers.get("Content-Type", "text/plain")},
                )

        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        async with ClientSession() as http:
            try:
                await Site(runner).start()
                yield runner.addresses[0][1]
            finally:
                await runner.cleanup()

    async def _passed(
        self, request: web.Request, http: ClientSession, target: str, headers: dict[str, str]
    ) -> web.WebSocketResponse:
        said = self.said.setdefault(request.path, []) if request.path not in self.said else []
        async with http.ws_connect(target, headers=headers, max_msg_size=1 << 20) as above:
            below = web.WebSocketResponse(max_msg_size=1 << 20)
            await below.prepare(request)
            ways = [
                asyncio.ensure_future(_pass(below, above, said, UP)),
                asyncio.ensure_future(_pass(above, below, said, DOWN)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await below.close()
        return below


Socket = web.WebSocketResponse | ClientWebSocketResponse


async def _pass(source: Socket, target: Socket, said: list[Said], by: str) -> None:
    async for message in source:
        if message.type is WSMsgType.BINARY:
            said.append(Said(by, message.data))
            await target.send_bytes(message.data)


def write_conversation(path: Path, said: list[Said]) -> None:
    """Write one line for each frame: the mark of its sender, and the frame, compressed and in base64."""
    rows = (f"{each.by} {base64.b64encode(zlib.compress(each.frame, 9)).decode()}\n" for each in said)
    path.write_text("".join(rows), encoding="ascii")


def read_conversation(path: Path) -> list[Said]:
    """Return the frames of a file that `write_conversation` wrote."""
    rows = (row.split(" ") for row in path.read_text(encoding="ascii").splitlines())
    return [Said(by, zlib.decompress(base64.b64decode(packed))) for by, packed in rows]
