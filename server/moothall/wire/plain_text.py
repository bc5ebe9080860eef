"""A feed's finished lines as plain text, for terminals and braille displays: `00:04:05 Ana: Good morning.`

The time is media time, counted from the session's beginning. Each line is output once, when it is finished; a later
correction is not output, since a terminal can't take back what it has printed. For the same reason the notice of a span
without text (a break, lost sound) is held back until the first line after that span: lines from before the span may
still be finished.

Where the reader wants sources, a row in brackets says how the lines from there on came about: `00:04:05 (a person)`.

With a feed that has words, each word of which the recogniser was not sure is followed by `(?)` or by words with that
meaning: `the regulator (?) of Kisumu`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line, Session, Snapshot, fold_session
from moothall.core.views.doubts import SURE
from moothall.core.views.reading_order import Gap, SpeakerTurn
from moothall.wire.frames import Received

REMEMBERED = 1_000
"""Lines that are remembered as output. A reader that is further behind gets a snapshot of the last 200 lines."""

DOUBT = " (?)"

_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")
"""Characters that could move a terminal's cursor, change its colours or end the line."""


class _Open(msgspec.Struct, frozen=True):
    t0: int
    speaker: SpeakerId | None
    words: tuple[le.Word, ...] = ()
    """The recognised words, in order; empty from a feed without words."""
    source: str = ""
    """How it came about, in words; empty where that isn't wanted."""


class PlainText:
    """The plain-text output for one reader: takes the frames of a feed in order, and returns the text to print."""

    def __init__(
        self,
        unnamed: str,
        gap: Callable[[Gap], str],
        feed: Feed,
        doubt: str = DOUBT,
        source: Callable[[Line], str] = lambda _: "",
    ) -> None:
        """Make the output of one reader.

        `unnamed` stands in place of the name of a speaker who isn't named, once another speaker was; `gap` gives the
        sentence that says why a span has no text; `doubt` follows words of which the recogniser was not sure; `source`
        gives the row that says how a line came about, empty for none.
        """
        self._source = source
        self._sourced = ""
        """The source of the newest line that was output."""
        self._doubt = doubt
        self._unnamed = unnamed
        self._gap = gap
        self._feed = feed
        self._turn = SpeakerTurn()
        self._session = Session(id=SessionId(""))
        self._told: frozenset[Gap] = frozenset()
        """Spans without text whose notices were output, or that begin before the first line that is output."""
        # Bound: a channel has one line open, and some more where one was never finished; the oldest is forgotten.
        self._open: dict[SegmentId, _Open] = {}
        self._given: dict[SegmentId, None] = {}

    def start(self, snapshot: Snapshot, *, quiet: bool) -> str:
        """Continue from a snapshot and return its finished lines that were not output yet.

        With `quiet` these lines count as output, and the text is empty.
        """
        self.know(snapshot.session)
        if snapshot.before and snapshot.lines:
            self._due(snapshot.lines[0].t0)
        text = self.lines(snapshot.lines)
        for line in snapshot.lines:
            if line.t1 is None and not line.gone:
                self._begin(line.segment, self._opened(line))
        return "" if quiet else text

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self._session.status is Status.CLOSED

    def know(self, session: Session) -> None:
        """Set the session's state (names of speakers, spans without text) for lines that are output by `lines`."""
        self._session = session
        self._told &= set(session.gaps)

    def end(self) -> str:
        """The notices of spans without text that are still held back, once the last line was output."""
        return self._marks(None)

    def lines(self, lines: Iterable[Line]) -> str:
        """The text of those of `lines` that are finished, not struck, and not output yet."""
        shown = [line for line in lines if line.t1 is not None and not line.gone and line.segment not in self._given]
        return "".join([self._give(line.segment, self._opened(line), line.text) for line in shown])

    def take(self, frame: Received) -> str:
        """Take in a frame and return the text that it adds. Raises RecordBroken when a body can't be read."""
        if frame.snapshot is not None:
            return self.start(frame.snapshot, quiet=False)
        bodies = [event.original for event in frame.events]
        return "".join([self._fold(decode_event(body)) for body in bodies if body is not None])

    def _fold(self, event: ev.AnyEvent | UnknownEvent) -> str:
        self._session = fold_session(self._session, event, self._feed)
        match event:
            case le.SegmentOpened() if event.part_of in self._given:
                self._given[event.segment] = None  # It was output with the line from which it was split.
                _forget(self._given)
            case le.SegmentOpened():
                self._begin(event.segment, self._opened(made_of(Line, event)))
            case le.WordsCommitted() if event.segment in self._open:
                line = self._open[event.segment]
                self._open[event.segment] = msgspec.structs.replace(line, words=line.words + event.words)
            case le.SegmentEnded() if event.segment in self._open and event.segment not in self._given:
                return self._give(event.segment, self._open.pop(event.segment), event.text)
            case ev.SpeakerAssigned():
                for segment in event.segments:
                    if segment in self._open:
                        self._open[segment] = msgspec.structs.replace(self._open[segment], speaker=event.speaker)
            case le.ChannelRewound() | le.SegmentsMovedAway():
                for segment in event.segments:
                    self._open.pop(segment, None)
            case ev.SessionClosed():
                return self.end()
            case _:
                pass
        return ""

    def _opened(self, line: Line) -> _Open:
        return _Open(line.t0, line.speaker, source=self._source(line))

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
        heading = self._turn.broken().then(name)  # A terminal's line is read by itself, so each one gets its name.
        self._turn = heading.turn
        over = "" if heading.name is None else f"{heading.name or self._unnamed}: "
        if line.source != self._sourced:
            self._sourced = line.source
            marks += f"{clock(line.t0)} ({plain(line.source)})\n"
        return f"{marks}{clock(line.t0)} {over}{words}\n"

    def _marks(self, until: int | None) -> str:
        """Notices of spans without text that began by `until` (media ms; None: of all) and were not output yet."""
        return "".join(f"{clock(gap.t0)} {plain(self._gap(gap))}\n" for gap in self._due(until))

    def _due(self, until: int | None) -> list[Gap]:
        """The spans without text that began by `until` (None: all) and were not output; they count as output now."""
        due = [gap for gap in self._session.gaps if gap not in self._told and (until is None or gap.t0 <= until)]
        self._told |= set(due)
        return due


def clock(ms: int) -> str:
    """Media time as `HH:MM:SS`."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def plain(text: str) -> str:
    """The text on one line, without control characters."""
    return " ".join(text.translate(_CONTROLS).split())


def behind_doubts(text: str, words: Iterable[le.Word]) -> list[str]:
    """Split the text after each word of which the recogniser was not sure; the last piece is the rest, maybe empty."""
    *doubted, (rest, _) = around_doubts(text, words)
    return [*(before + word for before, word in doubted), rest]


def around_doubts(text: str, words: Iterable[le.Word]) -> list[tuple[str, str]]:
    """Split the text into pairs: what is certain, and the word behind it of which the recogniser was not sure; of the
    last pair that word is empty.

    `words` are all recognised words of the line, in order. Each is searched for after the previous word; a word that a
    correction has removed from the text is ignored.
    """
    pairs, begun, at = [], 0, 0
    for bare, sure in ((plain(word.text), word.p >= SURE) for word in words):
        found = _found(bare, text, at) if bare else -1
        if found >= 0:
            at = found + len(bare)
            if not sure:
                pairs.append((text[begun:found], text[found:at]))
                begun = at
    return [*pairs, (text[begun:], "")]


def _found(word: str, text: str, at: int) -> int:
    """Index of a word in `text` from `at` on, where it isn't part of a longer word; -1 when it isn't found.

    In a script without spaces words adjoin, so that there a match directly at `at` counts.
    """
    found = text.find(word, at)
    while found >= 0 and (text[max(found - 1, 0) : found].isalnum() or text[found + len(word) :][:1].isalnum()):
        found = text.find(word, found + 1)
    return at if found < 0 and text.startswith(word, at) else found


def _forget(known: dict[SegmentId, _Open] | dict[SegmentId, None]) -> None:
    for oldest in list(islice(known, max(0, len(known) - REMEMBERED))):
        del known[oldest]
