"""A reader's connection once the web server has answered: it leaves the web server, and is the fan-out's alone.

aiohttp keeps a task, a request, a parser and their buffers for as long as an answer lasts: half of what a reader took.
None of them is needed any more: what comes later is written to the transport, ready to be sent, and hardly anything is
read.
"""

from __future__ import annotations

import asyncio

from moothall.adapters.http.taking import hand_over
from moothall.adapters.reading.reader_routes import Presence, ReaderRequest, let_go
from moothall.core.kernel.errors import Refusal
from moothall.services.readers.fanout import SessionFanout
from moothall.services.readers.feed import Subscription
from moothall.wire.frames import Format


class ReaderConnection(asyncio.Protocol):
    """One of a door's. `take` takes it from the web server."""

    __slots__ = ("_fanout", "_presence", "_subscription", "form", "there", "transport")

    def __init__(
        self, there: dict[ReaderConnection, None], transport: asyncio.Transport, presence: Presence, form: Format
    ) -> None:
        """`there`: the connections of its door. It is one of them from `take` on until it is gone."""
        self.there = there
        self.transport = transport
        self.form = form
        self._presence = presence
        self._fanout: SessionFanout | None = None
        self._subscription: Subscription | None = None

    def take(self) -> bool:
        """Take the connection from the web server; False when it is closing: then it stays there."""
        if not hand_over(self.transport, self):
            return False
        self._presence.stays = True
        self.there[self] = None
        return True

    async def follow(self, reading: ReaderRequest) -> bool:
        """Have the fan-out write to it until `stop`, or until it is gone; False when the session has no such text.

        Raises as `ReaderRequest.subscribe`; then it is cut.
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
        """Nothing more comes from the fan-out. May be repeated."""
        if self._fanout is not None and self._subscription is not None:
            self._fanout.unsubscribe(self._subscription)
        self._fanout = self._subscription = None

    def end(self, last: bytes) -> None:
        """Close it behind `last`; one that stalls is cut."""
        self.stop()
        if not let_go(self.transport):
            self.transport.write(last)
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone (asyncio)."""
        del self.there[self]
        self.stop()
        self._presence.leave()
