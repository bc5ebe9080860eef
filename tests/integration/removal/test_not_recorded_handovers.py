"""Twenty meetings follow each other in a room, with the same microphone. Each has a break, and a span of "not
recorded": no file holds a word of these spans, however the microphone came to the meeting.

A real model hears a real recording, over the room's own door. The same search finds the words when everything is
recorded. At every other handover the microphone's connection is cut, and returns with sound that it kept from before
the meeting began.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.store.sqlite_file import FILE_NAME
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.sessions.live_session import LiveSession
from moothall.settings.sections import EngineSection, Server, Settings
from moothall.wire import audio
from support.files.traces import MODEL, RATE, WORD, found_in, heard_in_sounds, silence
from support.sound.hearing import sample_sound

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]

HALL = RoomId("hall")
HANDOVERS = 20
OPEN, SECRET = (13_600, 16_500), (33_600, 36_600)
"""Of the sample session, ms: "and another two hundred and forty have joined us online", and three cities."""
CITIES = (WORD, "nairobi", "montevideo")
PAUSE_MS = 900
STEP_MS = 100
SMALL = 1_600
"""Samples of STEP_MS."""


async def until(running: RunningServer, condition: Callable[[], bool]) -> None:
    """Wait for what the server or the microphone does in its own time; the test's time-out ends it otherwise."""
    while not condition():
        await running.backend.clock.sleep(20)


class RoomMicrophone:
    """The room's microphone: it hears what it is told, and silence, as time goes by, and does what the page does."""

    def __init__(self, running: RunningServer, http: aiohttp.ClientSession) -> None:
        self._running = running
        self._http = http
        self._script = bytearray()
        self._take = bytearray()
        """Samples of the take, from its first."""
        self._takes = 0
        self._safe = self._next = 0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._sends = False
        self._cut = False
        self.session: str | None = None
        """Which meeting it sends to."""

    async def say(self, pcm: bytes) -> None:
        """Come back when it has been heard."""
        self._script += pcm
        await until(self._running, lambda: not self._script)

    async def cut(self) -> None:
        """Its line breaks."""
        self._cut = True
        if self._socket is not None:
            await self._socket.close()

    def back(self) -> None:
        """Its line is there again."""
        self._cut = False

    async def run(self) -> None:
        """Hear and send, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear())
            group.create_task(self._stay_connected())

    async def _hear(self) -> None:
        clock = self._running.backend.clock
        heard = clock.monotonic()
        self._begin()
        while True:
            heard += STEP_MS
            await clock.sleep(max(0, heard - clock.monotonic()))
            said = bytes(self._script[: 2 * SMALL])
            del self._script[: len(said)]
            self._take += said + bytes(2 * SMALL - len(said))
            await self._send()

    def _begin(self) -> None:
        self._takes += 1
        self._take.clear()
        self._safe = self._next = 0
        self._sends = False

    async def _stay_connected(self) -> None:
        address = f"{self._running.address}/room/{HALL}/audio".replace("http", "ws", 1)
        while True:
            while self._cut or not self._takes:
                await self._running.backend.clock.sleep(50)
            async with self._http.ws_connect(address, headers={"Origin": self._running.address}) as socket:
                self._socket = socket
                await self._hello(socket)
                async for message in socket:
                    await self._told(socket, message.json())
            self._socket, self._sends = None, False
            await self._running.backend.clock.sleep(200)

    async def _hello(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        age = (len(self._take) // 2 - self._safe) * 1000 // RATE
        said = audio.TakeHello(
            protocol=audio.PROTOCOL, channel="floor", take=f"takeno{self._takes:02}", first=self._safe, age=age
        )
        await socket.send_str(audio.encode(said))

    async def _told(self, socket: aiohttp.ClientWebSocketResponse, said: dict[str, object]) -> None:
        match said["kind"]:
            case "go":
                self._next, self._sends, self.session = (
                    max(int(str(said["at"])), self._safe),
                    True,
                    str(said["session"]),
                )
            case "safe":
                self._safe = max(self._safe, int(str(said["at"])))
            case "over" | "ended" | "idle":
                self._begin()
                await self._running.backend.clock.sleep(500 if said["kind"] == "idle" else 0)
                await self._hello(socket)
            case kind:
                pytest.fail(f"It was told {kind}.")

    async def _send(self) -> None:
        socket, end = self._socket, len(self._take) // 2
        while socket is not None and self._sends and not socket.closed and self._next < end:
            last = min(self._next + 8_000, end)
            pcm = bytes(self._take[2 * self._next : 2 * last])
            piece = audio.Piece(first=self._next, age=(end - last) * 1000 // RATE, pcm=pcm)
            self._next = last
            await socket.send_bytes(audio.encode_piece(piece))


def meeting(number: int) -> SessionId:
    return SessionId(f"meeting-{number:02}")


@asynccontextmanager
async def room(data: Path, meetings: int) -> AsyncIterator[tuple[RunningServer, RoomMicrophone]]:
    """A server with a real engine, the room and its microphone."""
    settings = Settings(server=Server(port=0, data=str(data)), engine=EngineSection(count=1, model=MODEL))
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    async with hall(settings) as running, aiohttp.ClientSession(cookie_jar=jar) as http, asyncio.TaskGroup() as group:
        await running.backend.programme.keep(rooms=[Room(id=HALL, title="Main hall")])
        for number in range(meetings):
            planned = Planned(session=meeting(number), room=HALL, title=f"Meeting {number}", starts=number)
            assert isinstance(await running.backend.programme.make(planned), Planned)
        _, token = await running.backend.links.create(Role.TECHNICIAN, f"room:{HALL}", "Main hall")
        async with http.get(f"{running.address}/enter/{token}", allow_redirects=False):
            pass
        microphone = RoomMicrophone(running, http)
        sending = group.create_task(microphone.run())
        yield running, microphone
        sending.cancel()


def text_of(live: LiveSession) -> str:
    """What is in its log."""
    return " ".join(line.whole for _, line in live.state.segments.items()).casefold()


async def act(running: RunningServer, session: SessionId, command: do.AnyCommand) -> None:
    assert await running.backend.programme.send(session, command) is None


async def held(
    running: RunningServer, microphone: RoomMicrophone, session: SessionId, spoken: bytes, secret: bytes
) -> None:
    """One meeting: something for all, a span, a break."""
    await until(running, lambda: microphone.session == session)
    await microphone.say(spoken + silence(PAUSE_MS))
    await act(running, session, do.BeginNotRecorded())
    live = await running.backend.sessions.open(session)
    began = live.state.not_recorded[-1][0]
    assert began <= live.state.media_now(running.backend.clock.wall())
    await microphone.say(silence(PAUSE_MS // 3) + secret + silence(PAUSE_MS))
    await act(running, session, do.EndNotRecorded())
    await microphone.say(silence(PAUSE_MS // 3))
    await act(running, session, do.PauseSession())
    await microphone.say(silence(PAUSE_MS))
    await act(running, session, do.ResumeSession())
    await microphone.say(silence(PAUSE_MS // 3))


async def test_after_twenty_handovers_still_no_file_holds_what_was_not_recorded(tmp_path: Path) -> None:
    spoken, secret = await sample_sound(*OPEN), await sample_sound(*SECRET)
    data, control = tmp_path / "data", tmp_path / "control"
    wrong: dict[SessionId, object] = {}
    async with room(data, HANDOVERS + 1) as (running, microphone):
        for number in range(HANDOVERS + 1):
            if number % 2:
                await microphone.cut()
                await microphone.say(silence(2_000))
            assert await running.backend.programme.next_session(HALL) == meeting(number)
            if number % 2:
                await microphone.say(silence(1_000))
                microphone.back()
            await held(running, microphone, meeting(number), spoken, secret)
            if found := found_in(data, secret):
                wrong[meeting(number)] = found
        await act(running, meeting(HANDOVERS), do.CloseSession())
        for number in range(HANDOVERS + 1):
            live = await running.backend.sessions.open(meeting(number))
            text = text_of(live)
            if "joined us" not in text or any(city in text for city in CITIES):
                wrong[live.id] = text
    assert wrong == {}
    assert found_in(data, secret) == set()
    kept = await heard_in_sounds(data)
    assert "joined us" in kept
    assert not [city for city in CITIES if city in kept]
    async with room(control, 1) as (running, microphone):
        assert await running.backend.programme.next_session(HALL) == meeting(0)
        await until(running, lambda: microphone.session == meeting(0))
        await microphone.say(spoken + silence(PAUSE_MS) + secret + silence(PAUSE_MS))
        live = await running.backend.sessions.open(meeting(0))
        await until(running, lambda: WORD in text_of(live))
    assert FILE_NAME in found_in(control, secret), "recorded, the same words are found"
