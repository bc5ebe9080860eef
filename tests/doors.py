"""A real server with the readers' doors, on a free port of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from meeting import LIVE, Meeting
from moothall.adapters.limits import AddressGate, runner_options, secure
from moothall.adapters.reading import MAX_READERS, Readers
from moothall.adapters.sse import EventsDoor
from moothall.adapters.websocket import WebSocketDoor
from moothall.core.errors import Refusal
from moothall.core.ids import Position, SessionId
from moothall.core.ports import Clock
from moothall.services.fanout import SessionFanout
from moothall.testing.clock import ManualClock
from moothall.testing.seeded import SeededRandomness
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode
from moothall.wire.reader import Outcome, Reader

ORIGIN = "https://good.example"


class House:
    """The server and what stands behind it."""

    def __init__(self, meeting: Meeting, fanout: SessionFanout, clock: Clock) -> None:
        self.meeting = meeting
        self.fanout = fanout
        self.readers: Readers
        self.events: EventsDoor
        self.websocket: WebSocketDoor
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


@asynccontextmanager
async def house(
    *,
    meeting: Meeting | None = None,
    clock: Clock | None = None,
    most: int = MAX_READERS,
    idle_s: float = 20,
    may_read: Callable[[SessionId], Refusal | None] = lambda _: None,
    gate: AddressGate | None = None,
) -> AsyncIterator[House]:
    if meeting is None:
        meeting = Meeting()
        await meeting.open()
    if clock is not None:
        meeting.clock = clock  # type: ignore[assignment]  # any clock will do for a fan-out
    made = House(meeting, await meeting.fanout(), clock or meeting.clock)
    made.readers = Readers(
        find=made.find,
        may_read=may_read,
        clock=made.clock,
        randomness=SeededRandomness(),
        origins=frozenset({ORIGIN}),
        most=most,
    )
    made.events, made.websocket = EventsDoor(made.readers), WebSocketDoor(made.readers)
    app = web.Application(middlewares=[gate.middleware()] if gate else [])
    app.add_routes([*made.events.routes(), *made.websocket.routes()])
    secure(app)
    runner = web.AppRunner(app, **runner_options(idle_s))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    tasks = [asyncio.ensure_future(made.fanout.run()), asyncio.ensure_future(made.events.run())]
    try:
        async with aiohttp.ClientSession() as made.http:
            yield made
    finally:
        await made.events.close()
        await made.websocket.close()
        await runner.cleanup()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class SseClient:
    """Reads server-sent events, one connection after the other, and folds what comes."""

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
                yield frame

    def take(self, frame: Received) -> None:
        before = self.reader.position
        self.reader, outcome = self.reader.take(frame)
        assert outcome is not Outcome.LOSS
        self.seen += [event.offset for event in frame.events if before is not None and event.offset > before.offset]

    async def read_to(self, offset: int) -> None:
        """On a connection of its own, until the event at `offset` has come."""
        async with self.connected() as frames:
            async for _ in frames:
                if self.offset >= offset:
                    return
        raise AssertionError("the stream ended")


class WsClient(SseClient):
    """The same over WebSocket."""

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
            yield frame
