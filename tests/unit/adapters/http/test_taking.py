"""Which connections get a slot, and whose; `/held` is answered when all leave, everything else at once."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import socket
import ssl
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from moothall.adapters.http.bodies import whole_bodies
from moothall.adapters.http.connections import GAVE_WAY, MOST_OUTSIDE, Connections
from moothall.adapters.http.forwarded import CARRIED
from moothall.adapters.http.slots import NoSlot, Slots
from moothall.adapters.http.taking import (
    HANDSHAKE_S,
    OUTSIDE_S,
    UNREAD_MS,
    hand_over,
    is_whole,
    refusal,
    serve,
    when_gone,
)
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from moothall.wire.cluster.node_proof import Carried
from support.halls.readers import until
from support.links.certificate import make_certificate

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
HELD = b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
NODE = b"GET / HTTP/1.1\r\nHost: x\r\nX-Node: 1\r\n\r\n"
HALF = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"
HALL, VISITOR = "127.0.0.2", "127.0.0.3"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


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
    def __init__(self, listener: socket.socket, slots: Slots, refused: Counter[str], connections: Connections) -> None:
        self.connections = connections
        self.listener = listener
        self.port = listener.getsockname()[1]
        self.slots = slots
        self.refused = refused
        self.over = asyncio.Event()
        """Whether requests for `/held` are answered."""
        self.held = 0
        """Requests for `/held` that are being answered."""
        self.answering: list[asyncio.Transport] = []
        """The connections on which they came."""
        self._open: list[asyncio.StreamWriter] = []
        self.trust: ssl.SSLContext | None = None
        """What takes its certificate, where it has one."""
        self.taker = Taker()
        self.given: list[weakref.ref[web.Request]] = []
        """Requests whose connections were given to the taker."""

    async def connect(self, source: str, asked: bytes = b"") -> Line:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0), ssl=self.trust)
        self._open.append(writer)
        writer.write(asked)
        return reader, writer

    async def ask(self, source: str, asked: bytes = GET) -> int:
        reader, _ = await self.connect(source, asked)
        return int((await reader.readline()).split()[1])

    async def hold(self, source: str) -> Line:
        """A connection of which a request is being answered."""
        before = self.held
        line = await self.connect(source, HELD)
        await until(lambda: self.held > before)
        return line

    async def half(self, source: str) -> Line:
        """A connection that has sent half a request, and waits."""
        before = self.slots.count
        line = await self.connect(source, HALF)
        await until(lambda: self.slots.count > before)
        return line

    async def leave(self) -> None:
        """All that were opened are closed."""
        self.over.set()
        for writer in self._open:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        self._open.clear()


@web.middleware
async def _as_a_node(request: web.Request, handler: Handler) -> web.StreamResponse:
    if "X-Node" in request.headers:
        request[CARRIED] = Carried(node="b", method="GET", target="/", address="", scheme="http", host="")
    return await handler(request)


@asynccontextmanager
async def served(
    *,
    most: int,
    each: int | None = None,
    proxies: Callable[[str], bool] = lambda _: False,
    tls: tuple[Path, Path] | None = None,
) -> AsyncIterator[Served]:
    context = trust = None
    if tls is not None:
        context, trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context(cafile=tls[0])
        context.load_cert_chain(*tls)

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=f"hello {len(await request.read())}")

    async def given(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        transport = request.transport
        assert transport is not None
        made.given.append(weakref.ref(request))
        assert hand_over(transport, made.taker)
        transport.write(b"5\r\nstays\r\n")
        return response

    async def held(request: web.Request) -> web.Response:
        assert request.transport is not None
        made.answering.append(request.transport)
        made.held += 1
        await made.over.wait()
        return web.Response()

    refused = Counter[str]()
    slots = Slots(SeededRandomness(), most=most, each=each, refused=refused)
    connections = Connections(slots, Slots(SeededRandomness(), most=most, each=each), proxies=proxies)
    app = web.Application(
        middlewares=[
            _as_a_node,
            connections.middleware(lambda request: request.headers.get("For", request.remote or "")),
            whole_bodies(),
        ]
    )
    app.router.add_get("/held", held)
    app.router.add_get("/given", given)
    app.router.add_route("*", "/", hello)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    made = Served(listener, slots, refused, connections)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        await serve(stack, runner, listener, connections=connections, tls=context)
        made.trust = trust
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
        for _ in range(2):
            await made.hold(HALL)
        assert await made.ask(HALL) == 503
        await made.hold(VISITOR)
        assert await made.ask("127.0.0.4") == 503
        await made.leave()
        await until(lambda: made.slots.count == 0)
        assert await made.ask(HALL) == 200


async def test_a_refusal_says_whose_bound_it_is_and_ends_the_connection() -> None:
    async with served(most=5, each=1) as made:
        await made.hold(HALL)
        reader, writer = await made.connect(HALL)
        writer.write(GET)
        answer = await reader.read()
        assert b"503" in answer
        assert b"Your address has as many connections" in answer
        assert made.refused == {"address": 1}


def test_a_refused_page_comes_back_by_itself_and_a_form_does_not() -> None:
    page = refusal(NoSlot.ALL, ("192.0.2.1", 11), GET)
    assert (b"Retry-After: 5\r\n" in page, b"Refresh: 5\r\n" in page) == (True, True)
    form = refusal(NoSlot.ALL, ("192.0.2.1", 12), HALF)
    assert (b"Retry-After: 6\r\n" in form, b"Refresh" in form) == (True, False)
    assert b"Retry-After: 5\r\n" in refusal(NoSlot.ALL, "", b"")


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (GET, True),
        (HALF, False),
        (HALF + b"whole", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", False),
    ],
)
def test_a_request_is_whole_with_its_body(data: bytes, whole: bool) -> None:
    assert is_whole(data) is whole


async def test_who_holds_places_with_half_requests_keeps_no_visitor_out() -> None:
    async with served(most=3) as made:
        lines = [await made.half(HALL) for _ in range(3)]
        for _ in range(2):
            assert await made.ask(VISITOR) == 200
        assert made.refused[GAVE_WAY] == 2
        answer = await lines[0][0].read()
        assert b"503 Service Unavailable" in answer
        assert b"as many connections" in answer


async def test_nor_whoever_shares_the_address() -> None:
    async with served(most=9, each=2) as made:
        for _ in range(2):
            await made.half(HALL)
        assert await made.ask(HALL, HALF) == 503
        assert await made.ask(HALL) == 200


async def test_a_connection_that_may_ask_again_gives_way() -> None:
    async with served(most=2) as made:
        first, writer = await made.connect(HALL, GET)
        assert b"200" in await first.readline()
        await made.hold(HALL)
        assert await made.ask(HALL) == 200
        assert await first.read() != b"", "the rest of its answer"
        assert first.at_eof()
        writer.close()


async def test_a_request_that_is_being_answered_never_gives_way() -> None:
    async with served(most=1) as made:
        reader, _ = await made.hold(HALL)
        assert await made.ask(VISITOR) == 503
        assert not reader.at_eof()
        assert made.slots.count == 1


async def test_a_connection_that_says_nothing_is_closed_when_many_come() -> None:
    async with served(most=5, each=1) as made:
        await made.hold(HALL)
        first, _ = await made.connect(HALL)
        silent = [await made.connect(HALL) for _ in range(MOST_OUTSIDE)]
        with suppress(ConnectionError):
            assert await first.read() == b""
        await made.leave()
        for reader, _ in silent:
            with suppress(ConnectionError):
                await reader.read()


def test_who_got_a_place_late_keeps_it_for_as_long_as_anybody() -> None:
    async def scene() -> None:
        async with served(most=9, each=2) as made:
            for _ in range(2):
                await made.half(HALL)
            reader, writer = await made.connect(HALL)
            await until(lambda: bool(made.connections.outside))
            writer.write(HELD)
            await until(lambda: made.held == 1)
            assert not made.connections.outside
            await asyncio.sleep(5 * OUTSIDE_S)
            made.over.set()
            assert b"200" in await reader.readline()

    run(scene())


async def test_of_a_proxy_only_the_whole_is_counted() -> None:
    async with served(most=3, each=1, proxies=lambda address: address == HALL) as made:
        for number in range(3):
            await made.connect(HALL, b"GET /held HTTP/1.1\r\nHost: x\r\nFor: 192.0.2.%d\r\n\r\n" % number)
        await until(lambda: made.held == 3)
        assert await made.ask(HALL) == 503


async def test_half_requests_through_a_proxy_keep_nobody_of_their_address_out_for_long() -> None:
    async with served(most=9, each=1, proxies=lambda address: address == HALL) as made:
        half = HALF.replace(b"Host", b"For: 192.0.2.1\r\nHost")
        await made.connect(HALL, half)
        await until(lambda: made.slots.count == 1)
        whole = GET.replace(b"Host", b"For: 192.0.2.1\r\nHost")
        assert await made.ask(HALL, whole) == 503, "the half one came this second"
        assert await made.ask(HALL, GET.replace(b"Host", b"For: 192.0.2.2\r\nHost")) == 200


async def test_an_answer_that_nobody_reads_does_not_keep_its_connection_for_ever() -> None:
    async with served(most=1) as made:
        assert made.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNREAD_MS


class Exhausted(socket.socket):
    """A listening socket of a process that has no file left, for a while."""

    failures = 3

    def accept(self) -> Any:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def serve_hello(stack: AsyncExitStack, listener: socket.socket) -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    connections = Connections(Slots(SeededRandomness(), most=9), Slots(SeededRandomness(), most=9))
    await serve(stack, runner, listener, connections=connections)


async def asked(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(GET)
    line = await reader.readline()
    writer.close()
    return line


async def test_where_there_is_no_file_it_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    with Exhausted() as listener:
        listener.bind(("127.0.0.1", 0))
        async with AsyncExitStack() as stack:
            await serve_hello(stack, listener)
            assert b"200" in await asked(listener.getsockname()[1])
    assert len(caplog.records) == 1
    assert "can't accept connections" in caplog.text


class Unwatching(asyncio.SelectorEventLoop):
    """A loop that watches no sockets, as that of Windows."""

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:  # type: ignore[override]  # none is called
        raise NotImplementedError

    def remove_reader(self, fd: Any) -> bool:
        raise NotImplementedError


def test_a_loop_that_watches_no_sockets_takes_them_one_by_one() -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            async with AsyncExitStack() as stack:
                await serve_hello(stack, listener)
                for _ in range(2):
                    assert b"200" in await asked(listener.getsockname()[1])

    with asyncio.Runner(loop_factory=Unwatching) as runner:
        runner.run(scene())


async def test_a_connection_that_is_handed_over_leaves_the_web_server_and_gives_way_to_nobody() -> None:
    async with served(most=1) as made:
        reader, writer = await made.connect(HALL, GET.replace(b"/ ", b"/given "))
        assert (await reader.readuntil(b"stays\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"what it says now")
        await until(lambda: made.taker.data == b"what it says now")
        gc.collect()
        assert [request() for request in made.given] == [None]
        assert await made.ask(VISITOR) == 503
        await made.leave()
        await until(lambda: made.slots.count == 0)
        assert made.taker.lost == 1
        assert await made.ask(VISITOR) == 200


async def test_whoever_answers_a_request_is_told_when_its_connection_is_gone() -> None:
    async with served(most=2) as made:
        reader, writer = await made.hold(VISITOR)
        transport = made.answering[-1]
        gone: list[str] = []
        when_gone(transport, lambda: gone.append("never"))
        when_gone(transport, lambda: gone.append("told"))
        writer.transport.abort()
        await until(lambda: gone)
        assert gone == ["told"]
        _, writer = await made.hold(VISITOR)
        when_gone(made.answering[-1], lambda: gone.append("never"))
        when_gone(made.answering[-1], None)
        writer.transport.abort()
        await until(lambda: made.slots.count == 0)
        assert gone == ["told"]
        await reader.read()


async def test_what_comes_from_a_node_counts_for_no_address() -> None:
    async with served(most=5, each=1) as made:
        for count in range(1, 5):
            reader, _ = await made.connect(HALL, NODE)
            assert (await reader.readuntil(b"hello 0")).startswith(b"HTTP/1.1 200")
            assert made.slots.count == count


async def test_over_tls_one_that_was_answered_gives_way_and_one_that_is_handed_over_does_not(tmp_path: Path) -> None:
    async with served(most=1, tls=make_certificate(tmp_path)) as made:
        first, _ = await made.connect(HALL, GET)
        assert (await first.readline()).split()[1] == b"200"
        assert await made.ask(VISITOR) == 200
        with suppress(ConnectionError):
            await first.read()
        assert (made.slots.count, made.refused[GAVE_WAY]) == (1, 1)
        given, writer = await made.connect(HALL, GET.replace(b"/ ", b"/given "))
        assert (await given.readuntil(b"stays\r\n")).startswith(b"HTTP/1.1 200")
        writer.write(b"still there")
        await until(lambda: made.taker.data == b"still there")
        assert await made.ask(VISITOR) == 503


async def test_an_address_that_breaks_the_web_servers_parser_is_refused_and_leaves_no_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(most=4) as made:
        assert await made.ask(VISITOR, b"GET http://[::1]@/ HTTP/1.1\r\nHost: x\r\n\r\n") == 400
        assert await made.ask(VISITOR) == 200
    assert "Traceback" not in caplog.text


def test_a_tls_handshake_that_trickles_is_cut(tmp_path: Path) -> None:
    async def story() -> None:
        async with served(most=1, tls=make_certificate(tmp_path)) as made:
            reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
            began = asyncio.get_running_loop().time()

            async def trickle() -> None:
                for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200):
                    writer.write(bytes([byte]))
                    await asyncio.sleep(1)

            trickling = asyncio.ensure_future(trickle())
            with suppress(ConnectionError):
                await reader.read()
            assert asyncio.get_running_loop().time() - began <= HANDSHAKE_S + 1
            trickling.cancel()
            await until(lambda: made.slots.count == 0)
            writer.close()

    run(story())
