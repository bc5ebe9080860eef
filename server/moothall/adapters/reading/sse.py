"""The door for browsers and `curl -N`: GET /s/{session}/events, server-sent events.

aiohttp answers the request and sends the headers; then the connection is detached from it (see `ReaderConnection`), and
the fan-out writes encoded bytes to its transport, only in whole chunks. What a reader sends from then on is ignored.
"""

from __future__ import annotations

from aiohttp import HttpVersion11, web

from moothall.adapters.reading.connection import ReaderConnection
from moothall.adapters.reading.reader_routes import ReaderRequest, Readers, begin
from moothall.wire.frames import LAST_CHUNK, Format, chunk, retry

COME_BACK_MS = (1_000, 4_000)
"""The range of ms that a browser waits before it reconnects; each browser is sent a random value of it."""


class EventsDoor:
    """Serves server-sent events. `run` must be running, since it ends the older of two connections that share a
    slot.
    """

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        # Bound: the slots of readers.
        self._connections: dict[ReaderConnection, None] = {}
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/events", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one reader, who stays connected after this has returned."""
        return await self._readers.answer(request, self._stream)

    async def _stream(self, request: web.Request, reading: ReaderRequest) -> web.StreamResponse:
        response, transport = await begin(request, {"Content-Type": "text/event-stream; charset=utf-8"})
        if transport is None or self._closed:
            return response
        form = Format.SSE_CHUNKED if request.version >= HttpVersion11 else Format.SSE
        connection = ReaderConnection(self._connections, transport, reading.presence, form)
        if connection.take():
            transport.write(self._come_back(form))
            if not await connection.follow(reading):
                self._end(connection)
        return response

    def _come_back(self, form: Format) -> bytes:
        data = retry(self._readers.jitter(*COME_BACK_MS))
        return chunk(data) if form is Format.SSE_CHUNKED else data

    def _end(self, connection: ReaderConnection) -> None:
        last = LAST_CHUNK if connection.form is Format.SSE_CHUNKED else b""
        connection.end(self._come_back(connection.form) + last)

    async def run(self) -> None:
        """End the older of two connections that have shared a slot for too long, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            self._readers.part()

    async def close(self) -> None:
        """Send every browser the time after which to reconnect, and end the streams, because the server is ending."""
        self._closed = True
        self.send_away()

    def send_away(self) -> None:
        """Send every browser the time after which to reconnect, and end the streams: another server has what
        they want.
        """
        for connection in list(self._connections):
            self._end(connection)
