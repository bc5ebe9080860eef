"""Two TCP connections joined into one: bytes from each side go to the other unchanged, at the pace of the slower side.

A WebSocket passes through a node in this way without being parsed. Buffering is bounded: a side is not read while the
other has more than `MOST_UNSENT` bytes to send. Each side may close its sending direction (half-close) and still
receive, for `HALF_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.adapters.http.taking import hand_over

MOST_UNSENT = 64 << 10
"""Bytes waiting to be sent to one side above which the other side isn't read; one read may add up to 256 KiB."""
HALF_S = 30.0
"""How long, in s, one side may stay open after the other has ended, including the time to send what is buffered."""


class Splice:
    """The pair of connections, until both are closed."""

    def __init__(self, ended: Callable[[], object], *, half_s: float = HALF_S) -> None:
        """`ended`: called once, when both connections are closed; `half_s`: see HALF_S."""
        self._ended = ended
        self._half_s = half_s
        self._sides: list[_Side] = []
        self._late: asyncio.TimerHandle | None = None

    def begin(self, visitor: asyncio.Transport, keeper: asyncio.Transport, first: bytes) -> bool:
        """Take the visitor's connection over from the web server, and send it `first`, the bytes already received from
        the keeper.

        Returns False where either connection is closed: then nothing is taken over, and `ended` isn't called.
        """
        ours, theirs = _Side(self, visitor), _Side(self, keeper)
        ours.other, theirs.other = theirs, ours
        if keeper.is_closing() or not hand_over(visitor, ours):
            return False
        self._sides = [ours, theirs]
        keeper.set_protocol(theirs)
        for transport in (visitor, keeper):
            transport.set_write_buffer_limits(high=MOST_UNSENT)
            transport.resume_reading()
        if first:
            visitor.write(first)
        return True

    def abort(self) -> None:
        """Close both connections at once."""
        for side in list(self._sides):
            side.transport.abort()

    def half(self) -> None:
        """Start the time limit for the other side. Called only by the sides."""
        if self._late is None:
            self._late = asyncio.get_running_loop().call_later(self._half_s, self.abort)

    def gone(self, side: _Side) -> None:
        """Note that a side's connection is closed, and close the other. Called only by the sides."""
        self._sides.remove(side)
        if self._sides:
            self.half()
            side.other.transport.close()  # It first sends what is buffered.
            return
        if self._late is not None:
            self._late.cancel()
        self._ended()


class _Side(asyncio.Protocol):
    __slots__ = ("_ended", "_splice", "other", "transport")

    other: _Side

    def __init__(self, splice: Splice, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._splice = splice
        self._ended = False

    def data_received(self, data: bytes) -> None:
        self.other.transport.write(data)

    def pause_writing(self) -> None:
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self.other.transport.resume_reading()

    def eof_received(self) -> bool:
        """Half-close the other side. TLS has no half-closed state, so there both connections end."""
        self._ended = True
        if self.other._ended or not (self.transport.can_write_eof() and self.other.transport.can_write_eof()):
            self.transport.close()
            self.other.transport.close()
            return False
        self.other.transport.write_eof()
        self._splice.half()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        self._splice.gone(self)
