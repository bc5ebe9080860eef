"""One feed of a live session: its view, the recent frames for readers who resume, and its subscribers.

Nothing here awaits: nothing can be published between a reader's replay and its registration, so it misses nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Protocol

from moothall.core.chain import LogRecord
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.types import AnyEvent, BodyRemoved, ChannelKind
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.signals import AnySignal, ChannelState, Partial, Typing
from moothall.core.views.captions import CaptionsView
from moothall.wire.frames import (
    PULSE_MS,
    Format,
    Frame,
    Freshness,
    ReaderPulse,
    carry,
    events_frame,
    pulse_frame,
    signals_frame,
    snapshot_frame,
)
from moothall.wire.outbox import Outgoing, ReaderOutbox

RING_BYTES = 128 << 10
"""Bytes of JSON of the newest frames with events, which each feed keeps for readers who resume. Overflow: the oldest
frames are dropped, and a reader who lacks one of them gets a snapshot (ADR 57).
"""


DecodedRecord = tuple[LogRecord, AnyEvent | UnknownEvent | None]
"""A record and its decoded body; None once the body is removed."""


class Outlet(Protocol):
    """The sink of a reader's bytes: the subset of asyncio's transport that the fan-out uses, so that a transport fits.

    `write` never blocks and accepts all of the bytes.
    """

    def write(self, data: bytes) -> None:
        """Send bytes, or buffer them until they can be sent."""
        ...

    def get_write_buffer_size(self) -> int:
        """The number of buffered bytes."""
        ...

    def is_closing(self) -> bool:
        """Whether it is closed or closing."""
        ...

    def abort(self) -> None:
        """Close at once and drop the buffered bytes."""
        ...


class Subscription:
    """A reader in the fan-out. Whoever subscribed must pass it to `SessionFanout.unsubscribe` at the end."""

    __slots__ = ("aside", "feed", "form", "gone", "outbox", "outlet", "reader")

    def __init__(self, outlet: Outlet, feed: Feed, form: Format, reader: str = "", *, aside: bool = False) -> None:
        self.outlet = outlet
        self.aside = aside
        """Whether it isn't counted as a reader: the page of a microphone."""
        self.reader = reader
        """Id of a reader who may have two connections for a moment, and counts once; empty: counted by itself."""
        self.feed = feed
        self.form = form
        self.outbox: ReaderOutbox | None = None
        """The queue of a slow reader; None while the reader keeps up."""
        self.gone = False
        """Whether it was unsubscribed; a walk in progress skips it."""


class FeedState:
    """The state of one feed. `view.offset` is the log offset of the feed's newest event."""

    def __init__(self, session: SessionId, epoch: Epoch, feed: Feed) -> None:
        self.feed = feed
        self.lanes = feed.lanes
        self.view = CaptionsView.empty(session, epoch, feed)
        self.signals: dict[str, AnySignal] = {}
        """The newest signal of each key, empty ones too: they clear what an older frame of the ring may show."""
        self.sent_at: int | None = None
        """When a frame was last sent to its readers, monotonic ms; None before the first."""
        self.readers: dict[Format, dict[Subscription, None]] = {form: {} for form in Format}
        self._ring: list[Frame] = []
        self._ring_bytes = 0
        self._carried: dict[Format, list[bytes]] = {}
        self._snapshot: Frame | None = None

    @property
    def reader_count(self) -> int:
        """The number of readers; one who tries a new connection beside a silent one counts once."""
        return _people(each for each in self.all_readers() if not each.aside)

    @property
    def follower_count(self) -> int:
        """The number of subscribers, those `aside` included."""
        return _people(self.all_readers())

    def load(self, records: Sequence[LogRecord], sent: int) -> None:
        """Fold records of the feed's lanes, read from the log, and keep their frames for readers who resume.

        Raises RecordBroken when a body can't be read.
        """
        for record in records:
            event = None if record.body is None else decode_event(record.body)
            frame = events_frame((record,), self.view.offset, (), sent, self.view.epoch)
            self._fold(record, event)
            self._remember(frame)
            if isinstance(event, BodyRemoved):
                self._forget()

    def advance(self, entries: Sequence[DecodedRecord], signals: Sequence[AnySignal], sent: int) -> Frame | None:
        """Fold what was published and encode it as a frame; None when nothing of it belongs to the feed.

        Events at or before the view's offset were loaded from the log already and are skipped.
        """
        news = self._concerning(signals)
        fresh = [
            (record, event)
            for record, event in entries
            if record.header.lane in self.lanes and record.header.offset > self.view.offset
        ]
        if not fresh:
            return signals_frame(news, sent) if news else None
        frame = events_frame([record for record, _ in fresh], self.view.offset, news, sent, self.view.epoch)
        for record, event in fresh:
            self._fold(record, event)
        self._remember(frame)
        return frame

    def all_readers(self) -> list[Subscription]:
        """The subscribers of the feed, through every door."""
        return [reader for readers in self.readers.values() for reader in readers]

    def adopt(self, old: FeedState) -> None:
        """Take over the readers of the feed's previous state."""
        for reader in old.all_readers():
            if not reader.gone:
                self.readers[reader.form][reader] = None

    def snapshot(self, sent: int) -> Frame:
        """The frame for a reader who starts here, encoded once until the next event."""
        if self._snapshot is None:
            self._snapshot = snapshot_frame(self.view.snapshot(), sent)
        return self._snapshot

    def replay(self, offset: int, form: Format) -> bytes | None:
        """The frames with events after `offset`, joined; None when one of them is no longer kept."""
        if offset >= self.view.offset:
            return b""
        if not self._ring or offset < self._ring[0].prev:
            return None
        first = bisect_right(self._ring, offset, key=_end)
        carried = self._carried.get(form)
        if carried is None:
            carried = self._carried[form] = [carry(frame, form) for frame in self._ring]
        return b"".join(carried[first:])

    def moment(self, sent: int) -> Frame | None:
        """A frame of the current signals, for a reader who has just subscribed; None when there are none."""
        return signals_frame(tuple(self.signals.values()), sent) if self.signals else None

    def pulse(self, source: Freshness, sent: int) -> Frame:
        """The pulse for readers to whom nothing else was sent lately."""
        told = ReaderPulse(head=self.view.offset, age=source.age, every=PULSE_MS, lost=source.lost)
        return pulse_frame(told, sent)

    def outgoing(self, frame: Frame) -> list[tuple[Outgoing, list[Subscription]]]:
        """The frame's bytes for each door that has readers, with a copy of the list of its readers."""
        return [
            (Outgoing(carry(frame, form), frame.events, frame.keys, frame.snapshot, frame.pulse), list(readers))
            for form, readers in self.readers.items()
            if readers
        ]

    def _concerning(self, signals: Sequence[AnySignal]) -> tuple[AnySignal, ...]:
        """The newest signal per key of those that belong to the feed: partial text only goes to feeds of words."""
        newest: dict[str, AnySignal] = {}
        for signal in signals:
            own = signal.channel == self.feed.channel and (self.feed.live or not isinstance(signal, Partial | Typing))
            if own or (isinstance(signal, ChannelState) and self._made_from(signal.channel)):
                newest[signal.key] = signal
        self.signals.update(newest)
        return tuple(newest.values())

    def _made_from(self, channel: ChannelId) -> bool:
        """Whether this feed is a translation of that channel, and so has its delays and silences."""
        channels = self.view.session.channels
        own, other = channels.get(self.feed.channel), channels.get(channel)
        if own is None or other is None:
            return False
        return own.kind is ChannelKind.TRANSLATION and other.kind is ChannelKind.FLOOR

    def _fold(self, record: LogRecord, event: AnyEvent | UnknownEvent | None) -> None:
        header = record.header
        self.view = self.view.apply(header.offset, header.role, event)
        self._snapshot = None

    def _forget(self) -> None:
        """Drop all frames, so that a reader with an earlier position gets a snapshot."""
        self._ring.clear()
        self._ring_bytes = 0
        self._carried.clear()
        self._snapshot = None

    def _remember(self, frame: Frame) -> None:
        self._ring.append(frame)
        self._ring_bytes += len(frame.json)
        for form, carried in self._carried.items():
            carried.append(carry(frame, form))
        # Trimmed only at a quarter above the limit, so that the cost is spread over many frames.
        if self._ring_bytes > RING_BYTES + RING_BYTES // 4:
            surplus = 0
            while self._ring_bytes > RING_BYTES:
                self._ring_bytes -= len(self._ring[surplus].json)
                surplus += 1
            del self._ring[:surplus]
            for carried in self._carried.values():
                del carried[:surplus]


def _end(frame: Frame) -> int:
    return 0 if frame.position is None else frame.position.offset


def _people(some: Iterable[Subscription]) -> int:
    named: set[str] = set()
    unnamed = 0
    for each in some:
        named.add(each.reader)
        unnamed += not each.reader
    return len(named - {""}) + unnamed
