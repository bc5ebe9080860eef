"""The door for apps, hubs' screens and scripts: GET /s/{session}/ws, WebSocket text messages.

As in `moothall.adapters.reading.sse`, the connection leaves the web server, and the fan-out writes encoded frames to
its transport. The library websockets makes the handshake, reads incoming frames, and answers pings and closes. No
compression is negotiated, so each frame is independent of the others; each frame is written whole, so that no frame is
ever inside another. Once a close has begun, nothing more is written.
"""

from __future__ import annotations

import asyncio
import codecs
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import Protocol, Side, State
from websockets.server import ServerProtocol

from moothall.adapters.reading.connection import ReaderConnection
from moothall.adapters.reading.reader_routes import (
    DoorRefusal,
    ReaderPresence,
    ReaderRequest,
    Readers,
    let_go,
    show_stalls,
)
from moothall.core.ports import Clock
from moothall.wire.close_codes import MEANINGS, CloseCode, reason_bytes
from moothall.wire.frames import Format
from moothall.wire.token_bucket import Allowance, Bucket

MAX_MESSAGE_BYTES = 4 << 10
"""The largest message from a reader, who has nothing to send here; a larger one closes the connection with 1009."""
PING_MS = 24_000
"""After how many ms of silence a reader is pinged. With `PONG_MS` for the answer, a dead reader is cut after 36 s."""
PONG_MS = 12_000
CLOSE_MS = 2_000
"""How many ms the door waits for the answer to a close."""
_HANDSHAKE = frozenset({"connection", "upgrade", "sec-websocket-key", "sec-websocket-version"})
LOOK_MS = 1_000
"""How many ms pass between checks for silent readers."""
MESSAGES = Allowance(per_second=1, burst=10)
"""Messages from one reader. They are ignored, and too many close the connection."""


class _Socket(ReaderConnection):
    __slots__ = ("_bucket", "_clock", "_gone", "_protocol", "_since", "_text", "_waits")

    def __init__(
        self,
        there: dict[ReaderConnection, None],
        transport: asyncio.Transport,
        presence: ReaderPresence,
        clock: Clock,
        gone: asyncio.Event,
    ) -> None:
        """`gone`: set when the connection is lost."""
        super().__init__(there, transport, presence, Format.WEBSOCKET)
        self._protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=MAX_MESSAGE_BYTES)
        self._clock = clock
        self._gone = gone
        self._bucket: Bucket | None = None
        self._text: codecs.IncrementalDecoder | None = None
        self._since = clock.monotonic()
        """When the connection last received data, or sent a ping or a close, monotonic ms."""
        self._waits = 0
        """How many ms from `_since` on an answer is awaited; 0 when none is due."""

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        if self._protocol.state is State.OPEN:
            self._since, self._waits = self._clock.monotonic(), 0
        for frame in self._protocol.events_received():
            if isinstance(frame, Frame) and frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._passed_over(frame)
        self._send()

    def _passed_over(self, frame: Frame) -> None:
        now = self._clock.monotonic()
        bucket = Bucket.full(MESSAGES, now) if self._bucket is None else self._bucket
        self._bucket, wait = bucket.take(MESSAGES, now)
        if frame.opcode is Opcode.BINARY:
            self.say(CloseCode.UNSUPPORTED)
        elif wait:
            self.say(CloseCode.TOO_MANY)
        elif not self._is_text(frame):
            self.say(CloseCode.NOT_UTF8)

    def _is_text(self, frame: Frame) -> bool:
        """Whether a message is valid UTF-8 up to the end of this frame (RFC 6455 §8.1); the library doesn't
        check that.
        """
        decoder = self._text or codecs.getincrementaldecoder("utf-8")()
        self._text = None if frame.fin else decoder
        try:
            decoder.decode(frame.data, final=frame.fin)
        except UnicodeDecodeError:
            return False
        return True

    def eof_received(self) -> None:
        self._protocol.receive_eof()
        self._send()

    def say(self, code: CloseCode, sentence: str = "") -> None:
        """Begin the close, and give the other side `CLOSE_MS` to answer. May be called repeatedly."""
        if self._protocol.state is not State.OPEN:
            return
        self._protocol.send_close(code, reason_bytes(sentence or MEANINGS[code].reason).decode())
        self._since, self._waits = self._clock.monotonic(), CLOSE_MS
        self._send()

    def look(self, now: int) -> None:
        """Ping a silent reader, and abort one that doesn't answer; `now` in monotonic ms."""
        if self._waits:
            if now - self._since >= self._waits:
                self.transport.abort()
        elif now - self._since >= PING_MS:
            self._protocol.send_ping(b"")
            self._since, self._waits = now, PONG_MS
            self._send()

    def _send(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            else:  # An empty item means that this side has sent all.
                self.transport.close()
        if self._protocol.state is not State.OPEN:
            self.stop()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._gone.set()


class WebSocketDoor:
    """Serves readers over WebSocket. `run` must be running, since it finds silent readers."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        # Bound: the slots of readers.
        self._sockets: dict[ReaderConnection, None] = {}
        self._gone = asyncio.Event()
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/ws", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one reader, who stays connected after this has returned."""
        presence = self._readers.enter(request)
        if isinstance(presence, DoorRefusal):
            return presence.response()
        try:
            accepted = _accepted(request)
            if accepted is None:
                text = "This address is for WebSocket. Server-sent events are at /events.\n"
                return web.Response(status=426, text=text, headers={"Upgrade": "websocket"})
            # Errors of the request are sent after the upgrade: browsers show pages no status, only close codes.
            reading = await self._readers.look_up(request, presence)
            try:
                await accepted.prepare(request)
            except ConnectionError:
                return web.Response(status=503)  # The reader left while the session was looked up: nobody reads this.
            await self._serve(request, presence, reading)
            return accepted
        finally:
            presence.done()

    async def _serve(
        self, request: web.Request, presence: ReaderPresence, reading: ReaderRequest | DoorRefusal
    ) -> None:
        transport = request.transport
        if transport is None:
            return
        socket = _Socket(self._sockets, transport, presence, self._readers.clock, self._gone)
        if not socket.take():
            return
        if isinstance(reading, DoorRefusal):
            socket.say(reading.code, reading.message)
        elif self._closed:
            socket.say(CloseCode.GOING_AWAY)
        else:
            show_stalls(transport)
            presence.counted(request, reading)
            if not await socket.follow(reading):
                socket.say(CloseCode.UNKNOWN_SESSION)

    async def run(self) -> None:
        """Ping silent readers, and abort those that don't answer, until cancelled."""
        while True:
            await self._readers.clock.sleep(LOOK_MS)
            now = self._readers.clock.monotonic()
            for socket in list(self._sockets):
                if isinstance(socket, _Socket):
                    socket.look(now)

    async def close(self, patience_ms: int = CLOSE_MS) -> None:
        """Send everybody a close because the server is ending. Returns when all have answered, or after
        `patience_ms`.
        """
        self._closed = True
        self.send_away()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_ms / 1_000):
                while self._sockets:
                    self._gone.clear()
                    await self._gone.wait()
        for socket in list(self._sockets):
            socket.transport.abort()

    def send_away(self, sentence: str = "") -> None:
        """Have everybody reconnect: another server has what they want. `sentence` says why, in 123 bytes at most."""
        for socket in list(self._sockets):
            # A stalled connection is aborted, since a close would wait behind its unread bytes.
            if isinstance(socket, _Socket) and not let_go(socket.transport):
                socket.say(CloseCode.GOING_AWAY, sentence)


def _accepted(request: web.Request) -> web.StreamResponse | None:
    """The answer to a handshake; None when the request is no valid handshake."""
    # All other headers are left out: the library accepts only ASCII, and a browser's own headers may be anything.
    asked = ((name, value) for name, value in request.headers.items() if name.lower() in _HANDSHAKE)
    try:
        answer = ServerProtocol().accept(Request(request.path, Headers(asked)))
    except InvalidHandshake:
        return None
    if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        return None
    names = ("Upgrade", "Connection", "Sec-WebSocket-Accept")
    return web.StreamResponse(status=answer.status_code, headers={name: answer.headers[name] for name in names})
