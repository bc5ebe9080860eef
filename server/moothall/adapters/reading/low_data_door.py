"""The door for slow connections: GET /s/{session}/low, finished lines every 40 seconds, 4 KB for ten minutes of speech.

It sends server-sent events whose data are the batches of `moothall.wire.low_data`, in one gzip stream. The compressor
remembers what it has already sent, so text costs about half a byte a character. Each reader has a compressor of their
own, which is why this door can't share encoded bytes, takes fewer readers than the others, and writes seldom.
"""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

from aiohttp import HttpVersion11, hdrs, web

from moothall.adapters.reading.reader_routes import DecodedEvents, DoorRefusal, ReaderRequest, Readers, begin, let_go
from moothall.core.kernel.ids import Position
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import CaptionsView
from moothall.services.reading.fanout import SessionFanout
from moothall.services.supervision.supervising import note_failure
from moothall.wire.close_codes import CloseCode
from moothall.wire.frames import PULSE, Format, chunk
from moothall.wire.low_data import PULSE_MS, LowData

BATCH_MS = 39_000
"""How long, in ms, a finished line may wait for others: each batch costs its own packets and headers."""
QUIET_MS = 60_000
"""After so many ms without a batch the door sends an empty batch as a sign of life, for pages that don't know
pulses.
"""
MOST = 2_000
"""The most readers at once: each has 47 KB of memory for what its stream may refer to."""
WINDOW_BITS = 13
MEMORY_LEVEL = 6


class _Plain:
    """The counterpart of `_Packed` for readers who don't accept gzip: it passes bytes on unchanged."""

    def write(self, data: bytes) -> bytes:
        return data


class _Packed:
    def __init__(self) -> None:
        self._packer = zlib.compressobj(9, zlib.DEFLATED, 16 + WINDOW_BITS, MEMORY_LEVEL)

    def write(self, data: bytes) -> bytes:
        # A partial flush gives the reader all of the data for two bytes; a sync flush would cost five.
        return self._packer.compress(data) + self._packer.flush(zlib.Z_PARTIAL_FLUSH)


class _Packing(Protocol):
    def write(self, data: bytes) -> bytes: ...


@dataclass(eq=False, repr=False)
class _Connection:
    """One reader of this door, an outlet of the fan-out: it receives the feed's frames as bytes of server-sent
    events.
    """

    transport: asyncio.Transport
    frames: DecodedEvents
    low: LowData
    feed: Feed
    fanout: SessionFanout
    _: KW_ONLY
    packed: bool
    chunked: bool
    now: int

    def __post_init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._packing: _Packing = _Packed() if self.packed else _Plain()
        self._said = self.now - PULSE_MS
        """When anything was last sent, ms of the monotonic clock; so long ago at first that the first `look` sends a
        pulse.
        """
        self._since: int | None = None

    # The interface that the fan-out needs of an outlet.

    def write(self, data: bytes) -> None:
        for text, frame in self.frames.of(data):
            if frame.snapshot is not None:
                self.low.restart(CaptionsView.of(frame.snapshot, self.feed))
                self._put(text)
            self.low.take(frame)

    def get_write_buffer_size(self) -> int:
        return self.transport.get_write_buffer_size()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def abort(self) -> None:
        self.transport.abort()

    # Called by the door.

    def look(self, now: int) -> None:
        """Send what is due; `now` is ms of the monotonic clock."""
        if self.low.waits and self._since is None:
            self._since = now
        due = self.low.urgent or (self._since is not None and now - self._since >= BATCH_MS)
        if self.transport.get_write_buffer_size():
            return
        if due or now - self.now >= QUIET_MS:
            self._since, self.now, self._said = None, now, now
            self._put(self.low.batch())
        elif now - self._said >= PULSE_MS:
            self._said = now
            self._put(self.low.pulse(self.fanout.source()), PULSE)

    def _put(self, text: bytes, name: str = "") -> None:
        head = b"event:%b\n" % name.encode() if name else b""
        data = self._packing.write(b"%bdata:%b\n\n" % (head, text))
        self.transport.write(chunk(data) if self.chunked else data)

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class LowDataDoor:
    """Serves readers with low data. `run` must be running, since it sends the batches."""

    def __init__(self, readers: Readers, *, most: int = MOST) -> None:
        self._readers = readers
        self._most = most
        self._connections: dict[_Connection, None] = {}
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/low", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one reader for as long as it stays connected."""
        if len(self._connections) >= self._most:
            message = "The server has as many readers of few data as it can serve. Try again in a few seconds."
            wait = self._readers.jitter(3, 15)
            return DoorRefusal(status=503, code=CloseCode.TRY_LATER, message=message, retry_after=wait).response()
        return await self._readers.answer(request, self._stream, finished=True)

    async def _stream(self, request: web.Request, reading: ReaderRequest) -> web.StreamResponse:
        packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
        headers = {"Content-Type": "text/event-stream; charset=utf-8"}
        if packed:
            headers["Content-Encoding"] = "gzip"
        response, transport = await begin(request, headers)
        if transport is None or self._closed:
            return response
        connection = _Connection(
            transport,
            self._readers.frames,
            LowData(reading.view, _seen(reading.after, reading.view)),
            reading.feed,
            reading.fanout,
            packed=packed,
            chunked=request.version >= HttpVersion11,
            now=self._readers.clock.monotonic(),
        )
        self._connections[connection] = None
        try:
            await reading.follow(connection, Format.SSE, connection.ended)
        finally:
            self._connections.pop(connection, None)
            let_go(transport)  # Nobody reads unsent bytes; waiting for them would delay the server's end.
        return response

    async def run(self) -> None:
        """Send batches when they are due, and drop readers who have left, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            now = self._readers.clock.monotonic()
            for connection in list(self._connections):
                if connection.transport.is_closing():
                    connection.end()
                    continue
                try:
                    connection.look(now)
                except Exception as error:  # one reader's failure doesn't stop the others
                    note_failure(error, "a low-data reader is disconnected")
                    connection.abort()

    async def close(self) -> None:
        """End all streams because the server is ending; browsers reconnect by themselves."""
        self._closed = True
        self.send_away()

    def send_away(self) -> None:
        """End all streams; browsers reconnect by themselves."""
        for connection in list(self._connections):
            connection.end()


def _seen(after: Position | None, view: CaptionsView) -> int:
    """The offset up to which a reader with this position has seen the text; for a position of another epoch that of the
    view, since the reader gets a snapshot first.
    """
    return after.offset if after is not None and after.epoch == view.epoch else view.offset
