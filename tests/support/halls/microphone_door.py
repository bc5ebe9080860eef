"""The microphone's door on a free port of this machine, and a microphone that the test controls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from moothall.adapters.sound.audio_door import AudioDoor
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.services.captioning.respeaking import Respeaking
from moothall.services.sessions.staff import Staff
from moothall.wire import audio
from moothall.wire.audio import Piece
from support.links.site import Site
from support.memory.hall import MemoryHall
from support.memory.microphone import STEP, Ears, greeting, live_hall, sound

ORIGIN = "https://hall.example"
TECHNICIAN = Staff(link="t1", role=Role.TECHNICIAN, scope="hall", label="Main hall, technician")
CHAIR = Staff(link="c1", role=Role.CHAIR, scope="session:s", label="Chair")
INTERPRETER = Staff(link="i1", role=Role.INTERPRETER, scope="session:s", label="French booth")
ANN = Staff(link="ann", role=Role.CAPTIONER, scope="session:s", label="Ann")
BEN = Staff(link="ben", role=Role.CAPTIONER, scope="session:s", label="Ben")
READER = Staff(link="r1", role=Role.READER, scope="session:s", label="Readers")
EVERYBODY = {each.link: each for each in (TECHNICIAN, CHAIR, INTERPRETER, ANN, BEN, READER)}


class Door:
    """The door on a free port, and the staff by the cookie of their link."""

    def __init__(self, hall: MemoryHall, http: aiohttp.ClientSession, port: int, adapter: AudioDoor) -> None:
        self.hall = hall
        self.http = http
        self.base = f"http://127.0.0.1:{port}"
        self.adapter = adapter
        self.links = dict(EVERYBODY)
        self.running: SessionId | None = None
        self.leaves = False
        """Whether clients disconnect before they are answered."""
        self.answers = True
        """Whether the node may acknowledge anything."""

    @asynccontextmanager
    async def connected(
        self, link: str = "t1", path: str = "/s/s/audio", **headers: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with self.http.ws_connect(
            self.base + path, headers={"Cookie": f"link={link}", **headers}, max_msg_size=0
        ) as socket:
            yield socket

    async def status(self, link: str = "t1", **headers: str) -> int:
        async with self.http.get(f"{self.base}/s/s/audio", headers={"Cookie": f"link={link}", **headers}) as response:
            return response.status


@asynccontextmanager
async def door(ears: Ears | None = None, hall: MemoryHall | None = None) -> AsyncIterator[Door]:
    async with live_hall(hall, ears=ears or Ears()) as made:
        standing: list[Door] = []

        def staff(request: web.Request) -> tuple[Staff, ...]:
            if standing[0].leaves:
                assert request.transport is not None
                request.transport.abort()
            known = standing[0].links.get(request.cookies.get("link", ""))
            return () if known is None else (known,)

        async def session_in(room: str) -> SessionId | None:
            return standing[0].running if room == "main" else None

        respeaking = Respeaking(sessions=made.sessions, ingest=made.live, closing=made.closing, clock=made.clock)
        assert made.group is not None
        looking = made.group.create_task(respeaking.run())
        adapter = AudioDoor(
            made.live.begin,
            find=made.sessions.find,
            staff=staff,
            may_act=lambda who, session: who.scope in ("hall", f"session:{session}"),
            clock=made.clock,
            origins=frozenset({ORIGIN}),
            session_in=session_in,
            respeak=respeaking.begin,
            answers=lambda: standing[0].answers,
        )
        app = web.Application()
        app.add_routes(adapter.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await Site(runner).start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http:
            standing.append(Door(made, http, runner.addresses[0][1], adapter))
            yield standing[0]
        await adapter.close()
        await runner.cleanup()
        looking.cancel()


async def told(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """Return the next message that acknowledges something."""
    while True:
        message = await socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, (message.type, message.data, message.extra)
        said = dict(message.json())
        if said != {"kind": "safe", "at": 0}:
            return said


async def until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Wait for the next message of this kind; returns it."""
    while (said := await told(socket))["kind"] != kind:
        pass
    return said


async def shut(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Wait until the server closes the socket; returns the close code."""
    while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    return socket.close_code


async def say(socket: aiohttp.ClientWebSocketResponse, message: audio.FromMicrophone) -> None:
    await socket.send_str(audio.encode(message))


async def send(socket: aiohttp.ClientWebSocketResponse, first: int, last: int, mark: int = 0) -> None:
    for begin in range(first, last, STEP):
        count = min(STEP, last - begin)
        await socket.send_bytes(audio.encode_piece(Piece(first=begin, age=0, pcm=sound(begin, count, mark))))


@asynccontextmanager
async def sending() -> AsyncIterator[tuple[Door, aiohttp.ClientWebSocketResponse]]:
    """Open the door of an open session, and connect a technician's microphone, which is asked
    for its sound from 0 on.
    """
    async with door() as at:
        await at.hall.session()
        async with at.connected() as socket:
            await say(socket, greeting())
            assert await told(socket) == {"kind": "go", "at": 0, "session": "s"}
            yield at, socket
