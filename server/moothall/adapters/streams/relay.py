"""A relay on this machine to the server of one stream, for protocols that FFmpeg implements itself (RTSP, RTMP).

The decoding process connects to the relay alone. The relay connects to the address that was checked, with TLS when the
stream's address says so, and passes bytes on; RTSP messages pass a filter against those that lead elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from moothall.adapters.streams.checked_connection import connect
from moothall.core.streams.addresses import Fetching, Network, StreamAddress
from moothall.core.streams.rtsp_filter import Misled, RtspFilter
from moothall.core.streams.watching import SILENT_MS, StreamFault
from moothall.services.capture.pulling import StreamLost

logger = logging.getLogger(__name__)

READ = 1 << 14
MOST_CONNECTIONS = 3
"""The most connections of one run: for RTMP FFmpeg connects again to authenticate. Overflow: the connection is closed
at once.
"""


class Mute(Exception):
    """The server says nothing at all."""


class Relay:
    """A relay. `port` is the port at which it listens; `trouble` is why the server could not be reached, or that it led
    elsewhere.
    """

    def __init__(
        self,
        address: StreamAddress,
        allowed: Sequence[Network],
        *,
        here: str = "127.0.0.1",
        answer_s: float = SILENT_MS / 1_000,
    ) -> None:
        """`here`: the address of this machine at which it listens. `answer_s`: how long the server may say nothing."""
        self._here = here
        self._answer_s = answer_s
        self._address = address
        self._allowed = allowed
        self._connections: set[asyncio.Task[None]] = set()  # Bound: MOST_LINES in all.
        self._begun = 0
        self._ready: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.port = 0
        self.trouble: StreamFault | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listen while inside. The connection to the server is made first: raises StreamLost when that fails."""
        self._ready = await connect(self._address, self._allowed)
        try:
            server = await asyncio.start_server(self._accept, self._here, 0, limit=1 << 16)
        except BaseException as error:
            self._ready[1].transport.abort()
            if isinstance(error, OSError):
                raise StreamLost(StreamFault.BROKE) from None
            raise
        try:
            self.port = server.sockets[0].getsockname()[1]
            yield
        finally:
            server.close()
            connections = list(self._connections)
            for connection in connections:
                connection.cancel()
            if connections:
                await asyncio.wait(connections)
            if self._ready is not None:
                self._ready[1].transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._begun += 1
        me = asyncio.current_task()
        if self._begun > MOST_CONNECTIONS or me is None:
            writer.transport.abort()
            return
        self._connections.add(me)
        try:
            await self._carry(reader, writer)
        except asyncio.CancelledError:
            pass  # The relay is closed; asyncio's server would log the error.
        finally:
            self._connections.discard(me)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, self._ready = self._ready, None
        try:
            far_reader, far_writer = there or await connect(self._address, self._allowed)
        except StreamLost as lost:
            self.trouble = lost.trouble
            return
        try:
            through = RtspFilter() if self._address.fetching is Fetching.RTSP else None
            passing = [
                asyncio.ensure_future(_pass(reader, far_writer, None)),
                asyncio.ensure_future(_pass(far_reader, writer, through, self._answer_s)),
            ]
            try:
                await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for each in passing:
                    each.cancel()
                await asyncio.wait(passing)
            errors = [each.exception() for each in passing if not each.cancelled()]
            if any(isinstance(error, Misled) for error in errors):
                self.trouble = StreamFault.PRIVATE
            elif any(isinstance(error, Mute) for error in errors):
                self.trouble = StreamFault.SILENT
        finally:
            far_writer.transport.abort()


async def _pass(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    through: RtspFilter | None,
    answer_s: float | None = None,
) -> None:
    """Pass bytes from one side to the other until one of them ends; reading waits while the writer is full.

    Raises Misled, and Mute when nothing has come after `answer_s`.
    """
    with suppress(OSError):
        try:
            async with asyncio.timeout(answer_s):
                data = await reader.read(READ)
        except TimeoutError:
            raise Mute from None
        while data:
            writer.write(data if through is None else through.feed(data))
            await writer.drain()
            data = await reader.read(READ)
