"""What a fan-out reads from the log while publications go on: whole feeds, and records that were never published.

Reading waits, and what is taken up meanwhile may or may not be in what was read. So the last turns are kept: they
are laid over it, and a feed passes over what it has.
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
from moothall.services.readers.feed import Entry, FeedState

logger = logging.getLogger(__name__)

PAGE = 500
"""Records read from the log at once."""
RETRY_MS = 1_000
"""How long to wait when the log can't be read."""
RECENT = 256
"""Turns kept for a feed that is just being loaded from the log; it reads again when more have passed."""


class FeedLoader:
    """Loads feeds for one fan-out, which reports each turn here before it applies the turn to its feeds."""

    def __init__(
        self, *, session: SessionId, epoch: Epoch, offset: int, log: LogReading, clock: Clock, gapless: bool = True
    ) -> None:
        """Everything up to `offset` is in the log, and what is taken up begins behind it.

        `gapless`: whether the log's offsets run without gaps, so that one shows what was never published.
        """
        self._gapless = gapless
        self._session = session
        self._epoch = epoch
        self._offset = offset
        self._log = log
        self._clock = clock
        # Overflow: the oldest is forgotten, and a feed that would have needed it reads the log again.
        self._recent: deque[Sequence[Entry]] = deque(maxlen=RECENT)
        self._turns = 0
        self._removals = 0
        """Turns in which bodies were removed."""
        self._signals: dict[str, AnySignal] = {}

    def take(self, entries: Sequence[Entry], signals: Sequence[AnySignal]) -> None:
        """The next turn: events without a hole behind those before, and signals."""
        if entries:
            self._offset = entries[-1][0].header.offset
        if any(isinstance(event, BodyRemoved) for _, event in entries):
            # Nothing that may be gone is kept here; who needs it reads the log.
            self._removals += 1
            self._recent.clear()
        self._recent.append(entries)
        self._turns += 1
        self._signals.update((signal.key, signal) for signal in signals)

    @property
    def signals(self) -> tuple[AnySignal, ...]:
        """The newest of each key."""
        return tuple(self._signals.values())

    def instead(self, channel: ChannelId) -> ChannelId | None:
        """The text that readers of this one are sent to at the moment."""
        signal = self._signals.get(StandIn(channel=channel, instead=None).key)
        return signal.instead if isinstance(signal, StandIn) else None

    async def load(self, feed: Feed) -> FeedState:
        """The feed as it stands after every turn so far, and maybe some more; no turn can come before it is returned.

        Raises StorageUnavailable when the log can't be read, RecordBroken when it holds what can't be.
        """
        state, removals = FeedState(self._session, self._epoch, feed), self._removals
        while True:
            if removals != self._removals:  # What has been read so far may be gone meanwhile.
                state, removals = FeedState(self._session, self._epoch, feed), self._removals
            turns = self._turns
            page = await self._log.read(self._session, state.view.offset, PAGE, state.lanes)
            sent = self._clock.wall()
            state.load(page, sent)
            missed = self._turns - turns
            if len(page) < PAGE and missed <= len(self._recent) and removals == self._removals:
                # The page reaches at least to what had been taken up before it was read; the rest is at hand.
                for entries in list(self._recent)[len(self._recent) - missed :]:
                    state.advance(entries, (), sent)
                state.advance((), self.signals, sent)
                return state

    async def unpublished(self, before: int) -> list[Entry]:
        """What was stored between the last turn and offset `before` but never published; waits for a log that is away.

        Raises RecordBroken, which ends the fan-out, when it isn't in the log.
        """
        found: list[Entry] = []
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
