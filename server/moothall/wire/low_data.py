"""Low data: a feed of finished lines in so few bytes that ten minutes of speech fit into 4 KB.

A low-data reader gets batches. A batch is a JSON array: the offset after it, then in order

    [12, "floor-1-3", 61, "en", "machine", null, 0], "A line."   number, id, start in s, language, origin, speaker,
                                                               mended (0: no, 1: by a person, 2: by a machine
                                                               whose proposal a person accepted), and last, if so,
                                                               the name of the outside tool that sent it, or `true`
                                                               if it was respoken, 0 if neither; then 1 if a
                                                               recogniser wrote it roughly, and 1 if
                                                               somebody else speaks after it, each 0 if not;
                                                               trailing zeros are left out; then the text
    4, "Another line."                                         4 s later; the number and the id's last digits are one
                                                               more, everything else is as before
    ["ana", 3], "One more."                                    the same 3 s later, but Ana says it
    {"offset": …, "at": …, "by": …, "body": {…}}                an event, as in other frames
    {"kind": "unsaved", …}                                      a signal

The shorthand refers to the previous line in the same stream. A line is sent when it has ended. A machine's correction
changes the line in a batch that isn't sent yet, unless a person's correction is in that batch too; any other correction
is sent as an event. The words of a question are held back until it is called, and are then sent with that event.
Events that readers don't show (checkpoints, clocks, sources) and most signals are left out. The caller compresses the
batches.
"""

from __future__ import annotations

import re

import msgspec

from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.sessions.roughness import heard_roughly
from moothall.core.signals import AnySignal, ChannelState, LastWords, Sound, StandIn, Unrecorded, Unsaved
from moothall.core.views.captions import CaptionsView, Line
from moothall.wire.frames import FrameEvent, Freshness, ReaderPulse, Received

LATE_MS = 5_000
"""Step of reported delays, ms: a delay is reported from one step on, and again when it has changed by a step."""
PULSE_MS = 15_000
"""Interval of pulses in a stream without other messages, ms: longer than elsewhere, since each pulse costs a packet."""

MOST_PUBLISHED = 50
"""Questions whose words are held back until they are called. Overflow: the oldest words are dropped, and the reader
learns only the question's number."""

_SILENT = (
    ev.SourceAttached
    | ev.SourceEnded
    | ev.ClockMapped
    | ev.WriterChanged
    | le.SegmentOpened
    | le.WordsCommitted
    | ev.RecordCheckpoint
    | ev.BodyRemoved
    | le.SegmentsMovedHere
    | ne.NoteOrTag
    | ev.TermChosen
    | ev.CloseRequested
    | qe.QuestionFact
    | he.HubPresenceChanged
    | UnknownEvent
)
"""Events that change nothing for a reader of finished lines; they are left out."""
_URGENT = (ev.SessionOpened, ev.SessionPaused, ev.SessionResumed, ev.SessionClosed, ev.NotRecordedBegan)
"""Events that should be sent at once."""


class LowData:
    """The stream of one reader: takes the frames of a feed, and makes a batch whenever the caller asks for one."""

    def __init__(self, view: CaptionsView, offset: int) -> None:
        """`view` is the current or an earlier state of the feed; `offset` is that of the reader's newest event."""
        self._view = view
        self._offset = offset
        self.head = offset
        """The offset that the reader has after the last batch."""
        # Bound: what is said between two batches, which the door sends every 40 s.
        self._items: list[object] = []
        self._texts: dict[SegmentId, int] = {}
        """Index in `_items` of the text of each line in the next batch."""
        self._before: Line | None = None
        self._number = 0
        self._called: InterventionId | None = None
        """The called question of which the reader was notified; None when there is none."""
        # Bound: the questions that are submitted until one is called.
        self._later: set[InterventionId] | None = set()
        """Questions whose check began since the reader's page was made; None once the reader was notified of a called
        question. Until then the page may show any question but these as called."""
        # Bound: MOST_PUBLISHED.
        self._published: dict[InterventionId, FrameEvent] = {}
        """The published words of questions that are not called yet."""
        self._signals: dict[str, AnySignal] = {}
        self._plain: dict[str, object] = {}
        self.urgent = False
        """Whether the next batch should be sent at once."""

    @property
    def waits(self) -> bool:
        """Whether the next batch has any content."""
        return bool(self._items or self._signals)

    def take(self, frame: Received) -> None:
        """Take in a frame with events or signals. Raises RecordBroken when a body can't be read."""
        for event in frame.events:
            body = event.original
            what = None if body is None else decode_event(body)
            before, self._view = self._view, self._view.apply(event.offset, event.role, what)
            if event.offset > self._offset:
                self._offset = event.offset
                if not isinstance(what, ev.EngineAttached) or self._view.session is not before.session:
                    self._event(event, what, before)
        for signal in frame.signals:
            self._signal(signal)

    def restart(self, view: CaptionsView) -> None:
        """Start again from `view`, of which the caller sends the reader a snapshot; whatever waits is discarded."""
        self._view, self._offset = view, view.offset
        self.head = view.offset
        self._items.clear()
        self._texts.clear()
        self._signals.clear()
        self._plain.clear()
        self._before = None
        self._called, self._later = None, set()
        self.urgent = False

    def batch(self) -> bytes:
        """Take the waiting items as one batch of JSON, UTF-8; a batch without content holds only the offset."""
        self.head = self._offset
        items = [self._offset, *self._items, *self._signals.values()]
        self._items.clear()
        self._texts.clear()
        self._signals.clear()
        self.urgent = False
        return msgspec.json.encode(items)

    def pulse(self, source: Freshness) -> bytes:
        """A pulse as JSON, UTF-8, which shows the reader that the connection is alive."""
        return msgspec.json.encode(ReaderPulse(head=self.head, age=source.age, every=PULSE_MS, lost=source.lost))

    def _event(self, event: FrameEvent, what: ev.AnyEvent | UnknownEvent | None, before: CaptionsView) -> None:
        match what:
            case le.SegmentEnded():
                self._line(what.segment)
            case le.SegmentCorrected() if self._grows(what.segment):
                pass  # The line will be sent with this correction when it ends.
            case le.SegmentCorrected() if self._in_place(event, what, before):
                self._items[self._texts[what.segment]] = (what.text + what.tail).strip()
            case le.SegmentCorrected():
                self._texts.pop(what.segment, None)  # A later text has to come after this one.
                self._items.append(_row(event))
            case qe.InterventionPublished():
                self._published[what.intervention] = event
                while len(self._published) > MOST_PUBLISHED:
                    del self._published[next(iter(self._published))]
            case qe.InterventionStatusChanged() if (
                self._later is not None and what.status is InterventionStatus.CHECKED
            ):
                self._later.add(what.intervention)
            case qe.InterventionStatusChanged() if what.status is InterventionStatus.CALLED or self._may_be_called(
                what.intervention
            ):
                words = None
                if what.status is InterventionStatus.CALLED:
                    self._called, self._later = what.intervention, None
                    words = self._published.pop(what.intervention, None)
                    self.urgent = True  # A turn is held for a minute.
                elif what.intervention == self._called:
                    self._called = None
                self._items += [_row(each) for each in (words, event) if each is not None]
            case None:
                pass  # The body was removed before the reader got it.
            case _ if not isinstance(what, _SILENT):
                self._items.append(_row(event))
                self.urgent |= isinstance(what, _URGENT)

    def _may_be_called(self, name: InterventionId) -> bool:
        """Whether the reader's page may show this question as called."""
        return name == self._called if self._later is None else name not in self._later

    def _in_place(self, event: FrameEvent, what: le.SegmentCorrected, before: CaptionsView) -> bool:
        """Whether a correction changes nothing but the text of a line that isn't sent yet."""
        if what.segment not in self._texts or not (what.machine or event.role is Role.ENGINE):
            return False
        number = self._view.index.get(what.segment)
        return number is not None and heard_roughly(before.lines[number]) is heard_roughly(self._view.lines[number])

    def _grows(self, segment: SegmentId) -> bool:
        number = self._view.index.get(segment)
        return number is not None and self._view.lines[number].t1 is None

    def _line(self, segment: SegmentId) -> None:
        at = self._view.index.get(segment)
        if at is None:
            return  # The line began before the snapshot from which the view was made.
        line, number = self._view.lines[at], self._view.skipped + at
        if line.gone:
            return
        before = self._before
        changes = bool(line.voice_changes)
        if before is not None and number == self._number + 1 and not changes and _alike(before, line):
            later = line.t0 // 1_000 - before.t0 // 1_000
            about: object = later if line.speaker == before.speaker else (line.speaker, later)
        else:
            state = (line.language, line.origin.value, line.speaker, line.mended + line.accepted)
            way = True if line.respoken else line.tool
            ends = [way or 0, 1 if heard_roughly(line) else 0, 1 if changes else 0]
            while ends and not ends[-1]:
                ends.pop()
            about = (number, line.segment, line.t0 // 1_000, *state, *ends)
        self._items += (about, line.text.strip())
        self._texts[segment] = len(self._items) - 1
        self._before, self._number = line, number

    def _signal(self, signal: AnySignal) -> None:
        before = self._plain.get(signal.key, _QUIET.get(type(signal)))
        match signal:
            case ChannelState():
                if signal.sound is Sound.SILENCE:  # The end of silence isn't sent, so it would be shown for too long.
                    signal = msgspec.structs.replace(signal, sound=Sound.SPEECH)
                gist: object = (signal.sound is Sound.NONE, signal.lag // LATE_MS)
            case Unsaved() | Unrecorded():
                gist = signal.text
            case LastWords():
                gist = signal.awaited
            case StandIn():
                gist = signal.instead
            case _:
                return  # Partials, whose words may still change, are left out.
        if before != gist:
            self._signals[signal.key] = signal
            turned = _soundless(before) is not _soundless(gist)
            self.urgent |= turned or gist == "" or isinstance(signal, LastWords | StandIn)
        self._plain[signal.key] = gist


_QUIET: dict[type, object] = {ChannelState: (False, 0), Unsaved: "", Unrecorded: "", LastWords: False, StandIn: None}
"""The state that a reader assumes before the first signal of a key, by the signal's type."""


def _row(event: FrameEvent) -> dict[str, object]:
    return {"offset": event.offset, "at": event.at, "by": event.by, "body": event.body}


def _soundless(gist: object) -> object:
    """Whether there is no sound, from the state of a `ChannelState`; other states are returned as they are."""
    return gist[0] if isinstance(gist, tuple) else None


def _alike(before: Line, line: Line) -> bool:
    """Whether the shorthand suffices: `line` differs from the line `before` only in number, time, speaker and text."""
    return line.segment == _next(before.segment) and (
        (line.language, line.origin, line.mended, line.accepted, line.tool, line.respoken)
        == (before.language, before.origin, before.mended, before.accepted, before.tool, before.respoken)
        and heard_roughly(line) is heard_roughly(before)
    )


def _next(segment: SegmentId) -> str:
    return re.sub(r"\d{1,15}$", lambda digits: str(int(digits[0]) + 1), segment)
