"""The span of a session that arrived late, so that its readers can be told "you missed 7 minutes" and led there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import SegmentEnded, SegmentOpened
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import channel_lane
from moothall.core.ports import Book, BookEntry
from moothall_hub.uplink.status_bar import MISSED_MS, Missed

NAMESPACE = "missed"


class _Gathering(msgspec.Struct):
    worth: bool
    """Whether there were readers who missed it; False where the session is fetched for the first time."""
    begin: int | None = None
    end: int = 0


class MissedSpans:
    """The last missed span of each session, in memory and in the book. Make it with `load`."""

    def __init__(self, book: Book, spans: dict[SessionId, Missed]) -> None:
        self._book = book
        # Both dicts are bounded by the sessions that are copied.
        self._spans = spans
        self._gathering: dict[SessionId, _Gathering] = {}

    @classmethod
    async def load(cls, book: Book) -> MissedSpans:
        """Read the book; raises StorageUnavailable."""
        kept = await book.read(NAMESPACE)
        return cls(book, {SessionId(name): msgspec.json.decode(body, type=Missed) for name, body in kept.items()})

    def of(self, session: SessionId) -> Missed | None:
        """The last span of a session that arrived late, once it is complete; None when there is none."""
        return self._spans.get(session)

    def begin(self, session: SessionId, *, worth: bool) -> None:
        """Note that the copy has a hole. `worth`: whether readers are to be told of what is missed in it."""
        known = self._gathering.get(session)
        # An uplink that is cut again before everything was fetched leaves one hole, not two.
        self._gathering[session] = _Gathering(worth=worth) if known is None else known

    def add(self, session: SessionId, records: Iterable[LogRecord], channels: Iterable[ChannelId]) -> None:
        """Add events that arrived late. Only lines of `channels` count."""
        gathering = self._gathering.get(session)
        lanes = set(map(channel_lane, channels))
        if gathering is None or not gathering.worth:
            return
        for record in records:
            if record.header.lane not in lanes or record.body is None:
                continue
            try:
                event = decode_event(record.body)
            except RecordBroken:
                continue  # The code that folds this event reports the error.
            if isinstance(event, SegmentOpened | SegmentEnded):
                t = event.t0 if isinstance(event, SegmentOpened) else event.t1
                gathering.begin = t if gathering.begin is None else min(gathering.begin, t)
                gathering.end = max(gathering.end, t)

    async def end(self, session: SessionId) -> None:
        """Note that the hole is filled, and store its span.

        Raises StorageUnavailable; then readers are told of the span only until the next start.
        """
        gathering = self._gathering.pop(session, None)
        if gathering is None or gathering.begin is None or gathering.end - gathering.begin < MISSED_MS:
            return
        span = Missed(begin=gathering.begin, end=gathering.end)
        self._spans[session] = span
        await self._book.write([BookEntry(NAMESPACE, session, msgspec.json.encode(span))])
