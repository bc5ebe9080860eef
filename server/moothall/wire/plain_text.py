"""A feed's finished lines as plain text, for terminals and braille displays: `00:04:05 Ana: Good morning.`

The time is media time, counted from the session's beginning. Each line is given once, when it is finished; what is
mended later is not given again, since a terminal can't take back what it has printed.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import msgspec

from moothall.core import events as ev
from moothall.core.event_codec import decode_event
from moothall.core.ids import SegmentId, SpeakerId
from moothall.core.session import Status
from moothall.core.views.captions import Line, Snapshot
from moothall.core.views.reading_order import Turn
from moothall.wire.frames import Received

REMEMBERED = 1_000
"""Lines that are remembered as given. Whoever is further behind than this gets a snapshot of the last 200."""

_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")
"""What could move a terminal's cursor, change its colours or end the line."""


class _Open(msgspec.Struct, frozen=True):
    t0: int
    speaker: SpeakerId | None


class PlainText:
    """What one reader was given. Frames of the feed `lines` go in, in order; text comes out."""

    def __init__(self, unnamed: str) -> None:
        """`unnamed` stands in place of a name before lines of nobody who is named, once somebody was."""
        self._unnamed = unnamed
        self._turn = Turn()
        self.closed = False
        """Whether the session is over."""
        self._names: dict[SpeakerId, str] = {}
        # Bound: a channel has one line open, and some more where one was never finished; the oldest is forgotten.
        self._open: dict[SegmentId, _Open] = {}
        self._given: dict[SegmentId, None] = {}

    def start(self, snapshot: Snapshot, *, quiet: bool) -> str:
        """Go on from a snapshot: the finished lines in it that were not given yet, or none of them when `quiet`."""
        self._names = dict(snapshot.session.speakers)
        self.closed = snapshot.session.status is Status.CLOSED
        text = self.lines(snapshot.lines)
        for line in snapshot.lines:
            if line.t1 is None and not line.gone:
                self._begin(line.segment, _Open(line.t0, line.speaker))
        return "" if quiet else text

    def know(self, names: dict[SpeakerId, str]) -> None:
        """Who may speak, for lines that are given before a snapshot."""
        self._names = dict(names)

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

    def _fold(self, event: object) -> str:
        match event:
            case ev.SegmentOpened():
                self._begin(event.segment, _Open(event.t0, event.speaker))
            case ev.SegmentEnded() if event.segment in self._open and event.segment not in self._given:
                return self._give(event.segment, self._open.pop(event.segment), event.text)
            case ev.SpeakerIntroduced():
                self._names[event.speaker] = event.name
            case ev.SpeakerAssigned():
                for segment in event.segments:
                    if segment in self._open:
                        self._open[segment] = _Open(self._open[segment].t0, event.speaker)
            case ev.ChannelRewound() | ev.LinesMovedAway():
                for segment in event.segments:
                    self._open.pop(segment, None)
            case ev.SessionClosed():
                self.closed = True
            case ev.SessionReopened():
                self.closed = False
            case _:
                pass
        return ""

    def _begin(self, segment: SegmentId, line: _Open) -> None:
        self._open[segment] = line
        _forget(self._open)

    def _give(self, segment: SegmentId, line: _Open, text: str) -> str:
        self._given[segment] = None
        _forget(self._given)
        words = plain(text)
        if not words:
            return ""
        name = plain(self._names.get(line.speaker, "")) if line.speaker is not None else ""
        heading = self._turn.broken().then(name)  # On a terminal each line is read alone.
        self._turn = heading.turn
        over = "" if heading.name is None else f"{heading.name or self._unnamed}: "
        return f"{clock(line.t0)} {over}{words}\n"


def clock(ms: int) -> str:
    """Media time as `HH:MM:SS`."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"


def plain(text: str) -> str:
    """The text in one line, without anything that a terminal would obey."""
    return " ".join(text.translate(_CONTROLS).split())


def _forget(known: dict[SegmentId, _Open] | dict[SegmentId, None]) -> None:
    for oldest in list(islice(known, max(0, len(known) - REMEMBERED))):
        del known[oldest]
