"""A record of what a reader saw and when, as the rows of JSON that streaming benchmarks score.

    {"at": s, "kind": "partial" | "commit" | "correct", "segment": id, "t0": s, "t1": s, "text": …, "lang": …}

`at` is seconds of media time; rows with the same `at` are one update of the display. A `commit` appends to its segment
and removes the partial. A `partial` replaces the segment's earlier partial. A `correct` replaces the segment's whole
text, whoever corrected it; its times are those of the committed words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import Partial
from moothall.core.views.captions import Snapshot
from moothall.wire.cached_feed import CachedLine
from moothall.wire.frames import Received

StreamRow = dict[str, Any]


class StreamLog:
    """Converts the frames of one live feed, from the session's beginning, into rows."""

    def __init__(self) -> None:
        self._languages: dict[SegmentId, str] = {}
        self._words: dict[SegmentId, int] = {}
        self._spans: dict[SegmentId, tuple[int, int]] = {}
        self._ended: set[SegmentId] = set()
        self._shown: SegmentId | None = None
        self.clock: tuple[int, int] | None = None
        """(media ms, Unix ms): the newest mapping seen."""
        self.opened: int | None = None
        """Unix ms of media time 0."""
        self.closed = False
        """Whether the session has been closed."""

    def rows(self, frame: Received, at: float) -> list[StreamRow]:
        """The rows of one frame that was seen at `at` (s of media time); raises RecordBroken for an unreadable body."""
        rows: list[StreamRow] = []
        if frame.snapshot is not None:
            self._start(frame.snapshot)
        for event in frame.events:
            body = event.original
            if body is not None:
                self._event(decode_event(body), at, rows)
        for signal in frame.signals:
            if isinstance(signal, Partial):
                self._partial(signal, at, rows)
        return rows

    def _start(self, snapshot: Snapshot) -> None:
        self.opened, self.clock = snapshot.session.opened, snapshot.session.clock
        for line in snapshot.lines:
            self._languages[line.segment], self._words[line.segment] = line.language, line.words
            if line.t1 is not None:
                self._ended.add(line.segment)

    def _event(self, event: object, at: float, rows: list[StreamRow]) -> None:
        match event:
            case ev.SessionOpened():
                self.opened, self.clock = event.wall, (0, event.wall)
            case ev.ClockMapped():
                self.clock = (event.t, event.wall)
            case ev.SessionClosed():
                self.closed = True
            case le.SegmentOpened():
                self._languages[event.segment] = event.language
                self._words[event.segment] = 0
            case le.WordsCommitted():
                self._words[event.segment] = event.first + len(event.words)
                text = "".join(word.text for word in event.words)
                times = (event.words[0].t0, event.words[-1].t1)
                self._spans[event.segment] = (self._spans.get(event.segment, times)[0], times[1])
                rows.append(self._row(event.segment, "commit", text, at, times))
                if self._shown == event.segment:
                    self._shown = None
            case le.SegmentEnded():
                self._ended.add(event.segment)
            case le.SegmentSplit() if event.segment in self._spans:
                self._spans[event.segment] = (self._spans[event.segment][0], event.t1)
            case le.SegmentCorrected():
                span = self._spans.get(event.segment)
                rows.append(self._row(event.segment, "correct", event.text + event.tail, at, span))
            case _:
                pass

    def _partial(self, partial: Partial, at: float, rows: list[StreamRow]) -> None:
        """Add a row for a partial that continues the committed words of its segment.

        A channel shows one partial at a time, so a partial of another segment removes the earlier one.
        """
        fits = partial.segment not in self._ended and partial.first == self._words.get(partial.segment, 0)
        text = partial.text if fits else ""
        if self._shown is not None and (self._shown != partial.segment or not text):
            rows.append(self._row(self._shown, "partial", "", at))
            self._shown = None
        if text:
            self._languages.setdefault(partial.segment, partial.language)
            rows.append(self._row(partial.segment, "partial", text, at))
            self._shown = partial.segment

    def _row(
        self, segment: SegmentId, kind: str, text: str, at: float, times: tuple[int, int] | None = None
    ) -> StreamRow:
        row: StreamRow = {"at": at, "kind": kind, "segment": segment, "text": text.strip()}
        if times is not None:
            row |= {"t0": times[0] / 1000, "t1": times[1] / 1000}
        if self._languages.get(segment):
            row["lang"] = self._languages[segment]
        return row


class CachedLog:
    """Converts the differences between successive states of a cached feed's reader into rows."""

    def __init__(self) -> None:
        # Bound: the text that is read.
        self._shown: dict[SegmentId, CachedLine] = {}

    def rows(self, lines: Sequence[CachedLine], at: float) -> list[StreamRow]:
        """The rows of lines that are new, changed or gone (with empty text) since the last call; `at` in s."""
        before, self._shown = self._shown, {line.segment: line for line in lines}
        rows: list[StreamRow] = []
        for line in lines:
            old = before.pop(line.segment, None)
            if old is None or old.text != line.text:
                rows.append(_row(line, "commit" if old is None else "correct", line.text, at))
        return rows + [_row(line, "correct", "", at) for line in before.values()]


def _row(line: CachedLine, kind: str, text: str, at: float) -> StreamRow:
    times = {"t0": line.t0 / 1000, "t1": line.t1 / 1000}
    return {"at": at, "kind": kind, "segment": line.segment, "text": text, **times, "lang": line.language}
