"""The door for `curl -N` and braille displays: GET /s/{session}/text, finished lines as plain text. `?uncertain=yes` or
`words` marks the words of which the recogniser was not sure, in lines that are finished from then on; `?sources=1` says
how lines came about.

It follows the feed `lines` through the fan-out as `moothall.adapters.reading.sse` does: what the fan-out writes is
turned into text on its way to the transport, so the outbox policy is the same. While no line is finished the door can
send nothing that wouldn't be seen, so the kernel's keep-alive finds readers who have left.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial

import msgspec
from aiohttp import HttpVersion11, web

from moothall.adapters.pages.request_context import language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_choices import SOURCES, UNCERTAIN, unsure
from moothall.adapters.reading.page_rows import gap_text, label_of, original_of, whole_source_of
from moothall.adapters.reading.reader_routes import DecodedEvents, ReaderRequest, Readers, begin, let_go
from moothall.core.sessions.state import Status
from moothall.core.views.captions import SNAPSHOT_LINES, Line
from moothall.wire.frames import Format, chunk
from moothall.wire.plain_text import DOUBT, PlainText, plain

KEEP_ALIVE_S = 15
"""How many seconds a connection may be quiet before the kernel probes it, and how many pass between probes."""


class _TextOutlet:
    """An outlet of the fan-out in front of the transport: it receives frames of server-sent events and writes lines of
    text.
    """

    def __init__(self, transport: asyncio.Transport, frames: DecodedEvents, text: PlainText, *, chunked: bool) -> None:
        self._transport = transport
        self._frames = frames
        self._text = text
        self._chunked = chunked
        self.quiet = False
        """Whether the lines of the first snapshot are skipped."""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.get_write_buffer_size = transport.get_write_buffer_size
        self.abort = transport.abort

    def is_closing(self) -> bool:
        return self.ended.done() or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        for _, frame in self._frames.of(data):
            if frame.snapshot is None:
                self.send(self._text.take(frame))
            else:
                self.send(self._text.start(frame.snapshot, quiet=self.quiet))
        self.quiet = False
        if self._text.closed:
            self.end()

    def send(self, text: str) -> None:
        if text:
            data = text.encode(errors="replace")
            self._transport.write(chunk(data) if self._chunked else data)

    def end(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


WITH_SIGN, WITH_WORDS = "yes", "words"
"""Values of UNCERTAIN: mark a word of which the recogniser was not sure by `(?)`, or by words."""


class PlainDoor:
    """Serves plain text. `run` must be running, since it drops readers who have left."""

    def __init__(self, readers: Readers, pages: Pages) -> None:
        """`pages` supply the few words of the product in the visitor's language."""
        self._readers = readers
        self._pages = pages
        self._outlets: dict[_TextOutlet, asyncio.Transport] = {}
        self._closed = False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/s/{session}/text", self.handle, allow_head=False)]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one reader until the session is closed or the reader has left."""
        uncertain = request.query.get(UNCERTAIN) in (WITH_SIGN, WITH_WORDS)
        return await self._readers.answer(request, self._stream, finished=not uncertain)

    async def _stream(self, request: web.Request, reading: ReaderRequest) -> web.StreamResponse:
        response, transport = await begin(request, {"Content-Type": "text/plain; charset=utf-8"})
        if transport is None or self._closed:
            return response
        _keep_alive(transport)
        ui = language(self._pages, request)
        doubt = f" {unsure(ui)}" if request.query.get(UNCERTAIN) == WITH_WORDS else DOUBT
        source = partial(whole_source_of, ui=ui) if request.query.get(SOURCES) == "1" else _unsaid
        text = PlainText(ui.named("lines/unnamed"), lambda gap: gap_text(gap, ui), reading.feed, doubt, source)
        outlet = _TextOutlet(transport, self._readers.frames, text, chunked=request.version >= HttpVersion11)
        self._outlets[outlet] = transport
        text_here = reading.view.session, reading.feed.channel
        said = label_of(*text_here, ui, reading.view.newest, original_of(*text_here, door="/text"))
        try:
            if said:
                await response.write(f"{plain(said)}\n".encode(errors="replace"))
            await self._follow(response, reading, outlet, text, everything=request.query.get("all") == "1")
        finally:
            self._outlets.pop(outlet, None)
            let_go(transport)  # Nobody reads unsent bytes; waiting for them would delay the server's end.
        return response

    async def _follow(
        self,
        response: web.StreamResponse,
        reading: ReaderRequest,
        outlet: _TextOutlet,
        text: PlainText,
        *,
        everything: bool,
    ) -> None:
        view = reading.view
        reading = msgspec.structs.replace(reading, after=None)
        if everything or view.session.status is Status.CLOSED:
            # All older lines are sent from one state of the text; later lines follow from its position.
            reading = msgspec.structs.replace(reading, after=view.position)
            text.know(view.session)
            total = len(view.lines)
            for start in range(0, total, SNAPSHOT_LINES):
                page = text.lines(view.lines.slice(start, min(start + SNAPSHOT_LINES, total)))
                if page:
                    await response.write(page.encode(errors="replace"))
            text.start(view.snapshot(), quiet=True)
            if text.closed:
                await response.write(text.end().encode(errors="replace"))
                return
        outlet.quiet = reading.after is None
        await reading.follow(outlet, Format.SSE, outlet.ended)

    async def run(self) -> None:
        """Drop readers who have left, until cancelled."""
        while True:
            await self._readers.clock.sleep(1_000)
            for outlet, transport in list(self._outlets.items()):
                if transport.is_closing():
                    outlet.end()

    async def close(self) -> None:
        """End all answers because the server is ending."""
        self._closed = True
        self.send_away()

    def send_away(self) -> None:
        """End all answers."""
        for outlet, transport in list(self._outlets.items()):
            let_go(transport)  # The reader may be stalled in the middle of the older lines.
            outlet.end()


def _unsaid(_: Line) -> str:
    return ""


def _keep_alive(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), KEEP_ALIVE_S)
