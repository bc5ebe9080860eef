"""The record as JSON, for programs; docs/reference/record.md describes the format.

Its JSON Schema, docs/reference/record.schema.json, is generated from the types here. Fields are only ever added; a
changed meaning is a higher `version`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.events.lines import MadeFrom, Origin
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import ChannelKind, GapReason, LaneHead
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import Position
from moothall.core.kernel.languages import direction
from moothall.core.questions.listing import QuestionCounts
from moothall.core.sessions.state import Status
from moothall.core.views.quality import Quality
from moothall.record.chapters import RecordedChapter
from moothall.record.model import Absence, Checkpoint, Missing, Record, RecordedLine, Seal
from moothall.record.questions import WrittenAnswer
from moothall.record.wording import AskedWording, Options, Wording
from moothall.record.wrapping import plain


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """The session."""

    id: str
    """The session's id, as in its address."""
    title: str
    """The title as it was given; empty where the session has none."""
    languages: tuple[str, ...]
    """BCP-47 tags of the languages that may be spoken; the first is the expected one."""
    status: Status
    """The session's stage: not begun, on, in a break, closed."""
    opened: int | None
    """Unix ms of media time 0; null before it began."""


class DocumentImport(msgspec.Struct, frozen=True, kw_only=True):
    """From which file a text comes that was not written in this log."""

    form: str
    """The format of the file: `vtt`, `srt`, `ttml`, `txt`, `akn`, or `json` for a record of Moothall's."""
    producer: str
    """The program that wrote the file, such as `Zoom`; empty where the file doesn't say."""
    at: int
    """Unix ms of the import."""
    estimated: bool
    """Whether the file has no times: those of the lines are estimated from the lengths of their texts."""
    ground: str
    """On what ground it may be read by others than the staff; empty where none was stated."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """The channel that this record is of."""

    channel: str
    """The channel's id, as in addresses."""
    kind: ChannelKind
    """What the channel carries."""
    languages: tuple[str, ...]
    """BCP-47 tags that the lines may have; the first is the expected one."""


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line: about a sentence."""

    id: str
    """Unique in the session. The id never changes, so the line can be cited by it."""
    language: str
    """BCP-47 tag of the text."""
    direction: Literal["ltr", "rtl", "auto"]
    """Direction of the text."""
    text: str
    """The text as a single row, never blank."""
    origin: Origin
    """How the first version of the text came about."""
    mended: bool
    """Whether a person corrected the line."""
    accepted: bool
    """Whether the only such corrections were proposals of a machine, accepted unchanged."""
    revision: int
    """How many corrections the line has had, with those by a machine."""
    source: str
    """Origin and corrections in words."""
    tool: str | UnsetType = UNSET
    """The public name of the outside tool that sent the line or, in a translation, its original; absent with any other
    line."""
    respoken: bool | UnsetType = UNSET
    """True when a machine recognised a respeaker; absent with any other line."""
    voice_changes: bool | UnsetType = UNSET
    """True when somebody else speaks after this line, named or not; absent otherwise."""
    rough: bool | UnsetType = UNSET
    """True when a recogniser wrote it in a language in which it gets many words wrong: not for quoting before a person
    has corrected it (`mended`). Absent with any other line, and once the record was sealed as checked."""
    t0: int | UnsetType = UNSET
    """Start, media ms. Absent with `times=0`."""
    t1: int | UnsetType | None = UNSET
    """End, media ms; null while the line grows. Absent with `times=0`."""
    speaker: str | UnsetType | None = UNSET
    """Id of the speaker; null where nobody is named. Absent with `speakers=0`."""
    name: str | UnsetType = UNSET
    """The speaker's name; empty where nobody is named. Absent with `speakers=0`."""
    made_from: MadeFrom | UnsetType = UNSET
    """From which line it was translated, and by which route; absent with any other line."""


class DocumentMissing(msgspec.Struct, frozen=True, kw_only=True):
    """A span without text."""

    absence: Absence
    """Why there is no text: something failed, the session was not recorded, or there was a break."""
    reason: GapReason | None
    """What failed; null where nothing failed."""
    text: str
    """The same in words."""
    t0: int | UnsetType = UNSET
    """Start, media ms. Absent with `times=0`."""
    t1: int | UnsetType | None = UNSET
    """End, media ms; null while it lasts. Absent with `times=0`."""


class DocumentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to an intervention in writing."""

    text: str
    """The answer; its rows are separated by a line feed, and none is blank."""
    language: str
    """BCP-47 tag of the text."""
    direction: Literal["ltr", "rtl", "auto"]
    """Direction of the text."""


class DocumentIntervention(msgspec.Struct, frozen=True, kw_only=True):
    """A question, a comment or a request to speak."""

    id: str
    """Unique in the session."""
    number: int
    """The public number, counted from 1. Numbers of interventions that were never published are missing."""
    kind: InterventionKind
    """What the author wanted."""
    language: str
    """BCP-47 tag of the text."""
    direction: Literal["ltr", "rtl", "auto"]
    """Direction of the text."""
    text: str
    """The public text, rows separated by a line feed; empty when it was taken back or removed, and in some requests to
    speak.
    """
    name: str | UnsetType = UNSET
    """The name that the author chose; empty for none. Absent with `speakers=0`."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    status: InterventionStatus
    """The status at the position of this record."""
    stands: str
    """The status in words."""
    reason: str
    """Always empty, since only its author learns why an intervention was not taken. Earlier releases gave the reason
    here.
    """
    joined_with: int | None
    """The number of the question with which it was joined; null otherwise."""
    line: str | None
    """Id of the line in `lines` in which it was answered; null when none was named, or when `lines` lacks it."""
    answer: DocumentAnswer | None
    """The answer in writing; null when there is none."""
    support: int
    """How many people would ask the same."""
    removed: bool
    """Whether its words were removed for good."""
    t: int | UnsetType = UNSET
    """When it was asked, media ms. Absent with `times=0`."""


class DocumentChapter(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken up, or had its turn."""

    kind: InterventionKind | None
    """What had its turn in the queue; null for a policy question, or another topic."""
    number: int
    """The public number of a question from the queue, or a policy question's number in the list; 0 for another
    topic.
    """
    title: str
    """The wording, or the beginning of a question from the queue; empty where that has no text."""
    language: str
    """BCP-47 tag of the title; empty where it is not known."""
    direction: Literal["ltr", "rtl", "auto"]
    """The direction of the title."""
    t: int | UnsetType = UNSET
    """When it was taken up, media ms. Absent with `times=0`."""


class DocumentHub(msgspec.Struct, frozen=True, kw_only=True):
    """A hub that took part: a remote room."""

    hub: str
    """The hub's name. The name of a hub below another begins with that of the other."""
    title: str
    """The hub's title, for people."""
    most: int | None
    """The highest head count; null where nobody has counted."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one text of a session."""

    format: Literal["moothall.record"] = "moothall.record"
    """Identifies the format."""
    version: Literal[1] = 1
    """Version of the format."""
    session: Meeting
    """The session."""
    text: Text
    """The channel that this record is of."""
    language: str
    """BCP-47 tag of the texts in words: `notice`, `source`, `stands` and those of spans without text."""
    notice: str
    """What the text may be used for, and its limits."""
    finished: bool
    """Whether the session is closed. Corrections may still follow."""
    until: int
    """Media ms up to which the text extends."""
    position: Position
    """The position in the log that this shows. Equal positions, addresses and languages give equal files."""
    lines: tuple[DocumentLine, ...]
    """The lines, in order of time."""
    missing: tuple[DocumentMissing, ...]
    """Spans without text, in order of time."""
    interventions: tuple[DocumentIntervention, ...]
    """The published interventions, by number. They are the same in every text of the session."""
    figures: QuestionCounts
    """How many interventions there were, published or not, and how many were answered."""
    hubs: tuple[DocumentHub, ...]
    """The hubs that took part, in the order in which they first did."""
    quality: Quality | None
    """Quality figures of the text; null when fewer than 50 words were recognised."""
    heads: dict[str, LaneHead]
    """The heads of the lanes from which the record was made."""
    checkpoint: Checkpoint | None
    """The newest signed checkpoint of all public lanes; null before the first."""
    seal: Seal | None
    """The newest seal; null before the first."""
    imported: DocumentImport | UnsetType = UNSET
    """From which file the text comes; absent with a text that was written in this log."""
    chapters: tuple[DocumentChapter, ...] | UnsetType = UNSET
    """What was taken up, by time, with the questions from the queue that had their turn; absent where nothing was."""


def document(record: Record, wording: Wording, options: Options) -> Document:
    """Return the record in the form of the JSON file."""
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
        imported=made_of(DocumentImport, session.imported) if session.imported else UNSET,
        chapters=tuple(_chapter(each, options) for each in record.chapters) or UNSET,
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


def _chapter(chapter: RecordedChapter, options: Options) -> DocumentChapter:
    return made_of(
        DocumentChapter, chapter, direction=direction(chapter.language), t=chapter.t if options.times else UNSET
    )


def _answer(answer: WrittenAnswer) -> DocumentAnswer:
    return DocumentAnswer(text=answer.text, language=answer.language, direction=direction(answer.language))


def _missing(span: Missing, wording: Wording, options: Options) -> DocumentMissing:
    return DocumentMissing(
        absence=span.absence,
        reason=span.reason,
        text=wording.missing(span),
        t0=span.t0 if options.times else UNSET,
        t1=span.t1 if options.times else UNSET,
    )
