"""A connection between a reader and a server that tests can cut, mend or freeze: a TCP proxy on loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from moothall.adapters.system.accepting import stop_accepting


class BreakableLink:
    """Forwards connections to a port while it is up."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._up = True
        self._open: set[asyncio.StreamWriter] = set()
        self._streams: set[asyncio.StreamWriter] = set()
        self._moves: set[asyncio.Event] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._takes = True
        self._early: set[asyncio.StreamWriter] = set()
        """Connections that were opened while it was frozen."""
        self.address = ""

    def cut(self) -> None:
        """Break every connection, and refuse new ones until mended."""
        self._up = False
        for writer in list(self._open):
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._up = True

    def freeze(self) -> None:
        """Let nothing through any more, not over new connections either, without closing anything.

        Connections without a stream are closed first, as a server closes idle ones: otherwise a
        browser would reuse them.
        """
        self._takes = False
        for writer in self._open - self._streams:
            writer.transport.abort()
        for moves in self._moves:
            moves.clear()

    def take(self) -> None:
        """Let new connections through from now on; frozen ones stay frozen.

        Connections opened meanwhile are aborted: over a dead link none would have been established, and a browser that
        keeps one would send its next requests there.
        """
        self._takes = True
        for writer in self._early:
            writer.transport.abort()
        self._early.clear()

    def thaw(self) -> None:
        """Let everything through again, withheld bytes first."""
        self._takes = True
        for moves in self._moves:
            moves.set()

    async def ended(self) -> None:
        """Wait until all cut connections are closed."""
        while self._serving:
            await asyncio.wait(self._serving)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        if not self._up:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()  # The server is down, which tests allow.
            return
        self._open |= {writer, far_writer}
        self._moves.add(moves := asyncio.Event())
        if self._takes:
            moves.set()
        else:
            self._early.add(writer)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(reader, far_writer, writer, moves))
                group.create_task(_pass_on(far_reader, writer, moves))
        finally:
            self._moves.discard(moves)
            self._early.discard(writer)
            self._streams -= {writer, far_writer}
            self._open -= {writer, far_writer}

    async def _ask(
        self, reader: asyncio.StreamReader, far: asyncio.StreamWriter, near: asyncio.StreamWriter, moves: asyncio.Event
    ) -> None:
        def look(data: bytes) -> None:
            if b"text/event-stream" in data or b"Upgrade: websocket" in data:
                self._streams |= {near, far}

        await _pass_on(reader, far, moves, look)


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    moves: asyncio.Event,
    look: Callable[[bytes], None] = lambda _: None,
) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            look(data)
            await moves.wait()
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def breakable_link_to(port: int) -> AsyncIterator[BreakableLink]:
    """Run a proxy to a server on this machine."""
    link = BreakableLink(port)
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    link.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield link
    finally:
        await stop_accepting(server.sockets)
        server.close()
        link.thaw()
        link.cut()
        await link.ended()
