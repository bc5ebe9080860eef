"""The words of a text of a session, laid out so that a quotation is looked for in them.

Lines are cut where a recogniser heard a pause, so a quotation may run over several: the words of one channel are one
row. They are laid out twice: as they are written, and with numbers in words as figures (`numbers`). A quotation may
begin and end at any word, but not within one, nor within a number: *five* isn't what *twenty-five* says.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from enum import Enum, auto
from itertools import pairwise
from typing import NamedTuple

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.core.kernel.languages import primary
from moothall.core.reports.negations import negations
from moothall.core.reports.normal_words import NormalWord, normal_words
from moothall.core.reports.numbers import numbered, spelled
from moothall.core.search.folding import EACH

MOST_INSERTED = 12
"""The most words for which words in brackets may stand."""
BEFORE, BEHIND = 2, 1
"""How many words before and behind a quotation are looked at for one that denies what is quoted: *do not fully |
agree*, *we agree | not*."""
_CLAUSE = re.compile(
    r"[.,;:!?\u2026\u2014\u2013()\[\]{}\"\u00ab\u00bb\u201c\u201d\u3001\u3002\uff0c\uff1b\uff1a\uff01\uff1f\u061f\u060c\u061b]"
)
_SENTENCE = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f]")
_APART = re.compile(rf"[{EACH}@#&\u00a7\uff20\uff03\uff06]")
"""What is a word beside others without a space."""
_ARABIC_JOINED = re.compile(r"[\u0600-\u06ff]\Z")


class QuotableLine(msgspec.Struct, frozen=True, kw_only=True):
    """A finished line of a session, as it reads now."""

    segment: SegmentId
    text: str
    language: str
    """BCP-47 tag."""
    channel: ChannelId
    kind: ChannelKind = ChannelKind.FLOOR
    speaker: SpeakerId | None = None
    revision: int = 0
    """How many corrections the line had."""
    checked: bool = False
    """Whether somebody has checked it as it reads now."""


class QuotationGap(Enum):
    """What a quotation has before one of its parts."""

    NONE = auto()
    ELLIPSIS = auto()
    """Words were left out."""
    INSERTED = auto()
    """Words in brackets stand for others, or were added."""


class LaidWord(NamedTuple):
    """A word of a layout, or of a quotation that is looked for in it."""

    form: str
    spelled: str
    """The spelling of a number in words; empty for one in figures, and as it is written."""

    def same(self, other: LaidWord) -> bool:
        """Whether two words are the same, be it that one of them is a number in figures."""
        return self.form == other.form and (not (self.spelled and other.spelled) or self.spelled == other.spelled)


class QuotedPart(NamedTuple):
    """The words of a part of a quotation, as one layout has them."""

    gap: QuotationGap
    words: tuple[LaidWord, ...]


class Extent(NamedTuple):
    """Words of a row that a part of a quotation has: from the index of the first to the one behind the last."""

    first: int
    end: int


class _PlacedWord(NamedTuple):
    word: LaidWord
    extent: Extent
    """The written words that it stands for."""


class Layout:
    """The words of a row in one of its two layouts."""

    def __init__(self, words: Sequence[_PlacedWord], begins: Sequence[bool], ends: Sequence[bool]) -> None:
        """`begins`, `ends`: of each written word whether a quotation may begin or end with it."""
        self._words = words
        self._begins = begins
        self._ends = ends
        self._positions: dict[str, list[int]] = {}
        for at, word in enumerate(words):
            self._positions.setdefault(word.word.form, []).append(at)

    @property
    def forms(self) -> Collection[str]:
        """The forms of its words."""
        return self._positions.keys()

    def chains(self, parts: Sequence[QuotedPart], within: Extent) -> Iterator[tuple[Extent, ...]]:
        """Where the parts of a quotation stand one after the other, each as close to the next one as can be."""
        rows: list[list[tuple[Extent, int]]] = []
        """Of each part where it stands, and the index of the part before it in its own row."""
        for part in parts:
            before = rows[-1] if rows else None
            found: list[tuple[Extent, int]] = []
            nearest = -1
            for extent in self._occurrences(part.words, within):
                if before is None:
                    found.append((extent, -1))
                    continue
                while nearest + 1 < len(before) and before[nearest + 1][0].end <= extent.first:
                    nearest += 1
                if nearest < 0:
                    continue
                if part.gap is QuotationGap.ELLIPSIS or extent.first - before[nearest][0].end <= MOST_INSERTED:
                    found.append((extent, nearest))
            rows.append(found)
        for last in range(len(rows[-1])):
            chain: list[Extent] = []
            at = last
            for row in reversed(rows):
                extent, at = row[at]
                chain.append(extent)
            yield tuple(reversed(chain))

    def _occurrences(self, words: Sequence[LaidWord], within: Extent) -> Iterator[Extent]:
        for at in self._positions.get(words[0].form, ()):
            found = self._words[at : at + len(words)]
            if len(found) < len(words) or not all(
                one.word.same(other) for one, other in zip(found, words, strict=True)
            ):
                continue
            extent = Extent(found[0].extent.first, found[-1].extent.end)
            inside = within.first <= extent.first and extent.end <= within.end
            if inside and self._begins[extent.first] and self._ends[extent.end - 1]:
                yield extent


class QuotableText:
    """The lines of one channel, in their order."""

    def __init__(self, lines: Sequence[QuotableLine]) -> None:
        self.lines = lines
        self.languages = tuple(dict.fromkeys(primary(line.language) for line in lines))
        self._texts = [line.text.strip() for line in lines]
        self._numbers = {line.segment: number for number, line in enumerate(lines)}
        self._words: list[NormalWord] = []
        self._line_of: list[int] = []
        """Of each word the number of its line."""
        self._denied: list[int] = []
        """The words that deny something, in order."""
        self._begins: list[bool] = []
        self._ends: list[bool] = []
        figures: list[_PlacedWord] = []
        for number, line in enumerate(lines):
            text, begun = self._texts[number], len(self._words)
            words = normal_words(text, line.language)
            self._words += words
            self._line_of += [number] * len(words)
            self._denied += sorted(begun + at for at in negations(words, text, line.language))
            free = [at == 0 or _free(text, words[at - 1], words[at]) for at in range(len(words))]
            begins, ends = free[:], [*free[1:], True][: len(words)]
            for word, (first, end) in laid_out(words, text, line.language):
                figures.append(_PlacedWord(word, Extent(begun + first, begun + end)))
                for at in range(first + 1, end):
                    begins[at] = ends[at - 1] = False
            self._begins += begins
            self._ends += ends
        written = [_PlacedWord(LaidWord(word.form, ""), Extent(at, at + 1)) for at, word in enumerate(self._words)]
        self.layouts = (Layout(written, self._begins, self._ends), Layout(figures, self._begins, self._ends))
        """As it is written, and with figures."""

    def extent(self, first: SegmentId, start: int | None, last: SegmentId, end: int | None) -> Extent | None:
        """The words from a character of a line to before one of another; None where there are no such lines."""
        begun, ended = self._numbers.get(first), self._numbers.get(last)
        if begun is None or ended is None or ended < begun:
            return None
        low, high = bisect_left(self._line_of, begun), bisect_right(self._line_of, ended)
        while start is not None and low < high and self._line_of[low] == begun and self._words[low].start < start:
            low += 1
        while end is not None and low < high and self._line_of[high - 1] == ended and self._words[high - 1].end > end:
            high -= 1
        return Extent(low, high)

    @property
    def all(self) -> Extent:
        """All words."""
        return Extent(0, len(self._words))

    def places(self, extent: Extent, lead: int = 0, trail: int = 0) -> tuple[int, int, int, int]:
        """The number of the line and the character of the first word, and those behind the last one; with so many
        characters before and behind them.
        """
        last = extent.end - 1
        start, end = self._words[extent.first].start - lead, self._words[last].end + trail
        return self._line_of[extent.first], start, self._line_of[last], end

    def written(self, places: tuple[int, int, int, int]) -> str:
        """What the lines read there, with a space between two; empty where a line has no such character."""
        first, start, last, end = places
        if start < 0 or end > len(self._texts[last]):
            return ""
        if first == last:
            return self._texts[first][start:end]
        return " ".join((self._texts[first][start:], *self._texts[first + 1 : last], self._texts[last][:end]))

    def left_out(self, chain: Sequence[Extent]) -> tuple[str, ...]:
        """What denies the quoted words and isn't quoted: right beside them in their clause, or left out of their
        sentence.
        """
        beside = [*self._before(chain[0].first), *self._behind(chain[-1].end)]
        for one, other in pairwise(chain):
            beside += self._between(one.end, other.first)
        places = ((self._texts[self._line_of[at]], self._words[at]) for at in dict.fromkeys(beside) if self._denies(at))
        return tuple(text[word.start : word.end] for text, word in places)

    def _denies(self, at: int) -> bool:
        found = bisect_left(self._denied, at)
        return found < len(self._denied) and self._denied[found] == at

    def _before(self, first: int) -> Iterator[int]:
        for at in range(first - 1, max(first - 1 - BEFORE, -1), -1):
            if self._ends_at(_CLAUSE, at):
                break
            yield at

    def _behind(self, end: int) -> Iterator[int]:
        for at in range(end, min(end + BEHIND, len(self._words))):
            if self._ends_at(_CLAUSE, at - 1):
                break
            yield at

    def _between(self, end: int, first: int) -> Iterator[int]:
        ended = next((at for at in range(end, first) if self._ends_at(_SENTENCE, at - 1)), first)
        begun = next((at for at in range(first, ended, -1) if self._ends_at(_SENTENCE, at - 1)), ended)
        yield from range(end, ended)
        yield from range(begun, first)

    def _ends_at(self, mark: re.Pattern[str], at: int) -> bool:
        """Whether something ends behind a word, which isn't the last one: by a mark, or since somebody else speaks."""
        line, word, following = self._line_of[at], self._words[at], self._words[at + 1]
        other = self._line_of[at + 1]
        if line == other:
            return mark.search(self._texts[line], word.end, following.start) is not None
        if self.lines[line].speaker != self.lines[other].speaker:
            return True
        return mark.search(self._texts[line][word.end :] + self._texts[other][: following.start]) is not None


def _free(text: str, one: NormalWord, other: NormalWord) -> bool:
    """Whether two words are apart: by what stands between them, or since nothing has to."""
    if one.end != other.start:
        return True
    before, behind = text[one.end - 1], text[other.start]
    return _APART.match(before) is not None or _APART.match(behind) is not None or bool(_ARABIC_JOINED.match(before))


def laid_out(words: Sequence[NormalWord], text: str, language: str) -> Iterator[tuple[LaidWord, Extent]]:
    """The normal words of a text in a language (BCP-47) with numbers as figures, each with those it stands for."""
    starts, ends = [word.start for word in words], [word.end for word in words]
    for word in numbered(words, text, language):
        extent = Extent(bisect_right(ends, word.start), bisect_left(starts, word.end))
        yield LaidWord(word.form, spelled(words[extent.first : extent.end])), extent
