"""A weak link between a hub and the server above it: a TCP proxy on loopback that is slow, distant, and breaks.

It models one link that all connections through it share: each direction sends a limited number of bits a second, one
piece after the other, and each piece arrives after a delay. A new connection costs a round trip before its first byte
is sent. Not modelled: packet loss and retransmission, the headers of IP and TCP, and slow start.

`cut` breaks connections as a router does that is switched off; `stall` lets nothing through without closing anything,
as when a phone is in a tunnel. `passed` counts the bytes on the socket in a direction, both sides' handshakes included.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from moothall.adapters.system.accepting import stop_accepting


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The quality of one direction of a link."""

    bits_per_s: int | None = None
    """None for as many as this machine can send."""
    delay_ms: int = 0
    """The delay from one end to the other."""
    piece: int = 1_400
    """The most bytes that arrive together."""
    held: int = 4 << 10
    """Bytes that wait at the link's beginning, as in a modem. Overflow: no more are read, and
    the sender's system waits.
    """


GOOD = Quality()
WEAK = Quality(bits_per_s=64_000, delay_ms=300)
"""64 kbit/s, and a round trip of 600 ms: the numbers of issue 7."""

PIECES_ON_THEIR_WAY = 256
"""Pieces under way on a connection without a limit of bits. Overflow: no more are read."""
RECEIVED_AHEAD = 8 << 10
"""Bytes that the system buffers for the proxy; with more of them a sender would believe that they have been sent."""
SEGMENT = 1_400
"""The segment size of TCP in bytes; otherwise loopback sends pieces larger than `RECEIVED_AHEAD`,
and waits long for room.
"""


class Timing:
    """Computes when bytes arrive that enter one direction of a link. Pure; times in s of any monotonic clock."""

    def __init__(self, quality: Quality) -> None:
        self.quality = quality
        self._free = 0.0
        """When the last bit that has entered will have been sent."""
        self._last = 0.0
        """When the last byte arrives."""

    def enters(self, now: float, size: int) -> float:
        """Return when `size` bytes that enter now arrive; never before bytes that entered earlier."""
        self._free = max(now, self._free) + self._takes(size)
        self._last = max(self._last, self._free + self.quality.delay_ms / 1_000)
        return self._last

    def full_for(self, now: float) -> float:
        """Return for how long nothing more fits in, in s; 0 while there is room."""
        return max(0.0, self._free - now - self._takes(self.quality.held))

    def postpone(self, seconds: float) -> None:
        """Delay everything under way by the seconds for which the link was stalled."""
        self._free += seconds
        self._last += seconds

    def _takes(self, size: int) -> float:
        return 0.0 if self.quality.bits_per_s is None else size * 8 / self.quality.bits_per_s


class Way:
    """One of a link's two directions."""

    def __init__(self, quality: Quality) -> None:
        self.passed = 0
        """Bytes that have arrived."""
        self._timing = Timing(quality)
        self._postponed = 0.0
        """Seconds for which it has been stalled in all."""
        self._stalled: float | None = None
        self._moves = asyncio.Event()
        self._moves.set()

    @property
    def quality(self) -> Quality:
        """The current quality."""
        return self._timing.quality

    def become(self, quality: Quality) -> None:
        """Change the quality from now on; bytes under way arrive as they would have."""
        self._timing.quality = quality

    def stall(self) -> None:
        """Let nothing through until `go_on`."""
        self._moves.clear()
        if self._stalled is None:
            self._stalled = asyncio.get_running_loop().time()

    def go_on(self) -> None:
        """End a stall; withheld bytes go first."""
        if self._stalled is not None:
            stood = asyncio.get_running_loop().time() - self._stalled
            self._postponed += stood
            self._timing.postpone(stood)
            self._stalled = None
        self._moves.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection's bytes, until it ends."""
        moving: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES_ON_THEIR_WAY)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take_in(reader, moving))
            group.create_task(self._deliver(moving, writer))

    async def _take_in(self, reader: asyncio.StreamReader, moving: asyncio.Queue[tuple[float, bytes]]) -> None:
        loop, data = asyncio.get_running_loop(), b"-"
        while data:
            data = await reader.read(self.quality.piece)
            await self._moves.wait()
            while full := self._timing.full_for(loop.time()):
                await asyncio.sleep(full)
                await self._moves.wait()
            await moving.put((self._timing.enters(loop.time(), len(data)) - self._postponed, data))

    async def _deliver(self, moving: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            due, data = await moving.get()
            await self.until(due)
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            self.passed += len(data)
            await writer.drain()

    async def until(self, due: float) -> None:
        """Wait until the moment `due`, put off by all stalls."""
        loop = asyncio.get_running_loop()
        await self._moves.wait()
        while (left := due + self._postponed - loop.time()) > 0:
            await asyncio.sleep(left)
            await self._moves.wait()

    def due_in(self, seconds: float) -> float:
        """Return the argument for `until` of a moment `seconds` from now."""
        return asyncio.get_running_loop().time() - self._postponed + seconds


class WeakLink:
    """Forwards connections to a port of this machine while it is up."""

    def __init__(self, port: int, up: Quality, down: Quality, host: str = "127.0.0.1") -> None:
        """`port`: of the server on this machine. `host`: at which the link listens."""
        self.host = host
        self.up = Way(up)
        """The direction from the dialling side."""
        self.down = Way(down)
        """The direction to the dialling side."""
        self.port = 0
        self.opened = 0
        """Connections so far that reached the other side."""
        self.dialled = 0.0
        """When the newest connection was opened, by the loop's time."""
        self._to = port
        self._is_up = True
        self._open: dict[asyncio.Task[object], asyncio.StreamWriter] = {}

    @property
    def address(self) -> str:
        """The address that a browser or a hub dials."""
        return f"http://{self.host}:{self.port}"

    @property
    def passed(self) -> int:
        """Bytes in both directions."""
        return self.up.passed + self.down.passed

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._open)

    def become(self, quality: Quality) -> None:
        """Change the quality of both directions from now on."""
        self.up.become(quality)
        self.down.become(quality)

    def cut(self) -> None:
        """Break every connection, and refuse new ones until mended. Bytes under way are lost."""
        self._is_up = False
        for task, writer in list(self._open.items()):
            writer.transport.abort()
            task.cancel()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_up = True

    def stall(self) -> None:
        """Let nothing through in either direction, without closing anything."""
        self.up.stall()
        self.down.stall()

    def go_on(self) -> None:
        """End a stall."""
        self.up.go_on()
        self.down.go_on()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        self.dialled = asyncio.get_running_loop().time()
        try:
            if self._is_up:
                await self._connect(reader, writer)
        except asyncio.CancelledError:
            pass  # Cut. The task returns normally, since Python 3.11 logs an error for a connection's cancelled task.
        finally:
            del self._open[task]
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.up.until(self.up.due_in((self.up.quality.delay_ms + self.down.quality.delay_ms) / 1_000))
        try:
            far_reader, far_writer = await _open(self._to)
        except OSError:
            return  # The server is down, which tests allow.
        self.opened += 1
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.up.carry(reader, far_writer))
                group.create_task(self.down.carry(far_reader, writer))
        except* OSError:
            pass  # One side has broken the connection; the other is closed too.
        finally:
            far_writer.transport.abort()

    async def ended(self) -> None:
        """Cut the link, and wait until all connections are closed."""
        self.cut()
        await asyncio.gather(*self._open, return_exceptions=True)


def _listening(host: str) -> socket.socket:
    ours = socket.create_server((host, 0))
    ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_AHEAD)  # Accepted sockets inherit it.
    return ours


async def _open(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    ours = socket.socket()
    try:
        ours.setblocking(False)
        ours.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_AHEAD)
        await asyncio.get_running_loop().sock_connect(ours, ("127.0.0.1", port))
        return await asyncio.open_connection(sock=ours, limit=SEGMENT)
    except BaseException:
        ours.close()
        raise


@asynccontextmanager
async def weak_link_to(
    port: int, quality: Quality = GOOD, *, up: Quality | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[WeakLink]:
    """Run a link to a server on this machine, with one quality in both directions, or with
    another one `up` to the server. `host`: at which it listens.
    """
    link = WeakLink(port, up or quality, quality, host)
    server = await asyncio.start_server(link.serve, sock=_listening(host), limit=SEGMENT)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        await stop_accepting(server.sockets)
        server.close()
        await link.ended()
