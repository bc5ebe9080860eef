"""Reads the log for a fan-out while publications continue: whole feeds, and records that were never published.

Reading takes time, and turns of the fan-out meanwhile may or may not be in what was read. So recent turns are kept and
applied after the reading; a feed skips events that it has already.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence

from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import Clock, LogReading
from moothall.core.signals import AnySignal, StandIn
from moothall.services.reading.feed import DecodedRecord, FeedState

logger = logging.getLogger(__name__)

PAGE = 500
"""Records per read."""
RETRY_MS = 1_000
"""The delay before a failed read is retried."""
RECENT = 256
"""Turns kept for a feed that is being loaded; when more have passed, it reads the log again."""


class FeedLoader:
    """Loads feeds for one fan-out, which reports each turn here before it applies the turn to its feeds."""

    def __init__(
        self, *, session: SessionId, epoch: Epoch, offset: int, log: LogReading, clock: Clock, gapless: bool = True
    ) -> None:
        """Everything up to `offset` is in the log; the first turn is after it.

        `gapless`: whether the log's offsets have no gaps, so that a gap means records that were never published.
        """
        self._gapless = gapless
        self._session = session
        self._epoch = epoch
        self._offset = offset
        self._log = log
        self._clock = clock
        # Overflow: the oldest is dropped, and a feed that needs it reads the log again.
        self._recent: deque[Sequence[DecodedRecord]] = deque(maxlen=RECENT)
        self._turns = 0
        self._removals = 0
        """The number of turns with removed bodies."""
        self._signals: dict[str, AnySignal] = {}

    def take(self, entries: Sequence[DecodedRecord], signals: Sequence[AnySignal]) -> None:
        """Add the next turn: events that follow those before without a hole, and signals."""
        if entries:
            self._offset = entries[-1][0].header.offset
        if any(isinstance(event, BodyRemoved) for _, event in entries):
            # Removed text must not be kept here; a feed that is being loaded reads the log again.
            self._removals += 1
            self._recent.clear()
        self._recent.append(entries)
        self._turns += 1
        self._signals.update((signal.key, signal) for signal in signals)

    @property
    def signals(self) -> tuple[AnySignal, ...]:
        """The newest signal of each key."""
        return tuple(self._signals.values())

    def instead(self, channel: ChannelId) -> ChannelId | None:
        """The channel that readers of this one are sent to at the moment; else None."""
        signal = self._signals.get(StandIn(channel=channel, instead=None).key)
        return signal.instead if isinstance(signal, StandIn) else None

    async def load(self, feed: Feed) -> FeedState:
        """The feed with at least every turn so far. No await follows the last check, so the caller gets it before the
        next turn.

        Raises StorageUnavailable when the log can't be read, and RecordBroken when it is damaged.
        """
        state, removals = FeedState(self._session, self._epoch, feed), self._removals
        while True:
            if removals != self._removals:  # What was read so far may have been removed meanwhile.
                state, removals = FeedState(self._session, self._epoch, feed), self._removals
            turns = self._turns
            page = await self._log.read(self._session, state.view.offset, PAGE, state.lanes)
            sent = self._clock.wall()
            state.load(page, sent)
            missed = self._turns - turns
            if len(page) < PAGE and missed <= len(self._recent) and removals == self._removals:
                # The page contains all turns from before the read; the later ones are in `_recent`.
                for entries in list(self._recent)[len(self._recent) - missed :]:
                    state.advance(entries, (), sent)
                state.advance((), self.signals, sent)
                return state

    async def unpublished(self, before: int) -> list[DecodedRecord]:
        """The records between the last turn and offset `before`, which were stored but never published. Retries while
        the storage is unavailable.

        Raises RecordBroken, which ends the fan-out, when they aren't in the log.
        """
        found: list[DecodedRecord] = []
        while self._gapless and self._offset + len(found) + 1 < before:
            after = self._offset + len(found)
            try:
                page = await self._log.read(self._session, after, min(PAGE, before - 1 - after))
            except StorageUnavailable:
                logger.warning("session %s: the log can't be read after offset %d", self._session, after)
                await self._clock.sleep(RETRY_MS)
                continue
            if not page:
                where = f"The log of session {self._session}"
                raise RecordBroken(f"{where} has nothing after offset {after}, but {before} was published.")
            found += [(record, None if record.body is None else decode_event(record.body)) for record in page]
        return found
