"""Listening in over HTTP: who may, what is sent, and when it ends."""

from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.desks.listening_door import ASK_AGAIN_MS, ListeningDoor, wav_header
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.staff import Staff
from moothall.services.sound.listening import Listening
from moothall.testing.clock import ManualClock


async def _until_it_waits(clock: ManualClock) -> None:
    while not clock.sleepers:
        await clock.advance(0)


async def test_a_technician_hears_what_comes_until_the_link_is_gone() -> None:
    clock, links, source = ManualClock(), [Staff(link="a", role=Role.CHAIR, scope="hall", label="")], Listening()
    now: dict[SessionId, Listening] = {}
    door = ListeningDoor(now.get, staff=lambda _: links, may_act=lambda *_: True, clock=clock)
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/control/s/sound")).status == 403
        links[:] = [Staff(link="b", role=Role.TECHNICIAN, scope="hall", label="")]
        assert (await client.get("/control/s/sound")).status == 404
        now[SessionId("s")] = source
        async with client.get("/control/s/sound") as answer:
            assert answer.headers["Content-Type"] == "audio/wav"
            assert answer.headers["Cache-Control"] == "no-store"
            assert await answer.content.readexactly(44) == wav_header()
            await _until_it_waits(clock)
            source.heard(b"\x01\x02", kept=True)
            await clock.advance(200)
            assert await answer.content.readexactly(2) == b"\x01\x02"
            await _until_it_waits(clock)
            links.clear()
            await clock.advance(ASK_AGAIN_MS + 200)
            assert await answer.content.read() == b""
