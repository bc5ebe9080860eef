"""The door for apps, hubs' screens and scripts: GET /s/{session}/ws, WebSocket text messages.

As in `moothall.adapters.reading.sse`, aiohttp makes the handshake and the fan-out writes ready frames to the transport.
No compression is negotiated, so each frame stands alone; aiohttp's own frames (pings, the close) go out in one
write each, so that neither side's ever lies inside the other's. Once a close has begun, nothing more is written.
"""

from __future__ import annotations

import asyncio

from aiohttp import WSMsgType, web

from moothall.adapters.reading.reader_routes import ReaderRequest, Readers, Refused, let_go, show_stalls
from moothall.core.kernel.errors import Refusal
from moothall.wire.close_codes import MEANINGS, CloseCode, reason_bytes
from moothall.wire.frames import Format
from moothall.wire.token_bucket import Allowance, Bucket

MAX_MESSAGE_BYTES = 4 << 10
"""Readers have nothing to say here; more than this closes the connection with 1009."""
PING_S = 24.0
"""How long a reader may be silent before it is asked; the answer has half as long again to come: 36 s in all."""
CLOSE_S = 2.0
"""How long the answer to a close is waited for."""
MESSAGES = Allowance(per_second=1, burst=10)
"""Messages from one reader; they are passed over, and too many close the connection."""


class _Outlet:
    """The transport, for the fan-out: closing as soon as the WebSocket is."""

    def __init__(self, transport: asyncio.Transport, socket: web.WebSocketResponse) -> None:
        self._transport = transport
        self._socket = socket
        self.write = transport.write
        self.get_write_buffer_size = transport.get_write_buffer_size
        self.abort = transport.abort

    def is_closing(self) -> bool:
        return self._socket.closed or self._transport.is_closing()


class WebSocketDoor:
    """Serves readers over WebSocket."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._sockets: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/s/{session}/ws", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one reader for as long as it stays."""
        place = self._readers.enter(request)
        if isinstance(place, Refused):
            return place.response()
        try:
            socket = web.WebSocketResponse(
                compress=False, max_msg_size=MAX_MESSAGE_BYTES, heartbeat=PING_S, timeout=CLOSE_S
            )
            if not socket.can_prepare(request).ok:
                text = "This address is for WebSocket. Server-sent events are at /events.\n"
                return web.Response(status=426, text=text, headers={"Upgrade": "websocket"})
            # What is wrong with the request is said after the upgrade: browsers show pages no status, only close codes.
            reading = await self._readers.look_up(request)
            try:
                await socket.prepare(request)
            except ConnectionResetError:
                return web.Response(status=503)  # It left while the session was being looked up: nobody reads this.
            await self._serve(request, socket, reading)
            return socket
        finally:
            place.leave()

    async def _serve(
        self, request: web.Request, socket: web.WebSocketResponse, reading: ReaderRequest | Refused
    ) -> None:
        transport = request.transport
        if transport is None:
            return
        if isinstance(reading, Refused):
            await socket.close(code=reading.code, message=reason_bytes(reading.message), drain=False)
            return
        if self._closed:
            await _close(socket, CloseCode.GOING_AWAY)
            return
        show_stalls(transport)
        self._sockets[socket] = transport
        try:
            with self._readers.counted(request, reading):
                await self._read(socket, transport, reading)
        finally:
            del self._sockets[socket]

    async def _read(self, socket: web.WebSocketResponse, transport: asyncio.Transport, reading: ReaderRequest) -> None:
        outlet = _Outlet(transport, socket)
        subscription = await reading.subscribe(outlet, Format.WEBSOCKET)
        if isinstance(subscription, Refusal):
            await _close(socket, CloseCode.UNKNOWN_SESSION)
            return
        clock = self._readers.clock
        bucket = Bucket.full(MESSAGES, clock.monotonic())
        try:
            async for message in socket:
                bucket, wait = bucket.take(MESSAGES, clock.monotonic())
                if message.type is WSMsgType.BINARY:
                    await _close(socket, CloseCode.UNSUPPORTED)
                elif wait:
                    await _close(socket, CloseCode.TOO_MANY)
        finally:
            reading.fanout.unsubscribe(subscription)

    async def close(self) -> None:
        """The server is going away: say so to everybody. Returns when they have answered, or after 2 s."""
        self._closed = True
        async with asyncio.TaskGroup() as tasks:
            for socket, transport in list(self._sockets.items()):
                if not let_go(transport):  # Stalled: a close would only wait behind what isn't read.
                    tasks.create_task(_close(socket, CloseCode.GOING_AWAY))


async def _close(socket: web.WebSocketResponse, code: CloseCode) -> None:
    await socket.close(code=code, message=reason_bytes(MEANINGS[code].reason), drain=False)
