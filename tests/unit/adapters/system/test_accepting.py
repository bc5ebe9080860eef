"""A client that connects in any turn of the loop before a server closes is closed too, not forgotten."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from moothall.adapters.engines.link import EngineSocket, Holder, serve_engines
from moothall.adapters.http.connections import unshared_connections
from moothall.adapters.http.taking import serve
from moothall.adapters.system.accepting import TURNS, stop_accepting
from moothall.testing.clock import SeededRandomness
from support.halls.stage import stage
from support.links.breakable_link import breakable_link_to
from support.links.weak_link import weak_link_to

CLOSED_S = 5
"""How long a test that fails waits at most."""


@asynccontextmanager
async def web_server() -> AsyncIterator[int]:
    runner = web.AppRunner(web.Application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        await serve(stack, runner, listener, connections=unshared_connections(SeededRandomness(), 10))
        yield listener.getsockname()[1]


@asynccontextmanager
async def engine_link() -> AsyncIterator[int]:
    async def handle(_: EngineSocket) -> None:
        raise AssertionError

    async with serve_engines("127.0.0.1", 0, lambda: {"t": Holder("gpu-1")}, handle) as port:
        yield port


@asynccontextmanager
async def page_server() -> AsyncIterator[int]:
    async with stage() as on:
        yield int(on.address.rpartition(":")[2])


@asynccontextmanager
async def nobody() -> AsyncIterator[int]:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield port


@asynccontextmanager
async def breakable_link() -> AsyncIterator[int]:
    async with nobody() as port, breakable_link_to(port) as made:
        yield int(made.address.rpartition(":")[2])


@asynccontextmanager
async def weak_link() -> AsyncIterator[int]:
    async with nobody() as port, weak_link_to(port) as made:
        yield made.port


@pytest.mark.parametrize("turns", range(TURNS + 2))
@pytest.mark.parametrize("server", [web_server, engine_link, page_server, breakable_link, weak_link])
async def test_who_was_just_accepted_is_closed_with_the_others(
    server: Callable[[], AbstractAsyncContextManager[int]], turns: int
) -> None:
    with socket.socket() as client:
        async with server() as port:
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            for _ in range(turns):
                await asyncio.sleep(0)
        await asyncio.sleep(0)  # What was aborted is closed in the next turn.
        assert closed(client)


def closed(client: socket.socket) -> bool:
    """Whether the other side has ended the connection, with or without an answer."""
    while select.select([client], [], [], CLOSED_S)[0]:
        try:
            if not client.recv(65_536):
                return True
        except ConnectionError:
            return True
    return False


@pytest.mark.parametrize("turns", range(TURNS + 2))
async def test_a_protocol_has_done_its_first_step_when_its_server_has_stopped(turns: int) -> None:
    """Nobody can close what no protocol has; a task of a protocol that hasn't begun is known to nobody either."""
    known: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()):
        for _ in range(turns):
            await asyncio.sleep(0)
        await stop_accepting(server.sockets)
        assert len(known) == (turns > 1)  # Before, the system has it, and refuses it.
        server.close()
        for writer in known:
            writer.close()
            await writer.wait_closed()
