"""Little data: what a feed of finished lines carries, in so few bytes that ten minutes of speech fit into 4 KB.

A reader of few data gets batches. A batch is a JSON array: the offset after it, then in order

    [12, "floor-1-3", 61, "en", "machine", null, 0], "A line."   number, id, start in s, language, origin, speaker,
                                                               mended (1: by a person, 2: by the machine,
                                                               accepted by a person), and behind it the name of the
                                                               outside tool that sent it, where one did; then the text
    4, "Another line."                                         4 s later; the number and the id's last digits are one
                                                               more, everything else is as before
    ["ana", 3], "One more."                                    the same 3 s later, but Ana says it
    {"offset": …, "at": …, "by": …, "body": {…}}                an event, as in other frames
    {"kind": "unsaved", …}                                      a signal

The shorthand refers to the line before it in the same stream. Lines come when they have ended, as they stand when the
batch goes out if only an engine has corrected them since; what a person corrects then is an event.
What is asked now comes with its words, which are kept back until then.
Events that readers don't show (checkpoints, clocks, sources) and most signals stay out. Compression is the door's
business.
"""

from __future__ import annotations

import re

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.signals import AnySignal, ChannelState, LastWords, Sound, StandIn, Unrecorded, Unsaved
from moothall.core.views.captions import CaptionsView, Line
from moothall.wire.frames import FrameEvent, Pulse, Received, Source

LATE_MS = 5_000
"""From here on a delay is told, and told again when it has changed by as much."""
PULSE_MS = 15_000
"""A stream in which nothing comes has a pulse this often: fewer than elsewhere, since each costs a packet."""

MOST_PUBLISHED = 50
"""Questions whose words are kept until they are called. Overflow: the oldest; then its number alone is told."""

_SILENT = (
    ev.SourceAttached
    | ev.SourceEnded
    | ev.ClockMapped
    | ev.WriterChanged
    | ev.EngineAttached
    | ev.SegmentOpened
    | ev.WordsCommitted
    | ev.RecordCheckpoint
    | ev.BodyRemoved
    | ev.SegmentsMovedHere
    | ev.NoteOrTag
    | ev.TermChosen
    | ev.CloseRequested
    | ev.QuestionFact
    | ev.HubPresenceChanged
    | UnknownEvent
)
"""Events that change nothing for a reader of finished lines."""
_URGENT = (ev.SessionOpened, ev.SessionPaused, ev.SessionResumed, ev.SessionClosed, ev.NotRecordedBegan)
"""Events that don't wait for the next batch."""


class LowData:
    """One reader's stream. Frames of the feed go in, batches come out when the door asks for them."""

    def __init__(self, view: CaptionsView, offset: int) -> None:
        """`view` is the feed as of now or before; `offset` is what the reader has seen."""
        self._view = view
        self._offset = offset
        self.head = offset
        """What the reader has of it: its offset as of the last batch."""
        # Bound: what is said between two batches, which the door sends every 40 s.
        self._items: list[object] = []
        self._texts: dict[SegmentId, int] = {}
        """Where in `_items` the texts of lines are."""
        self._before: Line | None = None
        self._number = 0
        self._called: InterventionId | None = None
        """What is asked now, as far as the reader was told."""
        # Bound: what is asked until the next one is called.
        self._later: set[InterventionId] | None = set()
        """What came to be checked since the reader's page was made, until the reader is told what is called: the page
        says of none of these that it is asked now."""
        # Bound: MOST_PUBLISHED.
        self._published: dict[InterventionId, FrameEvent] = {}
        """What a question says that was published since, until it is called."""
        self._signals: dict[str, AnySignal] = {}
        self._plain: dict[str, object] = {}
        self.urgent = False
        """Whether what waits should go out now."""

    @property
    def waits(self) -> bool:
        """Whether there is anything for a batch."""
        return bool(self._items or self._signals)

    def take(self, frame: Received) -> None:
        """Take in a frame with events or signals."""
        for event in frame.events:
            body = event.original
            what = None if body is None else decode_event(body)
            self._view = self._view.apply(event.offset, event.role, what)
            if event.offset > self._offset:
                self._offset = event.offset
                self._event(event, what)
        for signal in frame.signals:
            self._signal(signal)

    def restart(self, view: CaptionsView) -> None:
        """The reader gets a snapshot, which makes everything before it superfluous."""
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
        """What waits, as one JSON text; without anything it says only where the reader stands."""
        self.head = self._offset
        items = [self._offset, *self._items, *self._signals.values()]
        self._items.clear()
        self._texts.clear()
        self._signals.clear()
        self.urgent = False
        return msgspec.json.encode(items)

    def pulse(self, source: Source) -> bytes:
        """What says, as one JSON text, that the line is alive where nothing else is to be said."""
        return msgspec.json.encode(Pulse(head=self.head, age=source.age, every=PULSE_MS, lost=source.lost))

    def _event(self, event: FrameEvent, what: ev.AnyEvent | UnknownEvent | None) -> None:
        match what:
            case ev.SegmentEnded():
                self._line(what.segment)
            case ev.SegmentCorrected() if self._grows(what.segment):
                pass  # It comes as it stands when it ends.
            case ev.SegmentCorrected() if what.segment in self._texts and (what.machine or event.role is Role.ENGINE):
                self._items[self._texts[what.segment]] = (what.text + what.tail).strip()
            case ev.InterventionPublished():
                self._published[what.intervention] = event
                while len(self._published) > MOST_PUBLISHED:
                    del self._published[next(iter(self._published))]
            case ev.InterventionStatusChanged() if (
                self._later is not None and what.status is InterventionStatus.CHECKED
            ):
                self._later.add(what.intervention)
            case ev.InterventionStatusChanged() if what.status is InterventionStatus.CALLED or self._may_be_called(
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
                pass  # Removed before it was read.
            case _ if not isinstance(what, _SILENT):
                self._items.append(_row(event))
                self.urgent |= isinstance(what, _URGENT)

    def _may_be_called(self, name: InterventionId) -> bool:
        """Whether the reader's page may say of it that it is asked now."""
        return name == self._called if self._later is None else name not in self._later

    def _grows(self, segment: SegmentId) -> bool:
        number = self._view.index.get(segment)
        return number is not None and self._view.lines[number].t1 is None

    def _line(self, segment: SegmentId) -> None:
        at = self._view.index.get(segment)
        if at is None:
            return  # Of before the snapshot that the view began from.
        line, number = self._view.lines[at], self._view.skipped + at
        if line.gone:
            return
        before = self._before
        if before is not None and number == self._number + 1 and _alike(before, line):
            later = line.t0 // 1_000 - before.t0 // 1_000
            about: object = later if line.speaker == before.speaker else (line.speaker, later)
        else:
            state = (line.language, line.origin.value, line.speaker, line.mended + line.accepted)
            way = True if line.respoken else line.tool
            about = (number, line.segment, line.t0 // 1_000, *state, *([way] if way else []))
        self._items += (about, line.text.strip())
        self._texts[segment] = len(self._items) - 1
        self._before, self._number = line, number

    def _signal(self, signal: AnySignal) -> None:
        before = self._plain.get(signal.key, _QUIET.get(type(signal)))
        match signal:
            case ChannelState():
                if signal.sound is Sound.SILENCE:  # Its end is no news, so that it would stand for long.
                    signal = msgspec.structs.replace(signal, sound=Sound.SPEECH)
                gist: object = (signal.sound is Sound.NONE, signal.lag // LATE_MS)
            case Unsaved() | Unrecorded():
                gist = signal.text
            case LastWords():
                gist = signal.awaited
            case StandIn():
                gist = signal.instead
            case _:
                return  # Words that still may change.
        if before != gist:
            self._signals[signal.key] = signal
            turned = _soundless(before) is not _soundless(gist)
            self.urgent |= turned or gist == "" or isinstance(signal, LastWords | StandIn)
        self._plain[signal.key] = gist


_QUIET: dict[type, object] = {ChannelState: (False, 0), Unsaved: "", Unrecorded: "", LastWords: False, StandIn: None}
"""What a reader takes for granted of whom nothing was told."""


def _row(event: FrameEvent) -> dict[str, object]:
    return {"offset": event.offset, "at": event.at, "by": event.by, "body": event.body}


def _soundless(gist: object) -> object:
    """Whether no sound comes, where that is what was told."""
    return gist[0] if isinstance(gist, tuple) else None


def _alike(before: Line, line: Line) -> bool:
    """Whether a line can be told from the one before it by its time, speaker and text."""
    return line.segment == _next(before.segment) and (
        (line.language, line.origin, line.mended, line.accepted, line.tool, line.respoken)
        == (before.language, before.origin, before.mended, before.accepted, before.tool, before.respoken)
    )


def _next(segment: SegmentId) -> str:
    return re.sub(r"\d{1,15}$", lambda digits: str(int(digits[0]) + 1), segment)
