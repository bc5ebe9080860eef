"""What an authority may answer over HTTP: nothing of it is followed, and none of it is more than a stamp may be."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestServer

from moothall.adapters.proof.stamp_http import HttpAuthority
from moothall.core.proof.time_stamps import MOST_STAMP_BYTES


async def test_only_a_whole_answer_of_its_own_is_taken() -> None:
    asked: list[tuple[str, bytes]] = []

    async def stamp(request: web.Request) -> web.StreamResponse:
        asked.append((request.path, await request.read()))
        match request.path:
            case "/led-on":
                return web.Response(status=307, headers={"Location": "/stamp"})
            case "/endless":
                response = web.StreamResponse()
                await response.prepare(request)
                for _ in range(2 * MOST_STAMP_BYTES >> 10):
                    await response.write(bytes(1 << 10))
                return response
            case "/cut":
                response = web.StreamResponse(headers={"Content-Length": "100"})
                await response.prepare(request)
                await response.write(b"stamp")
                assert request.transport is not None
                request.transport.close()
                return response
            case "/refused":
                return web.Response(status=500, body=b"stamp")
            case _:
                return web.Response(body=b"stamp")

    app = web.Application()
    app.add_routes([web.post("/{path}", stamp)])
    async with TestServer(app) as server:
        paths = ("/stamp", "/led-on", "/cut", "/refused")
        answers = {path: await HttpAuthority(str(server.make_url(path))).ask(b"?") for path in paths}
        endless = await HttpAuthority(str(server.make_url("/endless"))).ask(b"?")
        gone = HttpAuthority(str(server.make_url("/stamp")))
    assert answers == {"/stamp": b"stamp", "/led-on": b"", "/cut": b"", "/refused": b""}
    assert [path for path, body in asked if body == b"?"] == [*answers, "/endless"], "nothing is followed"
    assert len(endless) == MOST_STAMP_BYTES
    assert await gone.ask(b"?") == b""
