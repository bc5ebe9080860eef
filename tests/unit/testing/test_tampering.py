from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from moothall.core.kernel.ids import CommandId, SessionId
from moothall.wire.hubs import messages as hub
from support.hubs.tampering import Tamperer, tampered_link_to
from support.links.site import Site

KEY = {"Authorization": "Bearer key"}
CAUGHT = hub.Caught(session=SessionId("s"))
PULSE = hub.HubPulse(sent=1, wall=2)


async def _link(request: web.Request) -> web.StreamResponse:
    """A server above: it answers each message with two."""
    if request.headers.get("Authorization") != KEY["Authorization"]:
        return web.Response(status=401)
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for frame in socket:
        message = hub.decode_from_hub(frame.data)
        if isinstance(message, hub.Leave):
            await socket.close(code=4001, message=b"enough")
            break
        await socket.send_bytes(hub.encode(CAUGHT))
        await socket.send_bytes(hub.encode(hub.ActDone(id=CommandId("a"))))
    return socket


async def _pair(request: web.Request) -> web.Response:
    return web.Response(status=201, text=f"{request.query['a']} {await request.text()}")


@asynccontextmanager
async def _tampered() -> AsyncIterator[Tamperer]:
    app = web.Application()
    app.router.add_get(hub.PATH, _link)
    app.router.add_post("/hub/pair", _pair)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await Site(runner).start()
        async with tampered_link_to(f"http://127.0.0.1:{runner.addresses[0][1]}/") as tamperer:
            yield tamperer
    finally:
        await runner.cleanup()


async def _next(socket: aiohttp.ClientWebSocketResponse) -> hub.ToHub:
    return hub.decode_to_hub(await socket.receive_bytes())


async def test_it_passes_everything_on_and_reads_it() -> None:
    async with (
        _tampered() as tamperer,
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{tamperer.address}{hub.PATH}", headers=KEY) as socket,
    ):
        await socket.send_bytes(hub.encode(PULSE))
        assert [await _next(socket), await _next(socket)] == [CAUGHT, hub.ActDone(id=CommandId("a"))]
        assert (tamperer.up, tamperer.down) == ([PULSE], [CAUGHT, hub.ActDone(id=CommandId("a"))])
        await socket.send_bytes(hub.encode(hub.Leave(session=SessionId("s"))))
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4001


async def test_it_alters_repeats_keeps_back_and_makes_up() -> None:
    def altered(message: hub.ToHub) -> Sequence[hub.ToHub | bytes]:
        return (PULSE, PULSE, b"\xc1") if isinstance(message, hub.Caught) else ()

    async with (
        _tampered() as tamperer,
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{tamperer.address}{hub.PATH}", headers=KEY) as socket,
    ):
        tamperer.alter = altered
        await socket.send_bytes(hub.encode(PULSE))
        assert [await _next(socket), await _next(socket)] == [PULSE, PULSE]
        assert await socket.receive_bytes() == b"\xc1"
        await tamperer.send(hub.Caught(session=SessionId("other")))
        await tamperer.send(b"\x00")
        assert await _next(socket) == hub.Caught(session=SessionId("other"))
        assert await socket.receive_bytes() == b"\x00"


async def test_a_hub_without_a_key_hears_of_it_and_pairing_passes() -> None:
    async with _tampered() as tamperer, aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(f"{tamperer.address}{hub.PATH}")
        assert refused.value.status == 401
        async with client.post(f"{tamperer.address}/hub/pair?a=1", data=b"words") as answer:
            assert (answer.status, await answer.text()) == (201, "1 words")
