"""A real server with the readers' doors, on a free port of this machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from moothall.adapters.cached.cached_door import MOST_TEXTS, CachedDoor
from moothall.adapters.http.admission import Admission
from moothall.adapters.http.limits import AddressGate, runner_options
from moothall.adapters.http.security_headers import secure
from moothall.adapters.pages.error_pages import crowded_page
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.plain_door import PlainDoor
from moothall.adapters.reading.poll_door import PollDoor
from moothall.adapters.reading.reader_routes import BEGINNINGS, MAX_READERS, Readers
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.reading.websocket import WebSocketDoor
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import Position, SessionId
from moothall.core.ports import Clock
from moothall.services.metrics.measures import Measures
from moothall.services.reading.fanout import SessionFanout
from moothall.testing.clock import ManualClock, SeededRandomness
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode
from moothall.wire.reader import Outcome, Reader
from support.links.site import Site
from support.sessions.meeting import LIVE, Meeting

PAGES = Pages(find_web_folder())
ORIGIN = "https://good.example"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class House:
    """The server, and the parts behind its doors."""

    def __init__(self, meeting: Meeting, fanout: SessionFanout, clock: Clock, measures: Measures) -> None:
        self.meeting = meeting
        self.fanout = fanout
        self.readers: Readers
        self.measures = measures
        self.events: EventsDoor
        self.websocket: WebSocketDoor
        self.poll: PollDoor
        self.plain: PlainDoor
        self.cached: CachedDoor
        self.clock = clock
        self.port = 0
        self.http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/s/{self.meeting.session}"

    async def find(self, session: SessionId) -> SessionFanout | None:
        return self.fanout if session == self.meeting.session else None

    async def advance(self, ms: int) -> None:
        assert isinstance(self.clock, ManualClock)
        await self.clock.advance(ms)


def _address_of(request: web.Request) -> str:
    """Return the address in `X-From`; with `X-Leaves` the reader disconnects before it is answered."""
    if "X-Leaves" in request.headers:
        assert request.transport is not None
        request.transport.abort()
    return request.headers.get("X-From", "")


@asynccontextmanager
async def house(
    *,
    meeting: Meeting | None = None,
    clock: Clock | None = None,
    most: int = MAX_READERS,
    each: int | None = None,
    idle_s: float = 20,
    may_read: Callable[[SessionId], Refusal | None] = lambda _: None,
    gate: AddressGate | None = None,
    admission: Admission | None = None,
    cached_texts: int = MOST_TEXTS,
) -> AsyncIterator[House]:
    if meeting is None:
        meeting = Meeting()
        await meeting.open()
    if clock is not None:
        meeting.clock = clock  # type: ignore[assignment]  # any clock will do for a fan-out
    measures = Measures(clock or meeting.clock)
    made = House(meeting, await meeting.fanout(measures), clock or meeting.clock, measures)
    made.readers = Readers(
        find=made.find,
        may_read=may_read,
        clock=made.clock,
        randomness=SeededRandomness(),
        origins=frozenset({ORIGIN}),
        most=most,
        each=each,
        address_of=_address_of,
        measures=made.measures,
    )
    made.events, made.websocket = EventsDoor(made.readers), WebSocketDoor(made.readers)
    made.poll, made.plain = PollDoor(made.readers), PlainDoor(made.readers, PAGES)
    made.cached = CachedDoor(made.readers, most=cached_texts)
    doors = (made.events, made.websocket, made.poll, made.plain)
    middlewares, crowded = list[Middleware](), crowded_page(PAGES)
    if gate is not None:
        middlewares.append(gate.middleware(crowded=crowded))
    if admission is not None:
        others = AddressGate(made.clock, SeededRandomness()).middleware()
        middlewares.append(admission.middleware(_address_of, BEGINNINGS, others, crowded))
    app = web.Application(middlewares=middlewares)
    app.add_routes([route for door in (*doors, made.cached) for route in door.routes()])
    secure(app)
    runner = web.AppRunner(app, **runner_options(idle_s))
    await runner.setup()
    site = Site(runner)
    await site.start()
    made.port = runner.addresses[0][1]
    running = (made.fanout, made.events, made.websocket, made.poll, made.plain, made.cached)
    tasks = [asyncio.ensure_future(each.run()) for each in running]
    try:
        async with aiohttp.ClientSession() as made.http:
            yield made
    finally:
        for door in doors:
            await door.close()
        await runner.cleanup()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class SseClient:
    """Reads server-sent events, one connection after the other, and folds them."""

    def __init__(self, house: House, reader: Reader | None = None) -> None:
        self.house = house
        self.reader = reader or Reader(feed=LIVE)
        self.seen: list[int] = []
        """Offsets of the events that were applied."""

    @property
    def offset(self) -> int:
        position = self.reader.position
        return -1 if position is None else position.offset

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncIterator[Received]]:
        position = self.reader.position
        headers = {} if position is None else {"Last-Event-ID": str(position)}
        async with self.house.http.get(self.house.url + "/events", headers=headers) as response:
            assert response.status == 200
            yield self._frames(response)
            response.close()

    async def _frames(self, response: aiohttp.ClientResponse) -> AsyncIterator[Received]:
        stream = EventStream()
        async for data in response.content.iter_any():
            for event in stream.feed(data):
                frame = decode(event.data)
                self.take(frame)
                if frame.pulse is None:
                    yield frame

    def take(self, frame: Received) -> None:
        before = self.reader.position
        assert frame.pulse is None or frame.pulse.head <= self.offset
        self.reader, outcome = self.reader.take(frame)
        assert outcome is not Outcome.LOSS
        self.seen += [event.offset for event in frame.events if before is not None and event.offset > before.offset]

    async def read_to(self, offset: int) -> None:
        """Read on a new connection until the event at `offset` has arrived."""
        async with self.connected() as frames:
            async for _ in frames:
                if self.offset >= offset:
                    return
        raise AssertionError("the stream ended")


class WsClient(SseClient):
    """A client like `SseClient`, over WebSocket."""

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncIterator[Received]]:
        position: Position | None = self.reader.position
        params = {} if position is None else {"after": str(position)}
        socket = await self.house.http.ws_connect(self.house.url + "/ws", params=params)
        try:
            yield self._messages(socket)
        finally:
            await socket.close()

    async def _messages(self, socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[Received]:
        async for message in socket:
            frame = decode(message.data)
            self.take(frame)
            if frame.pulse is None:
                yield frame


async def joined(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Receive the first messages over a WebSocket: the snapshot, and a pulse."""
    assert decode((await socket.receive()).data).snapshot is not None
    assert decode((await socket.receive()).data).pulse is not None


class PollClient(SseClient):
    """A client like `SseClient` that polls."""

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncIterator[Received]]:
        yield self._polled()

    async def _polled(self) -> AsyncIterator[Received]:
        position: Position | None = self.reader.position
        after = None if position is None else str(position)
        while True:
            async with self.house.http.get(
                self.house.url + "/poll", params={"after": after} if after else {}
            ) as answer:
                assert answer.status == 200
                said = msgspec.json.decode(await answer.read(), type=Polled)
            after = said.position
            for raw in said.frames:
                frame = decode(bytes(raw))
                self.take(frame)
                yield frame


class Polled(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to a poll."""

    position: str
    frames: list[msgspec.Raw]


@asynccontextmanager
async def talk(port: int, request: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


@asynccontextmanager
async def unread(port: int, request: bytes) -> AsyncIterator[socket.socket]:
    """Open a connection from which nobody reads, with little buffer in the kernel."""
    with socket.socket() as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stream.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(stream, ("127.0.0.1", port))
        await loop.sock_sendall(stream, request)
        yield stream


async def until(condition: object) -> None:
    """Run the loop, sockets included, until `condition` holds; otherwise the test's time-out ends it."""
    assert callable(condition)
    while not condition():  # noqa: ASYNC110  # what is waited for happens in the server, which tells nobody
        await asyncio.sleep(0)


def request_of(door: str, headers: dict[str, str]) -> bytes:
    """Return the bytes of a request for a door of the session."""
    lines = [f"GET /s/plenary/{door} HTTP/1.1", "Host: x", *[f"{name}: {headers[name]}" for name in headers], "", ""]
    return "\r\n".join(lines).encode()


async def closed(http: aiohttp.ClientSession, url: str) -> aiohttp.WSMessage:
    """Return the message with which the server closes the WebSocket at `url`."""
    async with http.ws_connect(url, autoclose=False) as socket_:
        message = await socket_.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE
        return message
