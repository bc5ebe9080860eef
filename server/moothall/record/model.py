"""The record of one text of a session, from which all formats are written.

It is a fold over the log, like everything that people see (`text_fold`). A record also has what a reader's page doesn't
need: all gaps and spans that were not recorded, the times of words, and the data for verifying the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, Position, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.languages import written_tag, written_tags
from moothall.core.questions.interventions import Questions, evolve_questions
from moothall.core.questions.listing import QuestionCounts, figures_of
from moothall.core.sessions.state import Status
from moothall.core.sessions.topics import is_nothing
from moothall.core.views.captions import Line, Session
from moothall.core.views.quality import Quality, QualityView
from moothall.record.chapters import RecordedChapter, chapters_of
from moothall.record.questions import RecordedQuestion, asked_in
from moothall.record.text_fold import TextFold
from moothall.record.wrapping import plain


class RecordedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record."""

    segment: SegmentId
    t0: int
    """Start, media ms."""
    t1: int | None
    """End, media ms; None while the line grows."""
    language: str
    """BCP-47 tag; `und` where the log has none that is well-formed."""
    origin: le.Origin
    mended: bool
    """Whether a person corrected the line."""
    accepted: bool
    """Whether the only such corrections were proposals of a machine, accepted unchanged."""
    revision: int
    """How many corrections the line has had, with those by a machine."""
    speaker: SpeakerId | None
    name: str
    """The speaker's shown name, as a single row; empty where nobody is named."""
    text: str
    """The whole text as a single row, never blank."""
    words: tuple[le.Word, ...] = ()
    """The words as they were first committed, for their times; none in a line that was typed."""
    made_from: le.MadeFrom | None = None
    """From which line it was translated; None when it is no translation."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent the line or, in a translation, its original; UNSET otherwise."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a machine recognised a respeaker; UNSET otherwise."""
    voice_changes: bool | msgspec.UnsetType = msgspec.UNSET
    """True when somebody else speaks after this line, named or not; UNSET otherwise."""
    rough: bool | msgspec.UnsetType = msgspec.UNSET
    """True when a recogniser wrote it roughly; UNSET otherwise."""
    cues: bool = False
    """Whether the words are the captions of the file from which the line was imported."""


class Absence(StrEnum):
    """Why a span has no text."""

    GAP = "gap"
    """Something failed."""
    NOT_RECORDED = "not-recorded"
    """Somebody asked that it not be recorded."""
    BREAK = "break"
    """There was a break."""


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text."""

    t0: int
    t1: int | None
    """End, media ms; None while the span lasts."""
    absence: Absence
    reason: ev.GapReason | None = None
    """What failed; None unless it is a gap."""
    set_back: bool = False
    """Whether it is a break whose end was set back, so that the text after it begins before the end was declared."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The newest signed checkpoint. The signature covers `moothall.core.chain.checkpoint_bytes`."""

    offset: int
    """Offset of the checkpoint's event."""
    at: int
    """Unix ms."""
    key: str
    """Id of the Ed25519 key, as in `/.well-known/moothall.json`."""
    signature: str
    """Base64."""
    lanes: dict[str, ev.LaneHead]
    """The head of each public lane before the checkpoint."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The newest seal."""

    offset: int
    """Offset of the seal's event."""
    at: int
    """Unix ms."""
    version: ev.SealVersion
    """Which work on the text is complete."""
    n: int
    """Number of the seal, from 1."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one channel. Equal logs give equal records, since it contains neither the time nor the server of
    its making.
    """

    session: Session
    """The session as readers see it."""
    channel: ChannelId
    kind: ev.ChannelKind
    languages: tuple[str, ...]
    """BCP-47 tags that the lines may have; the first is the expected one. None that is not well-formed."""
    position: Position
    """The position in the log that the record shows."""
    at: int = 0
    """Unix ms of the newest event of what the record shows; 0 before the first."""
    lines: tuple[RecordedLine, ...]
    """The lines, in order of time; none is blank."""
    missing: tuple[Missing, ...]
    """Spans without text, in order of time."""
    quality: Quality | None
    """Quality figures of the text; None when too few words were recognised."""
    heads: dict[Lane, ev.LaneHead]
    """The heads of the lanes from which the record was made."""
    checkpoint: Checkpoint | None
    seal: Seal | None
    asked: tuple[RecordedQuestion, ...]
    """The published interventions, by number."""
    chapters: tuple[RecordedChapter, ...] = ()
    """What was taken up, by time."""
    ends: tuple[int, ...] = ()
    """When nothing was taken up any more, media ms, by time."""
    figures: QuestionCounts
    """How many interventions there were, published or not, and how many were answered."""

    @property
    def id(self) -> SessionId:
        """The session's id."""
        return self.session.id

    def by_source(self) -> dict[SegmentId, RecordedLine]:
        """The lines by their own ids and, for translated lines, also by the ids of their source lines. Of several lines
        the last counts.
        """
        return {source: line for line in self.lines for source in source_ids(line)}

    @property
    def language(self) -> str:
        """The expected BCP-47 tag of the text; empty when the log names no language."""
        return self.languages[0] if self.languages else ""

    @property
    def finished(self) -> bool:
        """Whether the session is closed. Corrections may still follow."""
        return self.session.status is Status.CLOSED

    @property
    def until(self) -> int:
        """Media ms up to which the record has lines or spans without text."""
        ends = [line.t0 if line.t1 is None else line.t1 for line in self.lines[-1:]]
        return max([0, *ends, *(span.t0 if span.t1 is None else span.t1 for span in self.missing)])


class RecordFold(TextFold):
    """Builds a record from a session's log."""

    def __init__(self, session: SessionId, epoch: Epoch, channel: ChannelId) -> None:
        super().__init__(session, epoch, Feed(channel))
        self._quality = QualityView()
        self._words: dict[SegmentId, tuple[le.Word, ...]] = {}
        self._cues: set[SegmentId] = set()
        self._gaps: list[Missing] = []
        self._unkept: list[Missing] = []
        self._breaks: list[Missing] = []
        self._newest: dict[Lane, LogRecord] = {}
        self._checkpoint: Checkpoint | None = None
        self._seal: Seal | None = None
        self._at = 0
        self._questions = Questions()

    def _note(self, record: LogRecord, event: ev.AnyEvent | UnknownEvent | None) -> None:
        header = record.header
        self._quality = self._quality.apply(header.at, header.role, event)
        self._at = header.at
        self._newest[header.lane] = record
        match event:
            case le.SegmentOpened():
                if event.cues:
                    self._cues.add(event.segment)
            case le.SegmentEnded() | le.SegmentCorrected():
                pass  # The view has them. These are most of a text's events, so they come before the questions' many.
            case le.WordsCommitted():
                self._words[event.segment] = (*self._words.get(event.segment, ()), *event.words)
            case le.SegmentSplit():
                self._words[event.segment] = self._words.get(event.segment, ())[: event.word]
            case ev.GapNoted() if event.channel == self.feed.channel:
                self._gaps.append(Missing(t0=event.t0, t1=event.t1, absence=Absence.GAP, reason=event.reason))
            case ev.NotRecordedBegan():
                self._unkept.append(Missing(t0=event.t0, t1=None, absence=Absence.NOT_RECORDED))
            case ev.NotRecordedEnded() if self._unkept:
                began = self._unkept.pop()
                if began.t0 < event.t1:  # An empty span means that another one began at once.
                    self._unkept.append(msgspec.structs.replace(began, t1=event.t1))
            case ev.SessionPaused() if event.t0 is not None:
                self._breaks.append(Missing(t0=event.t0, t1=None, absence=Absence.BREAK))
            case ev.SessionResumed() | ev.SessionClosed() if self._breaks and self._breaks[-1].t1 is None:
                self._end_break(event)
            case ev.RecordCheckpoint():
                self._checkpoint = made_of(Checkpoint, event, offset=header.offset, at=header.at)
            case ev.RecordSealed():
                self._seal = made_of(Seal, event, offset=header.offset, at=header.at)
            case _ if isinstance(event, qe.QuestionFact):
                self._questions = evolve_questions(self._questions, event)
            case _:
                pass

    def _end_break(self, event: ev.SessionResumed | ev.SessionClosed) -> None:
        """End the present break by the same rule as a reader's page (`core/views/captions.py`)."""
        lasting = self._breaks.pop()
        t1 = event.t if isinstance(event, ev.SessionClosed) or event.t1 is None else event.t1
        if lasting.t0 < t1 or t1 < event.t:
            end = max(lasting.t0, t1)
            self._breaks.append(msgspec.structs.replace(lasting, t1=end, set_back=t1 < event.t))

    def record(self) -> Record:
        """Return the record of all events so far."""
        session = self._view.session
        channel = session.channels.get(self.feed.channel)
        return Record(
            session=msgspec.structs.replace(session, languages=written_tags(session.languages)),
            channel=self.feed.channel,
            kind=ev.ChannelKind.FLOOR if channel is None else channel.kind,
            languages=() if channel is None else written_tags(channel.languages),
            position=self._view.position,
            at=self._at,
            lines=tuple(
                recorded(
                    line,
                    text,
                    session.speakers,
                    self._words.get(line.segment, ()),
                    cues=line.segment in self._cues,
                )
                for line in self._view.lines
                if not line.gone and (text := plain(line.text)).strip()
            ),
            missing=tuple(sorted((*self._gaps, *self._unkept, *self._breaks), key=lambda span: span.t0)),
            quality=self._quality.quality(self.feed.channel),
            heads={
                lane: ev.LaneHead(record.header.offset, record.digest.hex()) for lane, record in self._newest.items()
            },
            checkpoint=self._checkpoint,
            seal=self._seal,
            asked=asked_in(self._questions, closed=session.status is Status.CLOSED),
            chapters=chapters_of(session, self._questions),
            ends=tuple(topic.t for topic in session.topics or () if is_nothing(topic)),
            figures=figures_of(self._questions),
        )


def recorded(
    line: Line, text: str, speakers: Mapping[SpeakerId, str], words: Sequence[le.Word] = (), *, cues: bool = False
) -> RecordedLine:
    """A line that readers see, in the form of the record; `text`: its text as a single row."""
    return made_of(
        RecordedLine,
        line,
        language=written_tag(line.language),
        name=plain(speakers.get(line.speaker, "")) if line.speaker else "",
        text=text,
        words=words,
        cues=cues,
        made_from=None if isinstance(line.made_from, msgspec.UnsetType) else line.made_from,
    )


def source_ids(line: RecordedLine) -> tuple[SegmentId, ...]:
    """A line's own id, and the ids of the lines that it was translated from."""
    sources = () if line.made_from is None else line.made_from.sources
    return (line.segment, *(source.segment for source in sources))
