"""The record as JSON, for programs: docs/reference/record.md says what stands where.

Its JSON Schema, docs/reference/record.schema.json, is generated from the types here. Fields are only ever added; a
changed meaning is a higher `version`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.events.question_parts import InterventionStatus, Kind
from moothall.core.events.types import ChannelKind, GapReason, LaneHead, MadeFrom, Origin
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import Position
from moothall.core.kernel.languages import direction
from moothall.core.questions.listing import QuestionCounts
from moothall.core.session.state import Status
from moothall.core.views.quality import Quality
from moothall.record.model import Absence, Checkpoint, Missing, Record, RecordedLine, Seal
from moothall.record.questions import Answer
from moothall.record.wording import AskedWording, Options, Wording
from moothall.record.wrapping import plain


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """The session."""

    id: str
    """Its id, as in its address."""
    title: str
    """Its title as it was given; empty where it has none."""
    languages: tuple[str, ...]
    """BCP-47 tags of what may be spoken; the first is the one expected."""
    status: Status
    """Where it is in its life."""
    opened: int | None
    """Unix ms of media time 0; null before it began."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the session's texts this is."""

    channel: str
    """Its name in addresses."""
    kind: ChannelKind
    """What it carries."""
    languages: tuple[str, ...]
    """BCP-47 tags that its lines may have; the first is the one expected."""


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line: about a sentence."""

    id: str
    """Unique in the session. It never changes, so it can be cited."""
    language: str
    """BCP-47 tag of the text."""
    direction: Literal["ltr", "rtl", "auto"]
    """Which way the text runs."""
    text: str
    """The text, on one line, never blank."""
    origin: Origin
    """How it came about first."""
    mended: bool
    """Whether a person corrected it."""
    accepted: bool
    """Whether that was no more than to accept what a machine proposed."""
    revision: int
    """How many corrections it has had, a machine's own included."""
    source: str
    """Origin and mending in words."""
    tool: str | UnsetType = UNSET
    """The public name of the outside tool that sent it, or the line that it was translated from; not there with any
    other line."""
    respoken: bool | UnsetType = UNSET
    """True where a machine heard a respeaker; not there with any other line."""
    t0: int | UnsetType = UNSET
    """Start, media ms. Absent with `times=0`."""
    t1: int | UnsetType | None = UNSET
    """End, media ms; null while it grows. Absent with `times=0`."""
    speaker: str | UnsetType | None = UNSET
    """Id of the speaker; null where nobody is named. Absent with `speakers=0`."""
    name: str | UnsetType = UNSET
    """The speaker's name; empty where nobody is named. Absent with `speakers=0`."""
    made_from: MadeFrom | UnsetType = UNSET
    """What a translated line was made of; absent with any other line."""


class DocumentMissing(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text."""

    absence: Absence
    """Whether something failed, or it was meant not to be kept."""
    reason: GapReason | None
    """What failed; null where nothing did."""
    text: str
    """The same in words."""
    t0: int | UnsetType = UNSET
    """Start, media ms. Absent with `times=0`."""
    t1: int | UnsetType | None = UNSET
    """End, media ms; null while it lasts. Absent with `times=0`."""


class DocumentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in writing."""

    text: str
    """Lines are apart by a line feed, none of them blank."""
    language: str
    """BCP-47 tag of the text."""
    direction: Literal["ltr", "rtl", "auto"]
    """Which way the text runs."""


class DocumentIntervention(msgspec.Struct, frozen=True, kw_only=True):
    """A question, a comment or a wish to speak."""

    id: str
    """Unique in the session."""
    number: int
    """What it is called by, counted from 1. Numbers are missing of those that were never published."""
    kind: Kind
    """What somebody wanted."""
    language: str
    """BCP-47 tag of the text."""
    direction: Literal["ltr", "rtl", "auto"]
    """Which way the text runs."""
    text: str
    """As everybody may read it, lines apart by a line feed; empty where it was taken back or removed, or has none."""
    name: str | UnsetType = UNSET
    """The name that was chosen; empty for none. Absent with `speakers=0`."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    status: InterventionStatus
    """Where it stands."""
    stands: str
    """The same in words."""
    reason: str
    """Always empty: why it was not taken is for its author. Earlier releases told it here."""
    joined_with: int | None
    """The number of the question that it was joined with."""
    line: str | None
    """Id of the line in `lines` at which it was answered; null where none was named, or the line isn't there."""
    answer: DocumentAnswer | None
    """The answer in writing."""
    support: int
    """How many would ask it too."""
    removed: bool
    """Whether its words were removed for good."""
    t: int | UnsetType = UNSET
    """When it was asked, media ms. Absent with `times=0`."""


class DocumentHub(msgspec.Struct, frozen=True, kw_only=True):
    """A room far away that took part."""

    hub: str
    """Its name; one below another has that one's in front."""
    title: str
    """What people call it."""
    most: int | None
    """The most people that were counted there at any time; null where nobody has counted."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    format: Literal["moothall.record"] = "moothall.record"
    """Always this."""
    version: Literal[1] = 1
    """Of the format."""
    session: Meeting
    """The meeting that this is of."""
    text: Text
    """Which of its texts this is."""
    language: str
    """BCP-47 tag of what is said in words: `notice`, `source` and the spans without text."""
    notice: str
    """What the text is good for and what it isn't."""
    finished: bool
    """Whether no more is said. Corrections may come all the same."""
    until: int
    """Media ms up to which the text goes."""
    position: Position
    """The state of the log that this shows. Equal positions, addresses and languages give equal files."""
    lines: tuple[DocumentLine, ...]
    """In order of time."""
    missing: tuple[DocumentMissing, ...]
    """In order of time."""
    interventions: tuple[DocumentIntervention, ...]
    """What was asked and published, by number. The same in every text of the session."""
    figures: QuestionCounts
    """How many asked, published or not, and what became of them."""
    hubs: tuple[DocumentHub, ...]
    """The rooms far away that took part, in the order in which they came."""
    quality: Quality | None
    """How good the text is; null where fewer than 50 words were recognised."""
    heads: dict[str, LaneHead]
    """Where the chains stand of the lanes that this was made from."""
    checkpoint: Checkpoint | None
    """The newest signed state of all public lanes; null before the first."""
    seal: Seal | None
    """What was last vouched for; null before the first."""


def document(record: Record, wording: Wording, options: Options) -> Document:
    """What the file holds."""
    session = record.session
    return made_of(
        Document,
        record,
        session=made_of(Meeting, session),
        text=made_of(Text, record),
        language=wording.language,
        notice=wording.notice,
        finished=record.finished,
        until=record.until,
        lines=tuple([_line(line, wording, options) for line in record.lines]),
        missing=tuple([_missing(span, wording, options) for span in record.missing]),
        interventions=tuple(_interventions(record, wording.asked, options)),
        hubs=tuple(
            DocumentHub(hub=hub, title=plain(each.title), most=each.most or None) for hub, each in session.hubs.items()
        ),
        heads={str(lane): record.heads[lane] for lane in sorted(record.heads)},
    )


def write_json(record: Record, wording: Wording, options: Options) -> bytes:
    """The record as JSON, UTF-8."""
    return msgspec.json.encode(document(record, wording, options)) + b"\n"


def _line(line: RecordedLine, wording: Wording, options: Options) -> DocumentLine:
    return made_of(
        DocumentLine,
        line,
        id=line.segment,
        direction=direction(line.language),
        source=wording.source(line),
        t0=line.t0 if options.times else UNSET,
        t1=line.t1 if options.times else UNSET,
        speaker=line.speaker if options.speakers else UNSET,
        name=line.name if options.speakers else UNSET,
        made_from=UNSET if line.made_from is None else line.made_from,
    )


def _interventions(record: Record, words: AskedWording, options: Options) -> Iterator[DocumentIntervention]:
    lines = record.by_source()
    for each in record.asked:
        line = None if each.segment is None else lines.get(each.segment)
        yield made_of(
            DocumentIntervention,
            each,
            direction=direction(each.language),
            name=each.name if options.speakers else UNSET,
            stands=words.stands(each),
            reason="",
            line=None if line is None else line.segment,
            answer=None if each.answer is None else _answer(each.answer),
            t=each.t if options.times else UNSET,
        )


def _answer(answer: Answer) -> DocumentAnswer:
    return DocumentAnswer(text=answer.text, language=answer.language, direction=direction(answer.language))


def _missing(span: Missing, wording: Wording, options: Options) -> DocumentMissing:
    return DocumentMissing(
        absence=span.absence,
        reason=span.reason,
        text=wording.missing(span),
        t0=span.t0 if options.times else UNSET,
        t1=span.t1 if options.times else UNSET,
    )
