"""A reader's connection after the web server has answered: it leaves the web server, and from then on only the fan-out
writes to it.

aiohttp keeps a task, a request, a parser and their buffers for as long as an answer lasts: half of a reader's memory.
None of them is needed after the headers: the fan-out writes encoded frames directly to the transport, and a reader
sends hardly anything.
"""

from __future__ import annotations

import asyncio

from moothall.adapters.http.taking import hand_over
from moothall.adapters.reading.reader_routes import ReaderPresence, ReaderRequest, let_go
from moothall.core.kernel.errors import Refusal
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import Subscription
from moothall.wire.frames import Format


class ReaderConnection(asyncio.Protocol):
    """One reader's connection at a door. `take` detaches it from the web server."""

    __slots__ = ("_fanout", "_presence", "_subscription", "form", "there", "transport")

    def __init__(
        self, there: dict[ReaderConnection, None], transport: asyncio.Transport, presence: ReaderPresence, form: Format
    ) -> None:
        """`there`: the set of the door's connections. It contains this connection from `take` on until the connection
        is lost.
        """
        self.there = there
        self.transport = transport
        self.form = form
        self._presence = presence
        self._fanout: SessionFanout | None = None
        self._subscription: Subscription | None = None

    def take(self) -> bool:
        """Take the connection from the web server; return False when it is closing: then the web server keeps it."""
        if not hand_over(self.transport, self):
            return False
        self._presence.stays = True
        self.there[self] = None
        return True

    async def follow(self, reading: ReaderRequest) -> bool:
        """Have the fan-out write to this connection until `stop`, or until it is lost; return False when the session
        has no such text.

        Raises what `ReaderRequest.subscribe` raises, after it has aborted the connection.
        """
        try:
            subscription = await reading.subscribe(self.transport, self.form)
        except BaseException:
            self.transport.abort()
            raise
        if isinstance(subscription, Refusal):
            return False
        self._fanout, self._subscription = reading.fanout, subscription
        if self not in self.there:
            self.stop()
        return True

    def stop(self) -> None:
        """Unsubscribe from the fan-out, which then writes nothing more. May be called repeatedly."""
        if self._fanout is not None and self._subscription is not None:
            self._fanout.unsubscribe(self._subscription)
        self._fanout = self._subscription = None

    def end(self, last: bytes) -> None:
        """Send `last`, then close the connection; abort it at once when it is stalled."""
        self.stop()
        if not let_go(self.transport):
            self.transport.write(last)
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Leave the door's set and release the reader's slot. asyncio calls this."""
        del self.there[self]
        self.stop()
        self._presence.leave()
