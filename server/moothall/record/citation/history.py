"""The history of a text: what each line read after each change, who changed it in which role, and the sealed versions.

It is a fold over the log like the record, so that a version shows what readers were shown, without what was removed
since: a fold is made anew after a removal (`TextFold.take`), and removed words are then in no version.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.chain import Header, LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Epoch, Position, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed, channel_lane
from moothall.core.sessions.roughness import unquotable
from moothall.core.views.captions import CaptionsView, Line, Session
from moothall.record.citation.comparing import VersionLine
from moothall.record.text_fold import TextFold
from moothall.record.wrapping import plain


class LineText(msgspec.Struct, frozen=True, kw_only=True):
    """What a line read from one event on."""

    offset: int
    """Offset of the event."""
    at: int
    """When, Unix ms."""
    role: Role
    """The role of whoever wrote or corrected it."""
    text: str
    """Without spaces at its ends; empty: the line was taken back."""
    by_person: bool = False
    """Whether a person corrected the line by this event."""
    proposed: bool = False
    """Whether the speaker had proposed this text."""
    rough: bool = False
    """Whether a recogniser wrote it roughly, and no person had corrected or checked it (`unquotable`)."""


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal of the speaker's that was declined, as the speaker made it public."""

    at: int
    """When it was declined, Unix ms."""
    role: Role
    """The role of whoever declined it."""
    text: str
    reason: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed version of the record. The close of a session, at which a checkpoint is signed as at each seal, makes
    version 0, *as it came*, unless somebody sealed that themselves.
    """

    n: int
    """Number of the seal, from 1; 0 for the close."""
    version: ev.SealVersion
    offset: int
    """Offset of the seal's event."""
    at: int
    """When it was sealed, Unix ms."""
    role: Role
    """The role of whoever sealed it."""
    view: CaptionsView
    """The text as it was then."""


class LineCheck(msgspec.Struct, frozen=True):
    """Who checked a line, and when (Unix ms)."""

    role: Role
    at: int


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The history of one text up to a position."""

    view: CaptionsView
    """The text now, as low-data readers have it: of finished lines."""
    texts: Mapping[SegmentId, tuple[LineText, ...]]
    """What each finished line read, oldest first."""
    declined: Mapping[SegmentId, tuple[Declined, ...]]
    """What speakers proposed for lines and made public after it was declined, oldest first."""
    struck: Mapping[SegmentId, int]
    """Offsets at which lines left the text: their sound was recognised again, or they were moved to another session."""
    begun: Mapping[SegmentId, int]
    """The offset at which each line began."""
    removed: Mapping[int, int | None]
    """The offset at which each line began that was removed since → that of its removal; None where that is unknown."""
    parts: Mapping[SegmentId, tuple[tuple[int, SegmentId], ...]] = {}
    """The lines that were split from each line, with the offset of the split, oldest first."""
    changes: Sequence[int]
    """Offsets of all changes of the text, in order."""
    versions: tuple[Version, ...]
    """The sealed versions, oldest first."""

    @property
    def session(self) -> Session:
        """The session as readers see it."""
        return self.view.session

    @property
    def position(self) -> Position:
        """The position up to which the history extends."""
        return self.view.position

    def line(self, segment: SegmentId) -> Line | None:
        """A line as it is now, also where it was struck; None for an unknown line."""
        number = self.view.index.get(segment)
        return None if number is None else self.view.lines[number]

    def text_at(self, segment: SegmentId, offset: int) -> LineText | None:
        """What a line read at an offset of the log; None where it had no text yet, or none any more."""
        if self.struck.get(segment, offset + 1) <= offset:
            return None
        written = [text for text in self.texts.get(segment, ()) if text.offset <= offset]
        return written[-1] if written and written[-1].text else None

    def parts_since(self, segment: SegmentId, offset: int) -> tuple[SegmentId, ...]:
        """The lines that a line of `offset` has become, in the order of the text: itself, and what was split from it
        later.
        """
        found = [segment]
        for split, part in reversed(self.parts.get(segment, ())):
            if split > offset:
                found += self.parts_since(part, split)
        return tuple(found)

    def version_at(self, offset: int) -> Version | None:
        """The sealed version that has the same text as an offset of the log: the last that had been sealed by then,
        else the first after it. None where the text is in no sealed version.
        """
        changed = bisect_right(self.changes, offset)
        same = [each for each in self.versions if bisect_right(self.changes, each.offset) == changed]
        sealed = [each for each in same if each.offset <= offset]
        return sealed[-1] if sealed else next(iter(same), None)

    def lost(self, first: int, last: int, offset: int) -> bool:
        """Whether lines that the text had at `offset`, and that had begun from the offset `first` to `last`, were
        removed since.
        """
        return any(
            first <= began <= min(last, offset) and (gone is None or gone > offset)
            for began, gone in self.removed.items()
        )

    def check_of(self, segment: SegmentId, text: LineText) -> LineCheck | None:
        """Who checked a line as it reads with `text`: whoever sealed it so as checked or final, or else the person who
        corrected it. None while it is unchecked.
        """
        for version in self.versions:
            if version.offset > text.offset and version.version is not ev.SealVersion.RAW:
                sealed = self.text_at(segment, version.offset)
                if sealed is not None and sealed.text == text.text:
                    return LineCheck(version.role, version.at)
        return LineCheck(text.role, text.at) if text.by_person else None


class HistoryFold(TextFold):
    """Builds a history from a session's log."""

    def __init__(self, session: SessionId, epoch: Epoch, channel: ChannelId) -> None:
        super().__init__(session, epoch, Feed(channel, live=False))
        self._lane = channel_lane(channel)
        self._texts: dict[SegmentId, tuple[LineText, ...]] = {}
        self._declined: dict[SegmentId, tuple[Declined, ...]] = {}
        self._struck: dict[SegmentId, int] = {}
        self._begun: dict[SegmentId, int] = {}
        self._removed: dict[int, int | None] = {}
        self._parts: dict[SegmentId, tuple[tuple[int, SegmentId], ...]] = {}
        self._cut: SegmentId | None = None
        """The line whose next text is what a split left of it."""
        self._changes: list[int] = []
        self._before = self._view
        """The view without the event that is noted."""
        self._closed: Version | None = None
        self._versions: list[Version] = []

    def _note(self, record: LogRecord, event: ev.AnyEvent | UnknownEvent | None) -> None:
        header = record.header
        match event:
            case None if header.lane == self._lane and header.type == "segment.opened":
                self._removed[header.offset] = None
            case ev.BodyRemoved():
                self._removed |= {began: header.offset for began in event.offsets if began in self._removed}
            case le.SegmentOpened():
                self._begun[event.segment] = header.offset
            case le.SegmentEnded():
                self._reads(header, event.segment, event.text)
            case le.SegmentSplit() if event.into is not None:
                self._parts[event.segment] = (*self._parts.get(event.segment, ()), (header.offset, event.into))
                self._cut = event.segment
            case le.SegmentCorrected() if event.segment == self._cut:
                self._cut = None
                self._cuts(header, event.segment, event.text + event.tail)
            case le.SegmentCorrected():
                by_person = not (event.machine or header.role is Role.ENGINE or event.unmended)
                whole = event.text + event.tail
                proposed = event.proposed is True
                self._reads(header, event.segment, whole, by_person=by_person, proposed=proposed)
            case le.ProposalDeclined():
                declined = Declined(at=event.at, role=event.by, text=event.text, reason=event.reason)
                self._declined[event.segment] = (*self._declined.get(event.segment, ()), declined)
            case le.ChannelRewound() | le.SegmentsMovedAway():
                self._struck |= dict.fromkeys(event.segments, header.offset)
                self._changes.append(header.offset)
            case ev.SpeakerAssigned() if self._view.lines is not self._before.lines:
                self._changes.append(header.offset)
            case ev.SpeakerIntroduced() if self._before.session.speakers.get(event.speaker, event.name) != event.name:
                self._changes.append(header.offset)
            case ev.SessionClosed() if not self._versions:
                self._closed = self._sealed(header, ev.SealVersion.RAW, 0)
            case ev.RecordSealed():
                self._versions.append(self._sealed(header, event.version, event.n))
            case _:
                pass
        self._before = self._view

    def _sealed(self, header: Header, version: ev.SealVersion, n: int) -> Version:
        return Version(n=n, version=version, offset=header.offset, at=header.at, role=header.role, view=self._view)

    def _reads(
        self, header: Header, segment: SegmentId, text: str, *, by_person: bool = False, proposed: bool = False
    ) -> None:
        number = self._view.index.get(segment)
        written = LineText(
            offset=header.offset,
            at=header.at,
            role=header.role,
            text=text.strip(),
            by_person=by_person,
            proposed=proposed,
            rough=number is not None and unquotable(self._view.lines[number]),
        )
        before = self._texts.get(segment, ())
        same = bool(before) and before[-1].text == written.text
        if not same:
            self._changes.append(header.offset)
        if not same or by_person or before[-1].rough is not written.rough:
            self._texts[segment] = (*before, written)

    def _cuts(self, header: Header, segment: SegmentId, text: str) -> None:
        """Note what a split left of a line: whoever wrote or checked it did that with these words, too."""
        before = self._texts.get(segment, ())
        if before:
            written = msgspec.structs.replace(before[-1], offset=header.offset, at=header.at, text=text.strip())
            self._texts[segment] = (*before, written)
            self._changes.append(header.offset)

    def history(self) -> History:
        """Return the history of all events so far."""
        raw = any(each.version is ev.SealVersion.RAW for each in self._versions)
        closed = () if self._closed is None or raw else (self._closed,)
        return History(
            view=self._view,
            texts=dict(self._texts),
            declined=dict(self._declined),
            struck=dict(self._struck),
            begun=dict(self._begun),
            removed=dict(self._removed),
            parts=dict(self._parts),
            changes=tuple(self._changes),
            versions=(*closed, *self._versions),
        )


def shown_lines(view: CaptionsView) -> tuple[Line, ...]:
    """The lines of a view that are shown: not struck and not blank."""
    return tuple(line for line in view.lines if not line.gone and line.text.strip())


def version_lines(view: CaptionsView) -> tuple[VersionLine, ...]:
    """The shown lines of a view, as versions are compared by them."""
    speakers = view.session.speakers
    return tuple(
        VersionLine(
            segment=line.segment,
            text=plain(line.text),
            name=plain(speakers.get(line.speaker, "")) if line.speaker else "",
        )
        for line in shown_lines(view)
    )
