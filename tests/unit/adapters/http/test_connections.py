from __future__ import annotations

import asyncio
import gc
import socket
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from aiohttp import web

from moothall.adapters.http.connections import MOST_TOLD, UNREAD_MS, hand_over, serve
from moothall.adapters.http.places import Places
from moothall.testing.clock import SeededRandomness
from support.halls.readers import until

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


class Taker(asyncio.Protocol):
    """Takes connections from the web server."""

    def __init__(self) -> None:
        self.data = b""
        self.lost = 0

    def data_received(self, data: bytes) -> None:
        self.data += data

    def connection_lost(self, error: Exception | None) -> None:
        self.lost += 1


class Served:
    def __init__(self, listener: socket.socket, places: Places) -> None:
        self.listener = listener
        self.port = listener.getsockname()[1]
        self.places = places
        self._open: list[asyncio.StreamWriter] = []
        self.taker = Taker()
        self.given: list[weakref.ref[web.Request]] = []
        """Requests whose connections were given to the taker."""

    async def connect(self, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        self._open.append(writer)
        return reader, writer

    async def ask(self, source: str) -> int:
        reader, writer = await self.connect(source)
        writer.write(GET)
        return int((await reader.readline()).split()[1])

    async def leave(self) -> None:
        """All that were opened are closed."""
        for writer in self._open:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        self._open.clear()


@asynccontextmanager
async def served(
    *, most: int, each: int | None = None, proxies: Callable[[str], bool] = lambda _: False
) -> AsyncIterator[Served]:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def give(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        transport = request.transport
        assert transport is not None
        made.given.append(weakref.ref(request))
        assert hand_over(transport, made.taker)
        transport.write(b"5\r\nstays\r\n")
        return response

    app = web.Application()
    app.router.add_get("/", hello)
    app.router.add_get("/give", give)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    places = Places(SeededRandomness(), most=most, each=each)
    made = Served(listener, places)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        await serve(stack, runner, listener, places=places, proxies=proxies)
        stack.push_async_callback(made.leave)
        yield made


async def test_the_system_keeps_a_hall_that_dials_at_once_while_the_loop_is_busy() -> None:
    async with served(most=500) as made:
        # The loop doesn't turn: who is not kept by the system would not be answered.
        dialled = [socket.create_connection(("127.0.0.1", made.port), timeout=10) for _ in range(400)]
        for each in dialled:
            each.close()


async def test_one_address_keeps_nobody_else_out_and_gets_its_connections_back() -> None:
    async with served(most=3, each=2) as made:
        assert [await made.ask("127.0.0.2") for _ in range(3)] == [200, 200, 503]
        assert [await made.ask(f"127.0.0.{n}") for n in (3, 4)] == [200, 503]
        await made.leave()
        await until(lambda: made.places.count == 0)
        assert await made.ask("127.0.0.2") == 200


async def test_a_refusal_says_whose_bound_it_is_and_ends_the_connection() -> None:
    async with served(most=5, each=1) as made:
        await made.ask("127.0.0.2")
        reader, writer = await made.connect("127.0.0.2")
        writer.write(GET)
        answer = await reader.read()
        assert b"Retry-After: 10" in answer
        assert b"Your address has as many connections" in answer


async def test_a_flood_is_closed_without_an_answer() -> None:
    async with served(most=5, each=1) as made:
        await made.ask("127.0.0.2")
        silent = [await made.connect("127.0.0.2") for _ in range(MOST_TOLD)]
        reader, _ = await made.connect("127.0.0.2")
        assert await reader.read() == b""
        await made.leave()
        assert not any([await reader.read() for reader, _ in silent])


async def test_an_answer_that_nobody_reads_does_not_keep_its_connection_for_ever() -> None:
    async with served(most=1) as made:
        assert made.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNREAD_MS


async def test_of_a_proxy_only_the_whole_is_counted() -> None:
    async with served(most=3, each=1, proxies=lambda address: address == "127.0.0.9") as made:
        assert [await made.ask("127.0.0.9") for _ in range(4)] == [200, 200, 200, 503]


async def test_a_connection_that_is_handed_over_leaves_the_web_server_and_keeps_its_place() -> None:
    async with served(most=1) as made:
        reader, writer = await made.connect("127.0.0.2")
        writer.write(GET.replace(b"/ ", b"/give "))
        assert (await reader.readuntil(b"stays\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"what it says now")
        await until(lambda: made.taker.data == b"what it says now")
        gc.collect()
        assert [request() for request in made.given] == [None]
        assert await made.ask("127.0.0.3") == 503
        await made.leave()
        await until(lambda: made.places.count == 0)
        assert made.taker.lost == 1
        assert await made.ask("127.0.0.3") == 200
