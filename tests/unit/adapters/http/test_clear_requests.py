from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.adapters.http.clear_requests import clear_requests

SECOND = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"
SOCKET = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"


async def answers(request: bytes) -> tuple[bytes, list[str]]:
    """All that a connection is answered until it ends, and which paths were handled."""
    handled: list[str] = []

    async def plain(request: web.Request) -> web.Response:
        handled.append(request.path)
        response = web.Response()
        response.force_close()
        return response

    async def socket(request: web.Request) -> web.StreamResponse:
        handled.append(request.path)
        made = web.WebSocketResponse()
        await made.prepare(request)
        await made.receive()  # the end
        return made

    app = web.Application(middlewares=[clear_requests()])
    app.router.add_get("/ws", socket)
    app.router.add_route("*", "/{rest:.*}", plain)
    server = TestServer(app)
    await server.start_server()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    said = await reader.read()
    writer.close()
    await writer.wait_closed()
    await server.close()
    return said, handled


async def test_chunks_in_http_1_0_are_refused_and_nothing_behind_them_is_read() -> None:
    head = b"POST /first HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    said, handled = await answers(head + b"0\r\n\r\n" + SECOND)
    assert said.startswith(b"HTTP/1.0 400 ")
    assert said.endswith(b"HTTP/1.0 has no Transfer-Encoding.\n")
    assert handled == []


@pytest.mark.parametrize("name", [b"Sec-WebSocket-Key", b"Sec-WebSocket-Version", b"Upgrade", b"Connection"])
@pytest.mark.parametrize("value", [b"\xff" * 24, b"AAAAAAAAAAAAAAAAAAAAA\xc3\xa9=="])
async def test_a_handshake_that_is_not_ascii_is_refused_and_no_error_of_ours(
    name: bytes, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    fields = [line for line in SOCKET.split(b"\r\n") if line and not line.startswith(name)]
    said, handled = await answers(b"\r\n".join([*fields, name + b": " + value, b"", SECOND]))
    assert said.startswith(b"HTTP/1.1 400 ")
    assert handled == []
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_what_is_clear_passes() -> None:
    said, handled = await answers(SECOND)
    assert said.startswith(b"HTTP/1.1 200 ")
    said, handled = await answers(SOCKET + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\x88\x80\0\0\0\0")
    assert said.startswith(b"HTTP/1.1 101 ")
    assert handled == ["/ws"]
