"""A server without engines, and programs that send a token to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from moothall.app.hall import RunningServer, hall
from moothall.core.tokens.scopes import TokenScope
from moothall.settings.sections import EngineSection, Server, Settings, Streams, Translation


class Program:
    """A program with a token, or with something else in its place."""

    def __init__(self, http: aiohttp.ClientSession, address: str, token: str = "") -> None:
        self.http = http
        self.address = address
        self.token = token
        self.headers: dict[str, str] = {}
        """Those of the last answer."""

    async def ask(self, method: str, path: str, json: object = None, *, data: bytes | None = None) -> tuple[int, Any]:
        """Return status and JSON of the answer."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(method, self.address + path, json=json, data=data, headers=headers) as answer:
            self.headers = dict(answer.headers)
            return answer.status, await answer.json()


class Programs:
    """A running server, and the programs that a test needs."""

    def __init__(self, running: RunningServer, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.http = http

    async def program(self, scopes: Collection[TokenScope] = tuple(TokenScope)) -> Program:
        """A program with a token of these scopes."""
        _, secret = await self.running.backend.tokens.create("sync", scopes, 1)
        return Program(self.http, self.running.address, secret)

    def stranger(self, token: str = "") -> Program:
        """A program without a token, or with this one."""
        return Program(self.http, self.running.address, token)


@asynccontextmanager
async def programs(folder: Path, *, streams: Streams | None = None) -> AsyncIterator[Programs]:
    """Run a server without engines."""
    settings = Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
        streams=streams or Streams(),
    )
    async with hall(settings) as running, aiohttp.ClientSession() as http:
        yield Programs(running, http)
