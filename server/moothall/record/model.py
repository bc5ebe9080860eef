"""The record of one text of a session: what the written formats are made of.

It is a fold over the log, as everything that people see: the lines are those of `CaptionsView`, so that a record can't
differ from what was shown. Around them stand what a record needs and a reader's page doesn't: all gaps and spans that
were not recorded, the words' times, and what the text can be verified by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.core.chain import Header, LogRecord
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent, decode_event
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, Position, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.lanes import Feed
from moothall.core.questions.interventions import Questions, evolve_questions
from moothall.core.questions.listing import QuestionCounts, figures_of
from moothall.core.session.state import Status
from moothall.core.views.captions import CaptionsView, Line, Session
from moothall.core.views.quality import Quality, QualityView
from moothall.record.questions import RecordedQuestion, asked_in
from moothall.record.wrapping import plain


class RecordedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it stands in the record."""

    segment: SegmentId
    t0: int
    """Start, media ms."""
    t1: int | None
    """End, media ms; None while it grows."""
    language: str
    """BCP-47 tag."""
    origin: ev.Origin
    mended: bool
    """Whether a person corrected it."""
    accepted: bool
    """Whether that was no more than to accept what a machine proposed."""
    revision: int
    """How many corrections it has had, a machine's included."""
    speaker: SpeakerId | None
    name: str
    """How the speaker is shown, on one line; empty where nobody is named."""
    text: str
    """All of its text, not blank, on one line."""
    words: tuple[ev.Word, ...] = ()
    """Its words as they were first committed, for their times; none where it was typed."""
    made_from: ev.MadeFrom | None = None
    """What it was translated from; None where it wasn't."""
    tool: str | msgspec.UnsetType = msgspec.UNSET
    """The public name of the outside tool that sent it, or the line that it was translated from."""
    respoken: bool | msgspec.UnsetType = msgspec.UNSET
    """True where a machine heard a respeaker."""


class Absence(StrEnum):
    """Why a span has no text and never will."""

    GAP = "gap"
    """Something failed."""
    NOT_RECORDED = "not-recorded"
    """It was meant not to be kept."""
    BREAK = "break"
    """There was a break."""


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text."""

    t0: int
    t1: int | None
    """End, media ms; None while it lasts."""
    absence: Absence
    reason: ev.GapReason | None = None
    """What happened, of a gap."""
    set_back: bool = False
    """Whether the text behind a break begins before somebody had ended it."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The newest signed checkpoint: `moothall.core.chain.checkpoint_bytes` is what its signature covers."""

    offset: int
    """The event that it is."""
    at: int
    """Unix ms."""
    key: str
    """Id of the Ed25519 key, as in `/.well-known/moothall.json`."""
    signature: str
    """Base64."""
    lanes: dict[str, ev.LaneHead]
    """Head of each public lane before it."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The newest seal."""

    offset: int
    """The event that it is."""
    at: int
    """Unix ms."""
    version: ev.SealVersion
    """What was done with the text."""
    n: int
    """Counts the seals from 1."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one channel. Equal logs give equal records: it holds no time or place of its making."""

    session: Session
    """The session as readers see it."""
    channel: ChannelId
    kind: ev.ChannelKind
    languages: tuple[str, ...]
    """BCP-47 tags that the lines may have; the first is the one expected."""
    position: Position
    """What of the log the record shows."""
    lines: tuple[RecordedLine, ...]
    """In order of time, none of them blank."""
    missing: tuple[Missing, ...]
    """In order of time."""
    quality: Quality | None
    """How good the text is; None where too few words were recognised to say anything."""
    heads: dict[Lane, ev.LaneHead]
    """Where the chains of the lanes stand that the record was made from."""
    checkpoint: Checkpoint | None
    seal: Seal | None
    asked: tuple[RecordedQuestion, ...]
    """What was asked and published, by number."""
    figures: QuestionCounts
    """How many asked, published or not."""

    @property
    def id(self) -> SessionId:
        """The session's id."""
        return self.session.id

    def by_source(self) -> dict[SegmentId, RecordedLine]:
        """Each line by its own id and, translated, by those of the lines that it was made from; of several the last."""
        return {source: line for line in self.lines for source in _made_of(line)}

    @property
    def language(self) -> str:
        """The BCP-47 tag of most of the text; empty where nothing is said of it."""
        return self.languages[0] if self.languages else ""

    @property
    def finished(self) -> bool:
        """Whether no more is said; corrections may still come."""
        return self.session.status is Status.CLOSED

    @property
    def until(self) -> int:
        """Media ms up to which there is anything."""
        ends = [line.t0 if line.t1 is None else line.t1 for line in self.lines[-1:]]
        return max([0, *ends, *(span.t0 if span.t1 is None else span.t1 for span in self.missing)])


class RecordFold:
    """Makes a record out of a session's log, event by event; it can go on from where it stopped."""

    def __init__(self, session: SessionId, epoch: Epoch, channel: ChannelId) -> None:
        self.feed = Feed(channel)
        self._view = CaptionsView.empty(session, epoch, self.feed)
        self._quality = QualityView()
        self._words: dict[SegmentId, tuple[ev.Word, ...]] = {}
        self._gaps: list[Missing] = []
        self._unkept: list[Missing] = []
        self._breaks: list[Missing] = []
        self._heads: dict[Lane, ev.LaneHead] = {}
        self._checkpoint: Checkpoint | None = None
        self._seal: Seal | None = None
        self._questions = Questions()

    @property
    def position(self) -> Position:
        """What has been taken in."""
        return self._view.position

    def take(self, records: Sequence[LogRecord]) -> bool:
        """Take in the next records of the feed's lanes; returns whether bodies were removed by one of them.

        Then what was taken in before may hold what is gone, and a new fold has to begin. Raises RecordBroken when a
        body can't be read.
        """
        removed = False
        for record in records:
            event = None if record.body is None else decode_event(record.body)
            header = record.header
            self._view = self._view.apply(header.offset, header.role, event)
            self._quality = self._quality.apply(header.at, header.role, event)
            self._heads[header.lane] = ev.LaneHead(header.offset, record.digest.hex())
            self._note(header, event)
            removed = removed or isinstance(event, ev.BodyRemoved)
        return removed

    def _note(self, header: Header, event: ev.AnyEvent | UnknownEvent | None) -> None:
        if isinstance(event, ev.QuestionFact):
            self._questions = evolve_questions(self._questions, event)
            return
        match event:
            case ev.WordsCommitted():
                self._words[event.segment] = (*self._words.get(event.segment, ()), *event.words)
            case ev.GapNoted() if event.channel == self.feed.channel:
                self._gaps.append(Missing(t0=event.t0, t1=event.t1, absence=Absence.GAP, reason=event.reason))
            case ev.NotRecordedBegan():
                self._unkept.append(Missing(t0=event.t0, t1=None, absence=Absence.NOT_RECORDED))
            case ev.NotRecordedEnded() if self._unkept:
                began = self._unkept.pop()
                if began.t0 < event.t1:  # Else it began anew at once.
                    self._unkept.append(msgspec.structs.replace(began, t1=event.t1))
            case ev.SessionPaused() if event.t0 is not None:
                self._breaks.append(Missing(t0=event.t0, t1=None, absence=Absence.BREAK))
            case ev.SessionResumed() | ev.SessionClosed() if self._breaks and self._breaks[-1].t1 is None:
                self._end_break(event)
            case ev.RecordCheckpoint():
                self._checkpoint = made_of(Checkpoint, event, offset=header.offset, at=header.at)
            case ev.RecordSealed():
                self._seal = made_of(Seal, event, offset=header.offset, at=header.at)
            case _:
                pass

    def _end_break(self, event: ev.SessionResumed | ev.SessionClosed) -> None:
        """As a reader's page tells of it (`core/views/captions.py`)."""
        lasting = self._breaks.pop()
        t1 = event.t if isinstance(event, ev.SessionClosed) or event.t1 is None else event.t1
        if lasting.t0 < t1 or t1 < event.t:
            end = max(lasting.t0, t1)
            self._breaks.append(msgspec.structs.replace(lasting, t1=end, set_back=t1 < event.t))

    def record(self) -> Record:
        """The record as far as it has been taken in."""
        session = self._view.session
        channel = session.channels.get(self.feed.channel)
        return Record(
            session=session,
            channel=self.feed.channel,
            kind=ev.ChannelKind.FLOOR if channel is None else channel.kind,
            languages=() if channel is None else channel.languages,
            position=self._view.position,
            lines=tuple(
                recorded(line, text, session.speakers, self._words.get(line.segment, ()))
                for line in self._view.lines
                if not line.gone and (text := plain(line.text)).strip()
            ),
            missing=tuple(sorted((*self._gaps, *self._unkept, *self._breaks), key=lambda span: span.t0)),
            quality=self._quality.quality(self.feed.channel),
            heads=dict(self._heads),
            checkpoint=self._checkpoint,
            seal=self._seal,
            asked=asked_in(self._questions, closed=session.status is Status.CLOSED),
            figures=figures_of(self._questions),
        )


def recorded(line: Line, text: str, speakers: Mapping[SpeakerId, str], words: Sequence[ev.Word] = ()) -> RecordedLine:
    """A line that readers see, as the record has it; `text`: its own, on one line."""
    return made_of(
        RecordedLine,
        line,
        name=plain(speakers.get(line.speaker, "")) if line.speaker else "",
        text=text,
        words=words,
        made_from=None if isinstance(line.made_from, msgspec.UnsetType) else line.made_from,
    )


def _made_of(line: RecordedLine) -> tuple[SegmentId, ...]:
    sources = () if line.made_from is None else line.made_from.sources
    return (line.segment, *(source.segment for source in sources))
