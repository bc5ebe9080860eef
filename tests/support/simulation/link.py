"""A link between a hub and the server above it in memory, for simulations on a loop whose time jumps.

Frames take the time that a `weak_line.Quality` gives them. A link can be *cut*: both ends learn of it at once, and
frames under way are lost. It can *die*: neither end learns of it, nothing arrives any more, and whatever is sent is
lost, until an end gives up. Or an end closes it; the other learns of that after all frames sent before.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as hub
from support.links.weak_link import Quality, Timing

FRAME_HEADER = 8
"""Bytes that a frame has in addition to its payload: up to 4 of WebSocket and 4 of its mask."""
SENT_AHEAD = 16 << 10
"""Bytes that the sender's system buffers before it makes the sender wait."""


class Closed(msgspec.Struct, frozen=True):
    """How a link ended."""

    code: CloseCode
    reason: str = ""


BROKEN = Closed(CloseCode.ABNORMAL)


class _Way:
    """The frames in one direction."""

    def __init__(self, quality: Quality) -> None:
        self.bytes = 0
        """Bytes that were sent, frame headers included."""
        self._timing = Timing(quality)
        self._coming: deque[tuple[float, int, bytes | Closed]] = deque()
        self._changed = asyncio.Event()
        self._lost = 0
        self._dead = False
        self._end: Closed | None = None

    async def put(self, frame: bytes) -> None:
        """Send a frame, after waiting while too much is queued; does nothing if the direction has ended."""
        size = len(frame) + FRAME_HEADER
        while self._end is None and (self._lost if self._dead else self._waiting()) > SENT_AHEAD:
            await self._news(None)  # until the other side has taken some of it
        if self._end is not None:
            return
        self.bytes += size
        if self._dead:
            self._lost += size
        else:
            self._arrives(size, frame)

    async def get(self) -> bytes | Closed:
        """Wait for the next frame; returns it, or how the link ended."""
        while self._end is None:
            due = self._coming[0][0] - asyncio.get_running_loop().time() if self._coming else None
            if due is not None and due <= 0:
                _, _, frame = self._coming.popleft()
                self._tell()
                if isinstance(frame, bytes):
                    return frame
                self._end = frame
                break
            await self._news(due)
        return self._end

    def say_last(self, closed: Closed) -> None:
        """Close the direction after everything sent before."""
        if not self._dead and self._end is None:
            self._arrives(FRAME_HEADER, closed)

    def end(self, closed: Closed) -> None:
        """End the direction; frames under way are lost."""
        self._coming.clear()
        self._end = self._end or closed
        self._tell()

    def die(self) -> None:
        """Let nothing arrive any more."""
        self._coming.clear()
        self._dead = True

    def _arrives(self, size: int, frame: bytes | Closed) -> None:
        self._coming.append((self._timing.enters(asyncio.get_running_loop().time(), size), size, frame))
        self._tell()

    def _waiting(self) -> int:
        return sum(size for _, size, _ in self._coming)

    async def _news(self, seconds: float | None) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _tell(self) -> None:
        self._changed.set()


class SimulatedLink:
    """One connection, by its two ends."""

    def __init__(self, up: Quality, down: Quality) -> None:
        self._up, self._down = _Way(up), _Way(down)
        self.below = BelowEnd(self._down, self._up)
        self.above = AboveEnd(self._down, self._up)

    @property
    def bytes(self) -> int:
        """Bytes in both directions."""
        return self._up.bytes + self._down.bytes

    def cut(self) -> None:
        """Cut the link; both ends learn of it at once."""
        self._up.end(BROKEN)
        self._down.end(BROKEN)

    def die(self) -> None:
        """Let the link die; neither end learns of it."""
        self._up.die()
        self._down.die()


class BelowEnd:
    """The hub's end, which handles frames."""

    def __init__(self, down: _Way, up: _Way) -> None:
        self._down = down
        self._up = up

    async def receive(self) -> bytes | Closed:
        """Wait for the next frame; returns it, or how the link ended."""
        return await self._down.get()

    async def send(self, frame: bytes) -> None:
        """Send a frame, after waiting while the link is full; does nothing when it has ended."""
        await self._up.put(frame)

    def close(self, code: CloseCode = CloseCode.NORMAL, reason: str = "") -> None:
        """Close the link; the other side learns of it after all frames sent before."""
        self._up.say_last(Closed(code, reason))
        self._down.end(Closed(code, reason))

    def abort(self) -> None:
        """End the link as when the process dies: its system closes the connection."""
        self._up.say_last(BROKEN)
        self._down.end(BROKEN)

    @property
    def bytes_sent(self) -> int:
        """Bytes sent, frame headers included."""
        return self._up.bytes

    @property
    def bytes_received(self) -> int:
        """Bytes sent to this end, frame headers and frames under way included."""
        return self._down.bytes


class AboveEnd:
    """The server's end, which handles messages: a `moothall.services.hubs.ports.HubConnection`."""

    def __init__(self, down: _Way, up: _Way) -> None:
        self._down = down
        self._up = up

    async def receive(self) -> hub.FromHub | None:
        """Return the next message; None when the link has ended. Raises ProtocolError."""
        frame = await self._up.get()
        return hub.decode_from_hub(frame) if isinstance(frame, bytes) else None

    async def send(self, message: hub.ToHub) -> None:
        """Send a message, after waiting while the link is full; does nothing when it has ended."""
        await self._down.put(hub.encode(message))

    async def close(self, code: CloseCode, reason: str) -> None:
        """Close the link with a code and a reason."""
        self._down.say_last(Closed(code, reason))
        self._up.end(Closed(code, reason))

    def abort(self) -> None:
        """End the link as when the process dies: its system closes the connection."""
        self._down.say_last(BROKEN)
        self._up.end(BROKEN)

    @property
    def bytes_sent(self) -> int:
        """Bytes sent, frame headers included."""
        return self._down.bytes

    @property
    def bytes_received(self) -> int:
        """Bytes sent to this end, frame headers and frames under way included."""
        return self._up.bytes
