"""A technician at the desk of a server in a process of its own, through the doors that browsers use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
import msgspec
import socketio

from moothall.core import commands as do
from support.halls.process import SESSION


class HallWithLink(Protocol):
    """A running server, and the token of a technician's link."""

    @property
    def address(self) -> str: ...

    @property
    def token(self) -> str: ...


@asynccontextmanager
async def at_a_desk(hall: HallWithLink) -> AsyncIterator[tuple[socketio.AsyncClient, list[dict[str, Any]]]]:
    """Connect as a technician's page; yields the client, and the acts that it was shown."""
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of an IP address too
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        async with http.get(f"{hall.address}/enter/{hall.token}", allow_redirects=False):
            client = socketio.AsyncClient(reconnection=False, http_session=http)
        await client.connect(hall.address, namespaces=["/desk"], transports=["websocket"], wait_timeout=60)
        try:
            joined = await client.call("join", {"session": SESSION}, namespace="/desk", timeout=60)
            yield client, joined["acts"]
        finally:
            await client.disconnect()


async def asked(client: socketio.AsyncClient, message: str, **wish: object) -> None:
    """Send a message; asserts that it was carried out."""
    answer = await client.call(message, wish, namespace="/desk", timeout=60)
    assert "receipt" in answer, answer


async def act(client: socketio.AsyncClient, name: str, *commands: do.AnyCommand) -> None:
    """Send commands; asserts that they were carried out."""
    await asked(client, "act", id=name, commands=msgspec.to_builtins(commands))
