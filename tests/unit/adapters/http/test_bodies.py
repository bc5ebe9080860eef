"""Time limits of request bodies and headers. `moothall.testing.loop` jumps as soon as everybody waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import TestServer

from moothall.adapters.http.bodies import WITHIN_S, up_to, whole_bodies
from moothall.adapters.http.limits import IDLE_S, MAX_BODY_BYTES, runner_options
from moothall.testing.loop import run

Scene = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


def play(scene: Scene) -> list[str]:
    """Run a scene with a connection to a server; returns what its handlers did."""
    did: list[str] = []

    async def swallow(request: web.Request) -> web.Response:
        body = await request.read()
        did.append(f"{len(body)} bytes")
        await asyncio.sleep(10 * WITHIN_S)  # What is done with it may take long.
        return web.Response(text="done")

    async def main() -> None:
        app = web.Application(client_max_size=1 << 20, middlewares=[whole_bodies({"/large": MAX_BODY_BYTES * 4})])
        app.router.add_post("/", swallow)
        app.router.add_post("/large", swallow)
        server = TestServer(app)
        await server.start_server(**{**runner_options(), "access_log": None})
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await scene(reader, writer)
        writer.close()
        await server.close()

    run(main())
    return did


async def status(reader: asyncio.StreamReader) -> int:
    return int((await reader.readline()).split()[1])


def test_a_body_that_trickles_is_cut() -> None:
    async def scene(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD % (b"/", 40_000))
        began = asyncio.get_running_loop().time()

        async def trickle() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(1)

        trickling = asyncio.ensure_future(trickle())
        assert await status(reader) == 408
        assert asyncio.get_running_loop().time() - began <= WITHIN_S + 1
        with suppress(ConnectionResetError):
            await reader.read()  # The connection is let go.
        trickling.cancel()

    assert play(scene) == []


def test_headers_that_trickle_are_cut() -> None:
    async def scene(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began = asyncio.get_running_loop().time()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ")

        async def trickle() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(1)

        trickling = asyncio.ensure_future(trickle())
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        assert asyncio.get_running_loop().time() - began <= IDLE_S + 1
        trickling.cancel()

    assert play(scene) == []


def test_one_that_has_come_may_be_worked_on_for_as_long_as_it_takes() -> None:
    async def scene(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD % (b"/", 2) + b"x")
        await asyncio.sleep(WITHIN_S / 2)
        writer.write(b"x")
        assert await status(reader) == 200

    assert play(scene) == ["2 bytes"]


@pytest.mark.parametrize(("route", "answer"), [(b"/", 408), (b"/large", 200)])
def test_a_larger_one_gets_longer_where_one_may_come(route: bytes, answer: int) -> None:
    async def scene(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD % (route, MAX_BODY_BYTES * 3))
        await asyncio.sleep(WITHIN_S * 2)
        writer.write(bytes(MAX_BODY_BYTES * 3))
        assert await status(reader) == answer

    assert play(scene) == ([] if answer == 408 else [f"{MAX_BODY_BYTES * 3} bytes"])


def test_one_that_announces_more_than_there_may_be_gets_no_longer() -> None:
    async def scene(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD % (b"/large", 1 << 40))
        assert await status(reader) == 408
        assert asyncio.get_running_loop().time() <= WITHIN_S * 4 + 1

    assert play(scene) == []


def test_one_that_breaks_off_is_no_error_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scene(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD % (b"/", 40_000) + b"x")
        await asyncio.sleep(1)
        writer.transport.abort()
        await asyncio.sleep(1)

    assert play(scene) == []
    assert not caplog.records


@pytest.mark.parametrize(("most", "read"), [(99, b"in two parts"), (12, b"in two parts"), (8, b"in two p"), (2, b"in")])
async def test_a_body_that_comes_in_parts_is_read_to_its_end(most: int, read: bytes) -> None:
    loop = asyncio.get_running_loop()
    connection = BaseProtocol(loop)
    connection.connection_made(asyncio.Transport())
    content = StreamReader(connection, 1 << 16, loop=loop)
    content.feed_data(b"in two")
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(up_to(content, most))
        await asyncio.sleep(0)
        content.feed_data(b" parts")
        content.feed_eof()
    assert reading.result() == read
