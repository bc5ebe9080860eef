"""A feed's finished lines as plain text, for terminals and braille displays: `00:04:05 Ana: Good morning.`

The time is media time, counted from the session's beginning. Each line is given once, when it is finished; what is
mended later is not given again, since a terminal can't take back what it has printed. So what is said of a span without
text (a break, sound that was lost) waits for the first line behind it: lines from before it may still come.

From a feed with words, `(?)`, or words that say as much, stands behind each of which the recogniser was not sure: `the
regulator (?) of Kisumu`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.session.state import Status
from moothall.core.views.captions import Line, Session, Snapshot, fold_session
from moothall.core.views.reading_order import Gap, SpeakerTurn
from moothall.wire.frames import Received

REMEMBERED = 1_000
"""Lines that are remembered as given. A reader further behind gets a snapshot of the last 200."""

SURE = 0.5
"""The recogniser's probability of a word from which on it counts as heard; desks mark the others too."""
DOUBT = " (?)"

_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")
"""What could move a terminal's cursor, change its colours or end the line."""


class _Open(msgspec.Struct, frozen=True):
    t0: int
    speaker: SpeakerId | None
    words: tuple[ev.Word, ...] = ()
    """As they were recognised, in their order; none from a feed without words."""


class PlainText:
    """What one reader was given. Frames of the feed `lines` go in, in order; text comes out."""

    def __init__(self, unnamed: str, gap: Callable[[Gap], str], feed: Feed, doubt: str = DOUBT) -> None:
        """`unnamed` stands in place of a name before lines of nobody who is named, once somebody was; `gap` says why a
        span has no text; `doubt` stands behind words of which the recogniser was not sure.
        """
        self._doubt = doubt
        self._unnamed = unnamed
        self._gap = gap
        self._feed = feed
        self._turn = SpeakerTurn()
        self._session = Session(id=SessionId(""))
        self._told: frozenset[Gap] = frozenset()
        """Spans without text that were given, or lie before all that is."""
        # Bound: a channel has one line open, and some more where one was never finished; the oldest is forgotten.
        self._open: dict[SegmentId, _Open] = {}
        self._given: dict[SegmentId, None] = {}

    def start(self, snapshot: Snapshot, *, quiet: bool) -> str:
        """Go on from a snapshot: the finished lines in it that were not given yet, or none of them when `quiet`."""
        self.know(snapshot.session)
        if snapshot.before and snapshot.lines:
            self._due(snapshot.lines[0].t0)
        text = self.lines(snapshot.lines)
        for line in snapshot.lines:
            if line.t1 is None and not line.gone:
                self._begin(line.segment, _Open(line.t0, line.speaker))
        return "" if quiet else text

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self._session.status is Status.CLOSED

    def know(self, session: Session) -> None:
        """What stands around lines that are given before a snapshot."""
        self._session = session
        self._told &= set(session.gaps)

    def end(self) -> str:
        """Behind the last line: spans without text that follow it."""
        return self._marks(None)

    def lines(self, lines: Iterable[Line]) -> str:
        """Those of `lines` that are finished, to be shown and not given yet."""
        shown = [line for line in lines if line.t1 is not None and not line.gone and line.segment not in self._given]
        return "".join([self._give(line.segment, _Open(line.t0, line.speaker), line.text) for line in shown])

    def take(self, frame: Received) -> str:
        """What a frame adds. Raises RecordBroken when a body can't be read."""
        if frame.snapshot is not None:
            return self.start(frame.snapshot, quiet=False)
        bodies = [event.original for event in frame.events]
        return "".join([self._fold(decode_event(body)) for body in bodies if body is not None])

    def _fold(self, event: ev.AnyEvent | UnknownEvent) -> str:
        self._session = fold_session(self._session, event, self._feed)
        match event:
            case ev.SegmentOpened():
                self._begin(event.segment, _Open(event.t0, event.speaker))
            case ev.WordsCommitted() if event.segment in self._open:
                line = self._open[event.segment]
                self._open[event.segment] = msgspec.structs.replace(line, words=line.words + event.words)
            case ev.SegmentEnded() if event.segment in self._open and event.segment not in self._given:
                return self._give(event.segment, self._open.pop(event.segment), event.text)
            case ev.SpeakerAssigned():
                for segment in event.segments:
                    if segment in self._open:
                        self._open[segment] = msgspec.structs.replace(self._open[segment], speaker=event.speaker)
            case ev.ChannelRewound() | ev.SegmentsMovedAway():
                for segment in event.segments:
                    self._open.pop(segment, None)
            case ev.SessionClosed():
                return self.end()
            case _:
                pass
        return ""

    def _begin(self, segment: SegmentId, line: _Open) -> None:
        self._open[segment] = line
        _forget(self._open)

    def _give(self, segment: SegmentId, line: _Open, text: str) -> str:
        self._given[segment] = None
        _forget(self._given)
        words = self._doubt.join(behind_doubts(plain(text), line.words))
        if not words:
            return ""
        marks = self._marks(line.t0)
        name = plain(self._session.speakers.get(line.speaker, "")) if line.speaker is not None else ""
        heading = self._turn.broken().then(name)  # On a terminal each line is read alone.
        self._turn = heading.turn
        over = "" if heading.name is None else f"{heading.name or self._unnamed}: "
        return f"{marks}{clock(line.t0)} {over}{words}\n"

    def _marks(self, until: int | None) -> str:
        """What is said of spans without text that began by `until` (media ms; None: of all) and weren't told of yet."""
        return "".join(f"{clock(gap.t0)} {plain(self._gap(gap))}\n" for gap in self._due(until))

    def _due(self, until: int | None) -> list[Gap]:
        """Those spans, which count as told of from now on."""
        due = [gap for gap in self._session.gaps if gap not in self._told and (until is None or gap.t0 <= until)]
        self._told |= set(due)
        return due


def clock(ms: int) -> str:
    """Media time as `HH:MM:SS`."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def plain(text: str) -> str:
    """The text in one line, without anything that a terminal would obey."""
    return " ".join(text.translate(_CONTROLS).split())


def behind_doubts(text: str, words: Iterable[ev.Word]) -> list[str]:
    """The text in pieces, each but the last of which ends with a word of which the recogniser was not sure.

    `words`: all of the line, in their order. Each is looked for behind the one before it; one that isn't there any more
    is passed over.
    """
    pieces, begun, at = [], 0, 0
    for bare, sure in ((plain(word.text), word.p >= SURE) for word in words):
        found = _found(bare, text, at) if bare else -1
        if found >= 0:
            at = found + len(bare)
            if not sure:
                pieces.append(text[begun:at])
                begun = at
    return [*pieces, text[begun:]]


def _found(word: str, text: str, at: int) -> int:
    """Where a word stands from `at` on, not inside another; in a writing without spaces, right there; -1: nowhere."""
    found = text.find(word, at)
    while found >= 0 and (text[max(found - 1, 0) : found].isalnum() or text[found + len(word) :][:1].isalnum()):
        found = text.find(word, found + 1)
    return at if found < 0 and text.startswith(word, at) else found


def _forget(known: dict[SegmentId, _Open] | dict[SegmentId, None]) -> None:
    for oldest in list(islice(known, max(0, len(known) - REMEMBERED))):
        del known[oldest]
