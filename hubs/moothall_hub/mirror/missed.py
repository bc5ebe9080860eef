"""Which span of a session came late: so that its readers can be told "you missed 7 minutes", and led there."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import SegmentEnded, SegmentOpened
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.lanes import channel_lane
from moothall.core.ports import Book, BookEntry
from moothall_hub.uplink.status_bar import MISSED_MS, Missed

NAMESPACE = "missed"


class _Gathering(msgspec.Struct):
    worth: bool
    """Whether there were readers to miss it: not where the session is fetched for the first time."""
    begin: int | None = None
    end: int = 0


class MissedSpans:
    """The last one of each session, in memory and in the book. Make it with `load`."""

    def __init__(self, book: Book, spans: dict[SessionId, Missed]) -> None:
        self._book = book
        # Both are bounded by the sessions of which there are copies.
        self._spans = spans
        self._gathering: dict[SessionId, _Gathering] = {}

    @classmethod
    async def load(cls, book: Book) -> MissedSpans:
        """Read the book; raises StorageUnavailable."""
        kept = await book.read(NAMESPACE)
        return cls(book, {SessionId(name): msgspec.json.decode(body, type=Missed) for name, body in kept.items()})

    def of(self, session: SessionId) -> Missed | None:
        """The last span of a session that came late, once all of it is there."""
        return self._spans.get(session)

    def begin(self, session: SessionId, *, worth: bool) -> None:
        """There is a hole now. `worth`: whether what is in it has to be told of."""
        known = self._gathering.get(session)
        # A line that is cut again before all was there leaves one hole, not two.
        self._gathering[session] = _Gathering(worth=worth) if known is None else known

    def add(self, session: SessionId, records: Iterable[LogRecord], channels: Iterable[ChannelId]) -> None:
        """Events that came late; lines of `channels` count."""
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
                continue  # Whoever folds it says so.
            if isinstance(event, SegmentOpened | SegmentEnded):
                t = event.t0 if isinstance(event, SegmentOpened) else event.t1
                gathering.begin = t if gathering.begin is None else min(gathering.begin, t)
                gathering.end = max(gathering.end, t)

    async def end(self, session: SessionId) -> None:
        """All of it is there. Raises StorageUnavailable; then it is not told of after the next start."""
        gathering = self._gathering.pop(session, None)
        if gathering is None or gathering.begin is None or gathering.end - gathering.begin < MISSED_MS:
            return
        span = Missed(begin=gathering.begin, end=gathering.end)
        self._spans[session] = span
        await self._book.write([BookEntry(NAMESPACE, session, msgspec.json.encode(span))])
