"""Reads our own JSON (docs/reference/record.md), of this release or an earlier one.

What the file has and a log can't take over is left out: heads, checkpoint, seal, position and figures belong to the log
in which the meeting was written (docs/how-to/import-past-records.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from moothall.core.commands import ImportedChapter, ImportedQuestion, ImportedSpan
from moothall.core.events.lines import MadeFrom, Origin
from moothall.core.events.question_parts import REMOTE, InterventionKind, InterventionStatus
from moothall.core.events.types import ChannelKind, GapReason
from moothall.core.kernel.decoding import Unreadable, made_of, read
from moothall.core.kernel.errors import ImportRefused
from moothall.core.kernel.ids import InterventionId, SegmentId, is_name
from moothall.core.kernel.languages import is_language
from moothall.core.kernel.times import media_time
from moothall.core.rules.imports import MOST_CHAPTERS, MOST_MS, unpublished
from moothall.core.rules.making import MAX_TITLE, MOST_PEOPLE
from moothall.core.rules.notes_and_tags import MAX_QUESTION
from moothall.record.imports.past import FileNote, PastHub, PastLine, PastText, some, stop_at_most
from moothall.record.model import Absence

_BYTE = re.compile(r"byte ([0-9]+)")
MOST_QUESTIONS = 10_000


class _Meeting(msgspec.Struct):
    id: str
    title: str
    languages: tuple[str, ...]
    opened: int | None = None


class _Text(msgspec.Struct):
    channel: str
    kind: ChannelKind
    languages: tuple[str, ...]


class _Line(msgspec.Struct):
    id: str
    language: str
    text: str
    origin: Origin
    mended: bool = False
    accepted: bool = False
    revision: int = 0
    tool: str | UnsetType = UNSET
    respoken: bool | UnsetType = UNSET
    rough: bool | UnsetType = UNSET
    t0: int | None = None
    t1: int | None = None
    speaker: str | None = None
    name: str = ""
    made_from: MadeFrom | UnsetType = UNSET


class _Missing(msgspec.Struct):
    absence: Absence
    reason: GapReason | None = None
    t0: int | None = None
    t1: int | None = None


class _Answer(msgspec.Struct):
    text: str
    language: str


class _Question(msgspec.Struct):
    id: str
    number: int
    kind: InterventionKind
    language: str
    text: str
    status: InterventionStatus
    name: str = ""
    origin: str = REMOTE
    joined_with: int | None = None
    line: str | None = None
    answer: _Answer | None = None
    support: int = 0
    removed: bool = False
    t: int | None = None


class _Chapter(msgspec.Struct):
    kind: InterventionKind | None
    number: int
    title: str
    t: int | None = None


class _Figures(msgspec.Struct):
    received: int = 0


class _Document(msgspec.Struct):
    format: Literal["moothall.record"]
    version: Literal[1]
    session: _Meeting
    text: _Text
    lines: tuple[_Line, ...]
    missing: tuple[_Missing, ...] = ()
    interventions: tuple[_Question, ...] = ()
    figures: _Figures = msgspec.field(default_factory=_Figures)
    hubs: tuple[PastHub, ...] = ()
    chapters: tuple[_Chapter, ...] = ()
    until: int = 0
    finished: bool = True


_decoder = msgspec.json.Decoder(_Document)


def read_own_json(text: str) -> PastText:
    """Read a record as JSON. Raises ImportRefused."""
    try:
        document = read(_decoder, text.encode("utf-8", "replace"))
    except Unreadable as error:
        raise ImportRefused(f"This is no record of Moothall's: {error}.", _row(text, str(error))) from error
    if any(line.t0 is None for line in document.lines):
        raise ImportRefused("This record was written without times. Take it home with times, and import that.")
    if not all(map(is_language, document.session.languages)) or not document.session.languages:
        raise ImportRefused("This record names no language that is spoken.")
    stop_at_most(len(document.lines), 1)
    notes = [] if document.finished else [FileNote(1, "This record was taken home before the meeting was over.")]
    lines = tuple(_line(line) for line in document.lines if line.text.strip())
    session, of = document.session, document.text
    asked = _asked(document)
    chapters = tuple(_chapters(document, asked))
    on = _on_at_the_end(asked, chapters)  # Such a turn comes back with the status of its question.
    return PastText(
        form="json",
        title=session.title,
        opened=session.opened,
        language=of.languages[0] if of.languages and is_language(of.languages[0]) else session.languages[0],
        languages=session.languages,
        session=session.id if is_name(session.id) else "",
        channel=of.channel if is_name(of.channel) else "",
        kind=of.kind,
        text_languages=tuple(filter(is_language, of.languages)),
        lines=some(lines, "JSON"),
        spans=tuple(_span(each) for each in document.missing if _ended(each)),
        asked=tuple(msgspec.structs.replace(each, since=on.get(each.intervention)) for each in asked),
        chapters=tuple(each for each in chapters if each.intervention is None or on.get(each.intervention) != each.t),
        hubs=tuple({hub.hub: hub for hub in document.hubs if _is_hub(hub)}.values()),
        until=max(0, document.until),
        notes=tuple(notes),
    )


def _row(text: str, sentence: str) -> int:
    found = _BYTE.search(sentence)
    return 1 if found is None else text.encode("utf-8", "replace").count(b"\n", 0, int(found[1])) + 1


def _line(line: _Line) -> PastLine:
    t0 = line.t0 or 0
    return made_of(
        PastLine,
        line,
        row=1,
        language=line.language if is_language(line.language) else "",
        t0=t0,
        t1=t0 if line.t1 is None else line.t1,
        speaker=line.speaker if line.speaker is not None and is_name(line.speaker) else "",
        made_from=line.made_from if line.made_from and line.made_from.sources else UNSET,
        revision=max(line.revision, 1 if line.mended else 0),
    )


def _is_hub(hub: PastHub) -> bool:
    return is_name(hub.hub) and 0 < len(hub.title.strip()) <= MAX_TITLE and 0 <= (hub.most or 0) <= MOST_PEOPLE


def _ended(span: _Missing) -> bool:
    return span.t0 is not None and span.t1 is not None and 0 <= span.t0 < span.t1


def _span(span: _Missing) -> ImportedSpan:
    gap = (span.reason or GapReason.UNHEARD) if span.absence is Absence.GAP else None
    return ImportedSpan(t0=span.t0 or 0, t1=span.t1 or 0, gap=gap, pause=span.absence is Absence.BREAK)


def _asked(document: _Document) -> tuple[ImportedQuestion, ...]:
    """The questions by number. Of those that were never published only the last number, and numbers with which others
    were joined, are known.
    """
    given = sorted(document.interventions, key=lambda each: each.number)
    if len(given) > MOST_QUESTIONS or any(not is_name(each.id) or each.number < 1 for each in given):
        raise ImportRefused("The questions of this record can't be read: their ids or numbers are wrong.")
    numbers = {each.number: InterventionId(each.id) for each in given}
    others = {each.joined_with for each in given if each.joined_with is not None} | {document.figures.received}
    for number in others:
        if 0 < number <= MOST_QUESTIONS * 10:
            numbers.setdefault(number, unpublished(number).intervention)
    if len(numbers) < len(given) or len(set(numbers.values())) < len(numbers):
        raise ImportRefused("Two questions of this record have the same number or id.")
    known = {each.number: each for each in given}
    return tuple(
        unpublished(number) if number not in known else _question(known[number], numbers) for number in sorted(numbers)
    )


def _chapters(document: _Document, asked: Sequence[ImportedQuestion]) -> Iterator[ImportedChapter]:
    """Yield the chapters by time. Raises ImportRefused where they can be none of a meeting."""
    given = sorted(document.chapters, key=lambda each: each.t or 0)
    turns = {each.number: each for each in asked if each.status is not InterventionStatus.CHECKED}
    topic = -1
    for each in given:
        t, title = each.t or 0, each.title.strip()
        if not 0 <= t <= MOST_MS or each.number < 0 or len(given) > MOST_CHAPTERS:
            raise ImportRefused(
                "The chapters of this record can't be read: there are too many, or their times are wrong."
            )
        if each.kind is not None:
            if each.number in turns:
                yield ImportedChapter(t=t, intervention=turns[each.number].intervention)
        elif topic < t and 0 < len(title) <= MAX_QUESTION:
            topic = t
            yield ImportedChapter(t=t, number=each.number, title=title)
        else:
            raise ImportRefused(
                f"The topic at {media_time(t)} of this record has no title, or begins with another one."
            )


def _on_at_the_end(asked: Sequence[ImportedQuestion], chapters: Sequence[ImportedChapter]) -> dict[InterventionId, int]:
    """When the last turns began of those questions whose turn goes on, media ms."""
    called = {each.intervention for each in asked if each.status is InterventionStatus.CALLED}
    return {each.intervention: each.t for each in chapters if each.intervention and each.intervention in called}


def _question(each: _Question, numbers: dict[int, InterventionId]) -> ImportedQuestion:
    return made_of(
        ImportedQuestion,
        each,
        intervention=InterventionId(each.id),
        t=each.t or 0,
        into=None if each.joined_with is None else numbers.get(each.joined_with),
        segment=SegmentId(each.line) if each.line is not None and is_name(each.line) else None,
        answer="" if each.answer is None else each.answer.text,
        answer_language="" if each.answer is None else each.answer.language,
    )


def without_names(asked: Sequence[ImportedQuestion]) -> tuple[ImportedQuestion, ...]:
    """The questions without the names of those who asked."""
    return tuple(msgspec.structs.replace(each, name="") for each in asked)
