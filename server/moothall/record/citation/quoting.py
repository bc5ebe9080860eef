"""Quotes a span of the text as it read at a position of the log, beside what the same lines read now.

A quotation names its position, so it stays true when the text is mended: whoever looks it up later sees what was
quoted, what the lines read now, and that words were removed where they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import msgspec

from moothall.core.events.outcome_parts import Citation
from moothall.core.kernel.ids import SegmentId, is_name
from moothall.core.kernel.languages import primary
from moothall.core.views.captions import Line
from moothall.record.citation.comparing import ComparedPart, WordChange, compare
from moothall.record.citation.history import History, LineCheck, Version
from moothall.record.wrapping import plain

MAX_LINES = 200
"""The most lines of a quotation: a quarter of an hour."""
_PLACE = re.compile(r"([^:]{1,64})(?::(\d{1,6}))?", re.ASCII)


class SpanEnd(msgspec.Struct, frozen=True):
    """An end of a span: a line, and the character before which the span begins or ends; None: the line's own end.

    Characters are Unicode code points of the line's text without spaces at its ends.
    """

    segment: SegmentId
    character: int | None = None

    def __str__(self) -> str:
        return self.segment if self.character is None else f"{self.segment}:{self.character}"

    @classmethod
    def parse(cls, text: str) -> SpanEnd | None:
        """Parse `LINE` or `LINE:CHARACTER`; None for any other text."""
        found = _PLACE.fullmatch(text)
        if found is None or not is_name(found[1]):
            return None
        return cls(SegmentId(found[1]), None if found[2] is None else int(found[2]))


class QuotedSpan(msgspec.Struct, frozen=True):
    """A span of the text: one or several lines, from a character of the first to a character of the last."""

    first: SpanEnd
    last: SpanEnd


def span_of(citation: Citation) -> QuotedSpan | None:
    """The span that a report cites; None where it cites no lines."""
    if citation.first is None or citation.last is None:
        return None
    return QuotedSpan(SpanEnd(citation.first, citation.start), SpanEnd(citation.last, citation.end))


class QuotationFate(StrEnum):
    """What became of quoted words."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"


class QuotedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a quotation."""

    line: Line
    """The line as it is now; it may have been struck."""
    name: str
    """The speaker's name as it is now; empty where nobody is named."""
    text: str
    """The quoted words; empty where the line came into the span later."""
    now: str
    """The same words as they read now; empty where the line left the text."""
    parts: tuple[ComparedPart, ...]
    """The comparison of both."""
    check: LineCheck | None
    """Who checked the quoted words, None where nobody did."""
    rough: bool
    """Whether a recogniser wrote the quoted words roughly, and nobody checked them."""


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """A quoted span."""

    span: QuotedSpan
    offset: int
    """Offset of the log at which the quoted words read so."""
    version: Version | None
    """The sealed version that reads so; None where none does."""
    lines: tuple[QuotedLine, ...]
    """The lines, in the order of the text; none where all was removed."""
    removed: bool
    """Whether lines within the span were removed from the record."""

    @property
    def fate(self) -> QuotationFate:
        """What became of the quoted words."""
        if self.removed:
            return QuotationFate.REMOVED
        same = all(part.change is WordChange.SAME for line in self.lines for part in line.parts)
        return QuotationFate.SAME if same else QuotationFate.CHANGED

    @property
    def text(self) -> str:
        """The quoted words as a single row."""
        return plain(" ".join(line.text for line in self.lines if line.text))

    @property
    def now(self) -> str:
        """The same words as they read now, as a single row."""
        return plain(" ".join(line.now for line in self.lines if line.now))

    @property
    def names(self) -> tuple[str, ...]:
        """Who said the words, each once, in order; empty when nobody is named."""
        return tuple(dict.fromkeys(line.name for line in self.lines if line.name and line.text))

    @property
    def rough(self) -> tuple[str, ...]:
        """The languages (primary tags, in order) of quoted words that are rough, and not for quoting."""
        return tuple(sorted({primary(line.line.language) for line in self.lines if line.text and line.rough}))

    @property
    def check(self) -> LineCheck | None:
        """The earliest check that all quoted lines had behind them; None while one of them is unchecked."""
        checks = [line.check for line in self.lines if line.text]
        found = [check for check in checks if check is not None]
        return max(found, key=lambda check: check.at) if found and len(found) == len(checks) else None


def quote(history: History, span: QuotedSpan, offset: int) -> Quotation | None:
    """Quote a span as it read at `offset`; None where the text has, and had, no such lines, or more than `MAX_LINES`.

    Where the lines at its ends are unknown and lines were removed that the text had at `offset`, the span counts as
    removed: of a removed line nothing stays by which it could be known.
    """
    index = history.view.index
    first, last = index.get(span.first.segment), index.get(span.last.segment)
    known = [number for number in (first, last) if number is not None]
    if not known or (first is None) != (last is None):
        if not history.lost(0, offset, offset):
            return None
        lines: Sequence[QuotedLine] = list(_quoted(history, span, offset, known))
        return _quotation(history, span, offset, lines, removed=True)
    numbers = range(min(known), max(known) + 1)
    if len(numbers) > MAX_LINES or known != sorted(known):
        return None
    lines = list(_quoted(history, span, offset, numbers))
    if not any(line.text for line in lines):
        return None
    begun = [history.begun[line.line.segment] for line in lines if line.text]
    return _quotation(history, span, offset, lines, removed=history.lost(min(begun), max(begun), offset))


def _quotation(
    history: History, span: QuotedSpan, offset: int, lines: Sequence[QuotedLine], *, removed: bool
) -> Quotation:
    version = history.version_at(offset)
    return Quotation(span=span, offset=offset, version=version, lines=tuple(lines), removed=removed)


def _quoted(history: History, span: QuotedSpan, offset: int, numbers: Sequence[int]) -> Iterator[QuotedLine]:
    told = set[SegmentId]()  # Parts of lines that were split since, which are told with their lines.
    for number in numbers:
        line = history.view.lines[number]
        was = history.text_at(line.segment, offset)
        if line.segment in told:
            continue
        become = [line] if was is None else _become(history, line.segment, offset)
        told |= {each.segment for each in become}
        now = _joined(become)
        parts = compare("" if was is None else was.text, now)
        if was is not None:
            parts = clipped(parts, *_bounds(span, line.segment, len(was.text)))
        if not parts:
            continue
        check = None if was is None else history.check_of(line.segment, was)
        yield QuotedLine(
            line=line,
            name=_names(history, become, span, "" if was is None else was.text),
            text=_side(parts, WordChange.ADDED),
            now=_side(parts, WordChange.REMOVED),
            parts=parts,
            check=check,
            rough=check is None and was is not None and was.rough,
        )


def _become(history: History, segment: SegmentId, offset: int) -> list[Line]:
    """The lines that a line of `offset` has become: itself, and what was split from it since."""
    return [line for name in history.parts_since(segment, offset) if (line := history.line(name)) is not None]


def _joined(become: Sequence[Line]) -> str:
    """The text of a line that was split, without spaces at its ends. A part that was corrected since may have lost the
    space before it.
    """
    whole = ""
    for line in become:
        text = "" if line.gone else line.text
        lost = line.revision and whole and text and not (whole[-1].isspace() or text[0].isspace())
        whole += f" {text}" if lost and " " in whole + text else text
    return whole.strip()


def _names(history: History, become: Sequence[Line], span: QuotedSpan, was: str) -> str:
    """The names of those who said the quoted words of a line that was split, as they are shown now; empty where nobody
    is named.
    """
    speakers, first = history.session.speakers, become[0]
    start, end = _bounds(span, first.segment, len(was))
    names, at = dict[str, None](), 0
    for line in become:
        upto = at + len(line.text.strip()) + 1
        if len(become) == 1 or (start < upto and end > at):
            names[plain(speakers.get(line.speaker, "")) if line.speaker else ""] = None
        at = upto
    return ", ".join(filter(None, names))


def _bounds(span: QuotedSpan, segment: SegmentId, length: int) -> tuple[int, int]:
    start = span.first.character if segment == span.first.segment else None
    end = span.last.character if segment == span.last.segment else None
    return start or 0, length if end is None else end


def _side(parts: Sequence[ComparedPart], other: WordChange) -> str:
    return "".join(part.text for part in parts if part.change is not other)


def clipped(parts: Sequence[ComparedPart], start: int, end: int) -> tuple[ComparedPart, ...]:
    """The parts of a comparison from character `start` to before character `end` of its first text.

    What was added belongs to the clip where it replaces clipped words or stands between them.
    """
    found: list[ComparedPart] = []
    at, replaces = 0, False
    for part in parts:
        if part.change is WordChange.ADDED:
            if replaces or start < at < end:
                found.append(part)
            continue
        text = part.text[max(0, start - at) : max(0, end - at)]
        at += len(part.text)
        replaces = bool(text) and part.change is WordChange.REMOVED
        if text:
            found.append(ComparedPart(part.change, text))
    return tuple(found)
