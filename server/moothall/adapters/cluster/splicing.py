"""Two connections as one: what comes from one side goes to the other as it is, at the pace of the slower.

So a WebSocket passes through a node without being read. What is under way is bounded: a side is not read while the
other has more than `MOST_UNSENT` to send. Each side may say that it sends no more and still listen, for `HALF_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from moothall.adapters.http.taking import hand_over

MOST_UNSENT = 64 << 10
"""Bytes to be sent to a side from which on the other isn't read; what is read at once comes on top (256 KiB)."""
HALF_S = 30.0
"""How long one side may go on when the other has ended, what it still has to be sent included."""


class Splice:
    """Both connections, until both are gone."""

    def __init__(self, ended: Callable[[], object], *, half_s: float = HALF_S) -> None:
        """`ended`: called once, when both are gone; `half_s`: see HALF_S."""
        self._ended = ended
        self._half_s = half_s
        self._sides: list[_Side] = []
        self._late: asyncio.TimerHandle | None = None

    def begin(self, visitor: asyncio.Transport, keeper: asyncio.Transport, first: bytes) -> bool:
        """Take the visitor's connection from the web server, and send `first`, which the keeper has sent already.

        False where the visitor is gone: then nothing is taken, and `ended` isn't called.
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
        """End both at once."""
        for side in list(self._sides):
            side.transport.abort()

    def half(self) -> None:
        """For the sides alone: one has ended, and the other has to soon."""
        if self._late is None:
            self._late = asyncio.get_running_loop().call_later(self._half_s, self.abort)

    def gone(self, side: _Side) -> None:
        """For the sides alone: its connection is gone."""
        self._sides.remove(side)
        if self._sides:
            self.half()
            side.other.transport.close()  # Behind what it still has to send.
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
        """It sends no more. TLS knows no such state: there the connection is over."""
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
