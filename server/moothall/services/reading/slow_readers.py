"""The readers of a session that don't keep up: each has an outbox until it does, and is cut when the outbox is full."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Clock
from moothall.services.metrics.measures import Measures
from moothall.services.reading.feed import Subscription
from moothall.services.supervision.supervising import note_failure
from moothall.wire.outbox import Outgoing, ReaderOutbox

logger = logging.getLogger(__name__)

SWEEP_MS = 50
"""How often slow readers' outboxes are tried again."""


class SlowReaders:
    """The slow readers of one fan-out, which must keep `sweep` running."""

    def __init__(
        self,
        session: SessionId,
        clock: Clock,
        unsubscribe: Callable[[Subscription], None],
        measures: Measures | None = None,
    ) -> None:
        self._session = session
        self._measures = measures or Measures(clock)
        self._clock = clock
        self.unsubscribe = unsubscribe
        # Bound: all readers; each outbox has a bound of its own.
        self._slow: dict[Subscription, None] = {}
        self._lagging = asyncio.Event()

    def __len__(self) -> int:
        """The number of readers that have an outbox."""
        return len(self._slow)

    @property
    def size(self) -> int:
        """The number of bytes in their outboxes."""
        return sum(each.outbox.size for each in self._slow if each.outbox is not None)

    def forget(self, reader: Subscription) -> None:
        """Drop a reader that was unsubscribed. May be repeated."""
        self._slow.pop(reader, None)

    def offer(self, reader: Subscription, outgoing: Outgoing) -> None:
        """Send or queue bytes for a reader whose outlet may have no buffer space."""
        outbox = reader.outbox
        if outbox is None:
            outbox = reader.outbox = ReaderOutbox()
            self._slow[reader] = None
            self._lagging.set()
        self._send(reader, outbox, outbox.offer(outgoing, reader.outlet.get_write_buffer_size()))

    def release(self, reader: Subscription) -> None:
        """Send queued bytes as far as the outlet has buffer space."""
        if reader.outlet.is_closing():
            self.unsubscribe(reader)
        elif reader.outbox is not None:
            self._send(reader, reader.outbox, reader.outbox.release(reader.outlet.get_write_buffer_size()))

    def drop(self, reader: Subscription, error: Exception) -> None:
        """Cut a reader whose outlet failed; it may reconnect and resume from its position."""
        self._measures.cut["failed"] += 1
        note_failure(error, f"session {self._session}: a reader of feed {reader.feed.name} is disconnected")
        self.unsubscribe(reader)
        with suppress(Exception):
            reader.outlet.abort()

    async def sweep(self) -> None:
        """Call `release` for each slow reader regularly, until cancelled; sleeps while there are none."""
        while True:
            await self._lagging.wait()
            await self._clock.sleep(SWEEP_MS)
            for reader in list(self._slow):
                try:
                    self.release(reader)
                except Exception as error:  # a failing outlet must not affect other readers
                    self.drop(reader, error)
            if not self._slow:
                self._lagging.clear()

    def _send(self, reader: Subscription, outbox: ReaderOutbox, data: bytes) -> None:
        self._measures.conflated += outbox.take_replaced()
        if outbox.overflown:
            self._measures.cut["slow"] += 1
            logger.info(
                "session %s: a reader of feed %s was too slow and is disconnected", self._session, reader.feed.name
            )
            self.unsubscribe(reader)
            reader.outlet.abort()
        elif data:
            reader.outbox = None
            self._slow.pop(reader, None)
            reader.outlet.write(data)
