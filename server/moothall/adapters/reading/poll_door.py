"""The door for networks that don't let answers stream: GET /s/{session}/poll, one JSON answer at a time.

A poll subscribes to the fan-out, waits for the first frame, and returns it as its answer. Its frames are those of
server-sent events, encoded once for both doors. What happens between two polls is taken from the ring by the reader's
position, as after a lost connection.
"""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from moothall.adapters.reading.reader_routes import DoorRefusal, ReaderRequest, Readers, show_stalls
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import Position
from moothall.wire.close_codes import CloseCode
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, is_pulse

WAIT_S = 25
"""How many seconds a poll waits when it names no time; less than the silence that proxies commonly allow."""
MAX_WAIT_S = 30
"""The most seconds that a poll may wait."""


class _Poll:
    """An outlet that collects the frames of one poll. Overflow: none; it leaves the fan-out at the first frame."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.data = bytearray()
        self.until: int | None = None
        """When it is answered without news, ms of the monotonic clock; None until it begins to wait."""
        self.over = asyncio.get_running_loop().create_future()

    def write(self, data: bytes) -> None:
        if is_pulse(data):
            return  # The answer of the poll itself is a sign of life.
        self.data += data
        if self.until is not None:
            self.end()

    def end(self) -> None:
        if not self.over.done():
            self.over.set_result(None)

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.over.done()

    def abort(self) -> None:
        self.end()


class PollDoor:
    """Answers long polls. `run` must be running, since it ends the polls in which nothing happens."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        # Bound: the readers' slots, since each poll has one.
        self._polls: dict[_Poll, None] = {}
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/poll", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one poll: `{"position": "EPOCH:OFFSET", "frames": […]}`.

        The frames are in order, and there may be none; `position` is the value of `after` for the next poll.
        """
        wait = _wait(request.query.get("wait", str(WAIT_S)))
        if isinstance(wait, DoorRefusal):
            return wait.response()
        return await self._readers.answer(request, partial(self._answer, wait=wait))

    async def _answer(self, request: web.Request, reading: ReaderRequest, *, wait: int) -> web.Response:
        transport = request.transport
        if transport is None:
            return web.Response(status=503)  # The client has left.
        show_stalls(transport)
        poll = _Poll(transport)
        subscription = await reading.fanout.subscribe(poll, reading.feed, Format.SSE, reading.after)
        if isinstance(subscription, Refusal):
            return DoorRefusal(status=404, code=CloseCode.UNKNOWN_SESSION, message=subscription.message).response()
        try:
            frames, position = _frames(poll.data, reading.after)
            if position == str(reading.after) and wait and not self._closed:
                await self._something(poll, wait)
                frames, position = _frames(poll.data, reading.after)
        finally:
            reading.fanout.unsubscribe(subscription)
        # The frames already are JSON; decoding and encoding them again would change bytes that are signed.
        body = b'{"position":"%b","frames":[%b]}' % (position.encode(), b",".join(frames))
        headers = {"Cache-Control": "no-store"}
        return web.Response(body=body, content_type="application/json", headers=headers)

    async def _something(self, poll: _Poll, wait: int) -> None:
        """Wait until the position advances, at most `wait` seconds. Transient signals alone don't count as news."""
        poll.until = self._readers.clock.monotonic() + wait * 1_000
        self._polls[poll] = None
        try:
            await poll.over
        finally:
            del self._polls[poll]

    async def run(self) -> None:
        """End the polls that have waited long enough, or whose client has left, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            now = self._readers.clock.monotonic()
            for poll in list(self._polls):
                if poll.transport.is_closing() or (poll.until is not None and now >= poll.until):
                    poll.end()

    async def close(self) -> None:
        """Answer all polls with what they have, because the server is ending."""
        self._closed = True
        self.send_away()

    def send_away(self) -> None:
        """Answer all polls with what they have."""
        for poll in list(self._polls):
            poll.end()


def _wait(text: str) -> int | DoorRefusal:
    """Return the seconds that a poll asks to wait."""
    seconds = number_in(text, 2)
    if seconds is not None and seconds <= MAX_WAIT_S:
        return seconds
    message = f"A poll may wait for 0 to {MAX_WAIT_S} whole seconds."
    return DoorRefusal(status=400, code=CloseCode.BAD_REQUEST, message=message)


def _frames(data: bytes | bytearray, after: Position | None) -> tuple[list[bytes], str]:
    """The JSON of the frames in an event stream, and the position after them."""
    stream = EventStream()
    frames = [event.data for event in stream.feed(bytes(data))]
    return frames, stream.last_id or str(after)
