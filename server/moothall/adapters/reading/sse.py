"""The door for browsers and `curl -N`: GET /s/{session}/events, server-sent events.

aiohttp answers the request and sends the headers; from then on the fan-out writes ready bytes to the connection's
transport, which aiohttp has public as `request.transport`. That is sound because only whole chunks are written,
only after `prepare`, never to a closing transport, and aiohttp itself writes nothing until the handler returns.
"""

from __future__ import annotations

import asyncio

from aiohttp import HttpVersion11, web

from moothall.adapters.reading.reader_routes import ReaderRequest, Readers, begin, let_go
from moothall.wire.frames import Format, chunk, retry

COME_BACK_MS = (1_000, 4_000)
"""How long a browser waits before it reconnects; each is told a number of its own."""


class _Connection:
    __slots__ = ("ended", "form", "transport")

    def __init__(self, transport: asyncio.Transport, form: Format) -> None:
        self.transport = transport
        self.form = form
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, data: bytes) -> None:
        self.transport.write(chunk(data) if self.form is Format.SSE_CHUNKED else data)

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class EventsDoor:
    """Serves server-sent events. `run` has to be running for readers who have left, and for those who share a place."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._connections: dict[_Connection, None] = {}
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/s/{session}/events", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one reader for as long as it stays."""
        return await self._readers.answer(request, self._stream)

    async def _stream(self, request: web.Request, reading: ReaderRequest) -> web.StreamResponse:
        response, transport = await begin(request, {"Content-Type": "text/event-stream; charset=utf-8"})
        if transport is None or self._closed:
            return response
        form = Format.SSE_CHUNKED if request.version >= HttpVersion11 else Format.SSE
        connection = _Connection(transport, form)
        connection.send(retry(self._readers.jitter(*COME_BACK_MS)))
        self._connections[connection] = None
        try:
            await reading.follow(transport, form, connection.ended)
        finally:
            self._connections.pop(connection, None)
            let_go(transport)  # Nobody reads there; waiting for them would hold up the server's end.
        return response

    async def run(self) -> None:
        """Let go of readers who have left, and part those who share a place for too long, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            self._readers.part()
            for connection in list(self._connections):
                if connection.transport.is_closing():
                    connection.end()

    async def close(self) -> None:
        """The server is going away: tell every browser to come back, and end the streams."""
        self._closed = True
        for connection in list(self._connections):
            transport = connection.transport
            if not transport.is_closing() and not transport.get_write_buffer_size():
                connection.send(retry(self._readers.jitter(*COME_BACK_MS)))
            connection.end()
