"""The record as a document of paragraphs with a style, a language and a direction each: what DOCX and PDF are
written from.

In the bilingual form (`record.parallel`) two texts stand in columns beside each other. The document has no fonts,
sizes or colours: each format gives its styles a look.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

import msgspec

from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.record.chapters import RecordedChapter
from moothall.record.cues import isolated
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.parallel import OtherText, ParallelRow, RecordItem
from moothall.record.sections import Section, SectionRow, excerpt, heading_of, sections, states_of
from moothall.record.wording import Options, Wording


class Style(StrEnum):
    """What a paragraph is."""

    FACTS = "facts"
    """Facts about the text or a question."""
    NOTICE = "notice"
    """What the text may be used for, and its limits."""
    HEADING = "heading"
    CONTENTS = "contents"
    """An entry of the table of contents."""
    LINE = "line"
    SOURCE = "source"
    """Where a line comes from, below the line."""
    MISSING = "missing"
    """Why a span has no text."""
    WORDS = "words"
    """A question, or an answer in writing."""


class StyledParagraph(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph."""

    style: Style
    text: str
    language: str
    """BCP-47 tag of the text; empty where it is unknown."""
    right_to_left: bool = False
    level: int = 0
    """The level of a heading, from 1; 0 for any other style."""
    time: str = ""
    """The time before the text; empty for none."""
    anchor: str = ""
    """The name by which links of the document lead here; empty for none. Letters and digits."""
    link: str = ""
    """The anchor to which the paragraph leads; empty for none."""
    new_page: bool = False
    """Whether a page begins with it, where the format has pages."""
    with_next: bool = False
    """Whether no page ends between it and what follows, as with every heading."""


class ParagraphPair(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside each other in the two columns of the bilingual form."""

    heading: StyledParagraph | None = None
    """The speaker's name above it; None where no name stands there."""
    first: tuple[StyledParagraph, ...] = ()
    second: tuple[StyledParagraph, ...] = ()
    time: str = ""

    @property
    def sides(self) -> tuple[tuple[StyledParagraph, ...], tuple[StyledParagraph, ...]]:
        """Both columns."""
        return self.first, self.second


class SideBySide(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of equal form, such as several views. They stand in two equal columns, the first two beside each other,
    then the next two; in a form without columns below each other, in the same order.
    """

    sides: tuple[tuple[StyledParagraph, ...], ...]


class StyledDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A record as a document."""

    title: str
    language: str
    """BCP-47 tag of the texts around the record."""
    right_to_left: bool
    """Whether these are written from right to left."""
    contents: str
    """The heading of the table of contents, which are the paragraphs of that style."""
    columns: tuple[str, ...]
    """The names of the two texts; empty unless the form is bilingual."""
    blocks: tuple[StyledParagraph | ParagraphPair | SideBySide, ...]
    states: tuple[str, ...]
    """The names of the shown states of the texts, for citing them: the last words of the document."""
    unshown: str
    """The note for a document in which a square stands for characters that no font has."""
    mark: str = ""
    """What stands on each page, such as that a machine translated it; empty for nothing."""
    book: bool = False
    """Whether it has several records: its title has a page of its own, and the contents name pages."""


def in_one_column(blocks: Iterable[StyledParagraph | ParagraphPair | SideBySide]) -> Iterator[StyledParagraph]:
    """The paragraphs for a form without columns, which has no bilingual text."""
    for block in blocks:
        if isinstance(block, SideBySide):
            yield from (each for side in block.sides for each in side)
        elif isinstance(block, StyledParagraph):
            yield block


def document_of(record: Record, wording: Wording, options: Options, beside: OtherText | None = None) -> StyledDocument:
    """A record as a document; `beside` is the text in the other column."""
    return StyledDocument(
        title=wording.title_of(record),
        language=wording.language,
        right_to_left=wording.direction == "rtl",
        contents=wording.contents,
        columns=() if beside is None else (wording.name, beside.wording.name),
        blocks=tuple(blocks_of(record, wording, options, beside)),
        states=states_of(record, wording, beside),
        unshown=wording.unshown,
    )


def blocks_of(
    record: Record,
    wording: Wording,
    options: Options,
    beside: OtherText | None = None,
    *,
    prefix: str = "",
    level: int = 0,
) -> Iterator[StyledParagraph | ParagraphPair]:
    """Yield the paragraphs of one record below its title. In a document of several, `prefix` begins its anchors, and
    `level` is that of the heading above it.
    """
    return _Writer(record, wording, options, beside, prefix=prefix, level=level).blocks()


class _Writer:
    """Writes the paragraphs of one record."""

    def __init__(
        self,
        record: Record,
        wording: Wording,
        options: Options,
        beside: OtherText | None,
        *,
        prefix: str,
        level: int,
    ) -> None:
        self._record = record
        self._wording = wording
        self._options = options
        self._beside = beside
        self._prefix = prefix
        self._level = level
        lines = record.by_source()
        answering = (lines.get(each.segment) for each in record.asked if each.segment is not None)
        self._anchors = {
            line.segment: f"{prefix}answer{number}" for number, line in enumerate(answering, 1) if line is not None
        }

    def blocks(self) -> Iterator[StyledParagraph | ParagraphPair]:
        record, wording, beside = self._record, self._wording, self._beside
        yield from self._head(wording, record)
        if beside is not None:
            yield from self._head(beside.wording, beside.record)
        parts = list(sections(record, self._options, beside))
        if self._options.times and len(parts) > 1:
            yield from self._contents(parts)
        for part in parts:
            above = self._above(part)
            if above:
                yield self._heading(above, 1, anchor=self._at(part))
            yield from self._section(part.rows, 2 if above else 1)
        if record.figures.received:
            yield from self._questions()

    def _head(self, wording: Wording, record: Record) -> Iterator[StyledParagraph]:
        yield self._facts(wording.facts(record))
        yield self._own(Style.NOTICE, wording.notice)
        if wording.quality:
            yield self._own(Style.FACTS, wording.quality)

    def _contents(self, parts: Sequence[Section]) -> Iterator[StyledParagraph]:
        for part in parts:
            time, link = media_time(part.start), self._at(part)
            if part.chapter is None:
                yield _paragraph(Style.CONTENTS, *excerpt(part.rows), time=time, link=link)
            else:
                yield self._own(Style.CONTENTS, self._named(part.chapter), time=time, link=link)
        if self._record.figures.received:
            yield self._own(Style.CONTENTS, self._wording.asked.heading, link=f"{self._prefix}questions")

    def _named(self, chapter: RecordedChapter) -> str:
        """What a chapter is, and its title."""
        title = isolated(chapter.title, self._wording.language) if chapter.title else ""
        return " · ".join(each for each in (self._wording.chapter(chapter), title) if each)

    def _above(self, part: Section) -> str:
        """The heading of a section; empty where nothing of it is shown."""
        said = [media_time(part.start)] if self._options.times else []
        return " · ".join([*said, *([] if part.chapter is None else [self._named(part.chapter)])])

    def _section(self, rows: Sequence[SectionRow], level: int) -> Iterator[StyledParagraph | ParagraphPair]:
        for number, row in enumerate(rows):
            name = heading_of(row, number, self._wording)
            heading = None if name is None else self._heading(isolated(name, self._wording.language), level)
            if isinstance(row, ParallelRow) and row.common is None:
                yield self._pair(row, heading)
                continue
            if heading is not None:
                yield heading
            yield from self._written(row.items[0], self._wording)

    def _pair(self, row: ParallelRow, heading: StyledParagraph | None) -> ParagraphPair:
        words = self._wording if self._beside is None else self._beside.wording
        return ParagraphPair(
            heading=heading,
            first=tuple(each for item in row.first for each in self._written(item, self._wording, alone=False)),
            second=tuple(each for item in row.second for each in self._written(item, words, alone=False)),
            time=self._time(row.t0) if any(isinstance(item, RecordedLine) for item in row.items) else "",
        )

    def _written(self, item: RecordItem, words: Wording, *, alone: bool = True) -> Iterator[StyledParagraph]:
        """A line or a span without text. A line that is not `alone` has its time elsewhere."""
        if isinstance(item, Missing):
            yield self._own(Style.MISSING, words.missing(item))
            return
        time, anchor = self._time(item.t0) if alone else "", self._anchors.get(item.segment, "")
        line = _paragraph(Style.LINE, item.text, item.language, time=time, anchor=anchor)
        yield msgspec.structs.replace(line, with_next=True) if self._options.sources and alone else line
        if self._options.sources:
            yield self._own(Style.SOURCE, words.source(item))

    def _questions(self) -> Iterator[StyledParagraph]:
        words, lines = self._wording.asked, self._record.by_source()
        yield self._heading(words.heading, 1, anchor=f"{self._prefix}questions")
        yield from (self._own(Style.FACTS, figure) for figure in words.figures)
        for each in self._record.asked:
            name = f" · {isolated(each.name, self._wording.language)}" if each.name and self._options.speakers else ""
            yield self._heading(words.number_of(each) + name, 2)
            facts = self._facts(words.about(each, self._options))
            yield msgspec.structs.replace(facts, with_next=bool(each.text))
            yield from _rows(each.text, each.language)
            line = None if each.segment is None else lines.get(each.segment)
            if line is not None:
                said = words.answered_in(line.t0, self._options)
                yield self._own(Style.FACTS, said, link=self._anchors[line.segment])
            if each.answer is not None:
                yield self._heading(words.answer, 3)
                yield from _rows(each.answer.text, each.answer.language)

    def _at(self, part: Section) -> str:
        return f"{self._prefix}at{part.name}"

    def _time(self, ms: int) -> str:
        return media_time(ms) if self._options.times else ""

    def _facts(self, facts: Sequence[str]) -> StyledParagraph:
        return self._own(Style.FACTS, " · ".join(facts))

    def _heading(self, text: str, level: int, *, anchor: str = "") -> StyledParagraph:
        return self._own(Style.HEADING, text, level=self._level + level, anchor=anchor)

    def _own(
        self, style: Style, text: str, *, level: int = 0, time: str = "", anchor: str = "", link: str = ""
    ) -> StyledParagraph:
        """A paragraph in the language of the texts around the record."""
        return StyledParagraph(
            style=style,
            text=text,
            language=self._wording.language,
            right_to_left=self._wording.direction == "rtl",
            level=level,
            time=time,
            anchor=anchor,
            link=link,
        )


def _rows(text: str, language: str) -> Iterator[StyledParagraph]:
    """A text of several rows: a paragraph each."""
    return (_paragraph(Style.WORDS, row, language) for row in text.splitlines())


def _paragraph(
    style: Style, text: str, language: str, *, time: str = "", anchor: str = "", link: str = ""
) -> StyledParagraph:
    way = direction(language)
    leftward = way == "rtl" or (way == "auto" and begins_right_to_left(text))
    return StyledParagraph(
        style=style,
        text=text,
        language=language,
        right_to_left=leftward,
        time=time,
        anchor=anchor,
        link=link,
    )


def begins_right_to_left(text: str) -> bool:
    """Whether the first letter of a text with a direction is written from right to left (UAX #9, P2)."""
    ways = (unicodedata.bidirectional(character) for character in text)
    return next((way for way in ways if way in ("L", "R", "AL")), "L") != "L"
