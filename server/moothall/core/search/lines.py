"""The lines of a session that can be found: the fold of its log for the index.

Only public lanes are folded, and of them only finished lines. The lines are those of `CaptionsView`, so that a find
can't differ from what was shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from moothall.core.chain import Header, LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import SESSION, Feed, channel_lane
from moothall.core.translation.lines import line_of
from moothall.core.views.captions import CaptionsView, Line, Session


class Shelf(StrEnum):
    """For whom a session can be found. Each shelf has a file of its own, so that nothing of one shows in another."""

    PUBLIC = "public"
    """Everybody, as public lists name it."""
    LINK = "link"
    """Whoever has a link for it; also a public session that no list names."""
    STAFF = "staff"
    """The staff."""


class FoundBy(StrEnum):
    """How a line came to be written, as visitors choose among finds."""

    PERSON = "person"
    """A person wrote or corrected it: a captioner, an interpreter, the speaker."""
    MACHINE = "machine"
    """A machine recognised it."""
    TRANSLATION = "translation"
    """A machine translated it."""
    IMPORTED = "imported"
    """It was imported from a file that doesn't say how it was written."""


class Strand(NamedTuple):
    """What lines of a session may have in common: finds are chosen and counted by it."""

    channel: ChannelId
    language: str
    """BCP-47 tag."""
    source: FoundBy
    speaker: SpeakerId | None


class SearchLine(msgspec.Struct, frozen=True):
    """A finished line."""

    segment: SegmentId
    strand: Strand
    offset: int
    """Offset of the event that has the whole of its present text."""
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    text: str


class SearchFold:
    """The fold of a session's public lanes. A fold that met a removal has to be begun anew: it may hold what was
    removed.
    """

    def __init__(self, session: SessionId, epoch: Epoch) -> None:
        self.epoch = epoch
        self.offset = 0
        """Offset of the last event that was folded."""
        self.digest = ""
        """The chain's digest at the log's end, once the log was folded to there."""
        self.listed = True
        """Whether public lists may name the session."""
        self._state = CaptionsView.empty(session, epoch, Feed(ChannelId("")))
        self.touched: set[SegmentId] | None = None
        """The lines that may have changed since `settle` was called; None before that: all of them."""
        # Bound: the session's channels, and its lines.
        self._views: dict[ChannelId, CaptionsView] = {}
        self._texts: dict[SegmentId, int] = {}

    @property
    def session(self) -> Session:
        """The session as readers see it."""
        return self._state.session

    @property
    def shelf(self) -> Shelf | None:
        """For whom it can be found; None for a rehearsal, and before the session was made."""
        session = self.session
        if session.rehearsal or not session.channels:
            return None
        if session.access is ev.Access.PUBLIC:
            return Shelf.PUBLIC if self.listed else Shelf.LINK
        return Shelf.LINK if session.access is ev.Access.LINK else Shelf.STAFF

    def take(self, records: Sequence[LogRecord]) -> int:
        """Fold the next records. Returns the offset of the last one that says that bodies were removed; 0 for none.

        Raises RecordBroken when a body can't be decoded.
        """
        removed = 0
        for record in records:
            header = record.header
            self.offset = max(self.offset, header.offset)
            if record.body is None:
                continue
            event = decode_event(record.body)
            if isinstance(event, ev.BodyRemoved):
                removed = header.offset
            if isinstance(event, le.ChannelEvent):
                self._apply(event.channel, header, event)
                if isinstance(event, le.SegmentEnded | le.SegmentCorrected):
                    self._texts[event.segment] = header.offset
                self._touch(_segments(event))
                continue
            self._state = self._state.apply(header.offset, header.role, event)
            if isinstance(event, ev.ChannelAdded) and event.channel not in self._views:
                empty = CaptionsView.empty(self.session.id, self.epoch, Feed(event.channel, live=False))
                self._views[event.channel] = empty
            elif isinstance(event, ev.SessionArranged):
                self.listed = event.listed
            elif isinstance(event, ev.SpeakerAssigned):
                for channel in self._views:
                    self._apply(channel, header, event)
                    self._touch(line_of(segment, channel) for segment in event.segments)
                self._touch(event.segments)
        return removed

    def lines(self, only: Collection[SegmentId] | None = None) -> Iterator[SearchLine]:
        """The finished lines, by channel and time, or those of `only`, by channel. In a session with young people no
        line has a speaker.
        """
        named = self.session.speakers if not self.session.young_people else {}
        imported = bool(self.session.imported)
        for channel, view in self._views.items():
            for line in _lines(view, only):
                offset = self._texts.get(line.segment)
                if offset is None or line.gone or line.t1 is None or not line.text.strip():
                    continue
                speaker = line.speaker if line.speaker in named else None
                strand = Strand(channel, line.language, _source(line, imported=imported), speaker)
                yield SearchLine(line.segment, strand, offset, line.t0, line.t1, line.text)

    def settle(self) -> None:
        """Note that all lines so far are in the index."""
        self.touched = set()

    def _apply(self, channel: ChannelId, header: Header, event: ev.AnyEvent) -> None:
        view = self._views.get(channel)
        if view is not None:
            self._views[channel] = view.apply(header.offset, header.role, event)

    def _touch(self, segments: Iterable[SegmentId]) -> None:
        if self.touched is not None:
            self.touched.update(segments)


def folded_lanes(lanes: Iterable[Lane]) -> frozenset[Lane]:
    """Those of a log's lanes that `SearchFold` folds: the session's own, and the finished lines of its channels."""
    channels = channel_lane(ChannelId(""))
    return frozenset({SESSION, *(lane for lane in lanes if lane.startswith(channels))})


def text_in(record: LogRecord, segment: SegmentId) -> str | None:
    """The whole text of a line in the record that a `SearchLine` names; None where it was removed, or is of another
    line. Raises RecordBroken when the body can't be decoded.
    """
    event = None if record.body is None else decode_event(record.body)
    match event:
        case le.SegmentEnded() if event.segment == segment:
            return event.text
        case le.SegmentCorrected() if event.segment == segment:
            return event.text + event.tail
        case _:
            return None


def _segments(event: le.ChannelEvent) -> tuple[SegmentId, ...]:
    """The lines that an event of a channel is about."""
    match event:
        case le.ChannelRewound() | le.SegmentsMovedAway() | le.SegmentsMovedHere():
            return event.segments
        case le.SegmentOpened() | le.SegmentEnded() | le.SegmentCorrected():
            return (event.segment,)
        case _:
            return ()


def _lines(view: CaptionsView, only: Collection[SegmentId] | None) -> Iterator[Line]:
    if only is None:
        yield from view.lines
        return
    for segment in only:
        number = view.index.get(segment)
        if number is not None:
            yield view.lines[number]


def _source(line: Line, *, imported: bool) -> FoundBy:
    if line.mended:
        return FoundBy.PERSON
    if line.origin is le.Origin.TRANSLATED:
        return FoundBy.TRANSLATION
    if line.origin is le.Origin.MACHINE:
        return FoundBy.MACHINE
    # An imported line has the program or the format that it came from in the place of the tool.
    return FoundBy.IMPORTED if imported and line.tool else FoundBy.PERSON
