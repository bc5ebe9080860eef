"""Numbers in words as figures, in the words of a text: `two hundred and forty` and `240` become one word, 240.

A rank gets an ending of its own, so that *third* is `3rd` and never `3`. What isn't surely one number stays as it is:
`two three` are two words. The grammar is that of numerals as people say them, up to a trillion, with fractions behind a
spoken point, `2.5 million`, and years in pairs (*twenty twenty-five*).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from moothall.core.kernel.languages import primary
from moothall.core.reports.normal_words import NormalWord, normal
from moothall.core.reports.number_words import HUNDRED, SUFFIXES, THOUSAND, NumberWord, Numerals, numerals

RANK = ":o"
"""The ending of a rank, which no word has."""
_TOGETHER = re.compile(r"[\s\u2010\u2011-]*")
"""What may stand between two words of a number."""
_BESIDE_FIGURE = frozenset({"", "-", ".", "\u2010", "\u2011"})
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_GROUP = re.compile(r"\d{3}")
_MOST = 10**12
"""By what a number in figures is multiplied at most, but for the last word."""
_LONGEST = 20
"""Chinese numerals that may be one number."""
_WAW = normal("و")
_TENS = 20
_CHINESE = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}  # noqa: RUF001  # Chinese
_CHINESE_UNITS = {"十": 10, "百": 100, "千": 1_000}
_CHINESE_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_MYRIAD = 10**4
_ABOVE_TEN = frozenset(("百", "千", *_CHINESE_MYRIADS))
_CHINESE_ALL = frozenset((*_CHINESE, *_CHINESE_UNITS, *_CHINESE_MYRIADS))
_YEAR = 4
"""Figures of a year that is read figure by figure: 二〇二五."""
_FRACTION = "点點"
_OF_HUNDRED = ("百", "分", "之")


class _Parsed(NamedTuple):
    """A number, and the index behind its last word."""

    form: str
    end: int


def spelled(words: Sequence[NormalWord]) -> str:
    """How one number is spelled that stands in these normal words, without spaces; empty for one that begins in
    figures. Two spellings in words are two words: *premier* isn't *première*, though both are `1er`.
    """
    return "".join(word.form for word in words) if words[0].form[0].isalpha() else ""


def numbered(words: Sequence[NormalWord], text: str, language: str) -> tuple[NormalWord, ...]:
    """The normal words of a text in a language (BCP-47), with each number as one word."""
    spoken = primary(language)
    if spoken == "zh":
        return tuple(_Chinese(words).all())
    how = numerals(spoken)
    return tuple(words) if how is None else tuple(_Numbers(words, text, spoken, how).all())


class _Numbers:
    """The numbers of a text in a language with words between spaces."""

    def __init__(self, words: Sequence[NormalWord], text: str, language: str, how: Numerals) -> None:
        self._words = words
        self._text = text
        self._suffixes = SUFFIXES.get(language, frozenset())
        self._how = how

    def all(self) -> Iterator[NormalWord]:
        at = 0
        while at < len(self._words):
            first = self._words[at]
            if percent := self._percent(at):
                yield NormalWord("%", first.start, self._words[percent - 1].end)
                at = percent
                continue
            led = self._how.units_first and self._without_waw(at) in self._how.words
            parsed = self._number(at, led=led)
            if parsed is None:
                yield first
                at += 1
                continue
            start = first.start
            if led:
                start = first.start + 1
                yield NormalWord(_WAW, first.start, start)
            yield NormalWord(parsed.form, start, self._words[parsed.end - 1].end)
            at = parsed.end

    def _percent(self, at: int) -> int:
        """The index behind the words for %; 0 where none begin here."""
        for wanted in self._how.percent:
            if tuple(each.form for each in self._words[at : at + len(wanted)]) == wanted:
                return at + len(wanted)
        return 0

    def _without_waw(self, at: int) -> str:
        """The word without the Arabic *and* before it; empty where there is none."""
        form = self._words[at].form
        return form[1:] if form.startswith(_WAW) and form not in self._how.words else ""

    def _said(self, at: int) -> NumberWord | None:
        return self._how.words.get(self._words[at].form) if at < len(self._words) else None

    def _joins(self, at: int) -> bool:
        """Whether nothing but a space or hyphen stands before this word."""
        if not 0 < at < len(self._words):
            return False
        return _TOGETHER.fullmatch(self._text, self._words[at - 1].end, self._words[at].start) is not None

    def _number(self, at: int, *, led: bool) -> _Parsed | None:
        """The number that begins with a word, `led` by an Arabic *and* that is written with it."""
        form = self._words[at].form
        if _FIGURE.fullmatch(form):
            return self._figure(at, form)
        whole = self._whole(at, led=led)
        if whole is None or whole.form.endswith(RANK):
            return whole
        if self._how.paired and (year := self._year(whole)):
            return year
        return self._fraction(whole) or whole

    def _figure(self, at: int, form: str) -> _Parsed | None:
        """A number that begins in figures: `21st`, `2 500`, `2.5 million`."""
        end = at + 1
        rank = end < len(self._words) and self._words[end].form in self._suffixes
        if rank and self._text[self._words[at].end : self._words[end].start] in _BESIDE_FIGURE:
            return _Parsed(form + RANK, end + 1)
        if self._how.spaced and len(form) <= 3:
            while self._grouped(end):
                form += self._words[end].form
                end += 1
        by = 1
        while by < _MOST and (said := self._said(end)) and said.multiplies and not said.ordinal and self._joins(end):
            by *= said.value
            end += 1
        return _Parsed(_times(form, by), end) if end > at + 1 else None

    def _grouped(self, at: int) -> bool:
        """Whether the word is three figures behind a single space."""
        if not (at < len(self._words) and _GROUP.fullmatch(self._words[at].form)):
            return False
        between = self._text[self._words[at - 1].end : self._words[at].start]
        return len(between) == 1 and between.isspace()

    def _whole(self, at: int, *, led: bool = False) -> _Parsed | None:
        """A whole number in words."""
        sum_ = _Sum(self._how)
        end = following = at
        if self._how.counted and self._words[at].form in {"a", "an"}:
            following = at + 1
            said = self._said(following)
            if said is None or not (said.multiplies and self._joins(following)):
                return None
        said = self._how.words.get(self._without_waw(at)) if led else self._said(following)
        while said is not None and sum_.takes(said, joined=following > at and self._led(following)):
            end = following + 1
            said, following = self._next(end, sum_)
        return _Parsed(str(sum_.value) + (RANK if sum_.ordinal else ""), end) if end > at else None

    def _led(self, at: int) -> bool:
        return bool(self._how.units_first) and self._without_waw(at) in self._how.words

    def _next(self, at: int, sum_: _Sum) -> tuple[NumberWord | None, int]:
        """The next word of a number, and its index, behind a word that joins."""
        if not self._joins(at):
            return None, at
        if self._led(at):
            return self._how.words[self._without_waw(at)], at
        if self._words[at].form == self._how.joining and self._joins(at + 1):
            said, behind = self._said(at + 1), self._said(at + 2)
            # Between two hundred and three hundred: two numbers.
            other = behind is not None and behind.value == HUNDRED and self._joins(at + 2)
            return (said, at + 1) if said is not None and not other and sum_.may_join(said) else (None, at)
        return self._said(at), at

    def _year(self, first: _Parsed) -> _Parsed | None:
        """A year that is said as two numbers: nineteen ninety-nine."""
        century = int(first.form)
        if not (10 < century <= _TENS and self._joins(first.end)):
            return None
        rest = self._whole(first.end) if self._said(first.end) else None
        if rest is None or rest.form.endswith(RANK) or not 10 <= int(rest.form) < HUNDRED:
            return None
        return _Parsed(first.form + rest.form, rest.end)

    def _fraction(self, whole: _Parsed) -> _Parsed | None:
        """A number with figures behind a spoken point: three point one four."""
        at = whole.end
        if not (self._joins(at) and self._words[at].form in self._how.points):
            return None
        found = ""
        while self._joins(at + 1) and (said := self._said(at + 1)) and not said.ordinal and said.value < 10:
            found += str(said.value)
            at += 1
        if not found and self._joins(at + 1) and (rest := self._whole(at + 1)) and not rest.form.endswith(RANK):
            found, at = rest.form, rest.end - 1
        return _Parsed(f"{whole.form}.{found}", at + 1) if found else None


class _Sum:
    """A number that is added up word by word."""

    def __init__(self, how: Numerals) -> None:
        self._how = how
        self._total = 0
        self._group: int | None = None
        """What is below the next thousand; None where nothing was said of it."""
        self._least = 0
        """The smallest multiplier so far; 0: none."""
        self._words = 0
        self.ordinal = False

    @property
    def value(self) -> int:
        return self._total + (self._group or 0)

    def may_join(self, said: NumberWord) -> bool:
        """Whether *and* may stand before this word."""
        group = self._group or 0
        return not said.multiplies and said.value > 0 and self._how.joins(group, said.value)

    def takes(self, said: NumberWord, *, joined: bool) -> bool:
        """Add a word, `joined` by an Arabic *and*. Returns False, and adds nothing, where it begins another number."""
        if self.ordinal and not said.ordinal:
            return False
        added = self._multiplied(said.value) if said.multiplies else self._added(said.value, joined=joined)
        if added:
            self._words += 1
            self.ordinal = said.ordinal
        return added

    def _added(self, value: int, *, joined: bool) -> bool:
        if value >= THOUSAND:  # the Arabic dual: two thousand
            if self._words:
                return False
            self._total, self._least = value, THOUSAND
        elif self._group is None:
            if self._words and (value == 0 or (self._how.units_first and not joined)):
                return False
            self._group = value
        elif self._how.scores and value == _TENS and self._group % HUNDRED == 4:
            self._group += 76  # quatre-vingts
        elif self._fits(value, joined=joined):
            self._group += value
        else:
            return False
        return True

    def _fits(self, value: int, *, joined: bool) -> bool:
        group = self._group or 0
        below = group % HUNDRED
        if group == 0 or value == 0:
            return False
        if below == 0:
            return value < HUNDRED
        if self._how.units_first:
            return below < 10 and (_TENS <= value < HUNDRED if joined else value == 10)
        if self._how.scores and ((below == 10 and 7 <= value <= 9) or (below in {60, 80} and 10 <= value < _TENS)):
            return True
        return below >= _TENS and below % 10 == 0 and value < 10

    def _multiplied(self, value: int) -> bool:
        if value == HUNDRED:
            if self._group is None:
                self._group = HUNDRED
            elif 0 < self._group < HUNDRED:
                self._group *= HUNDRED
            else:
                return False
            return True
        if self._group is None and self._total == 0:
            self._group = 1
        elif self._group is None or self._group == 0:
            if self._least and value > self._least:  # mil millones
                self._total, self._least = self._total * value, value
                return True
            return False
        if self._least and value >= self._least:
            return False
        self._total += (self._group or 0) * value
        self._group, self._least = None, value
        return True


class _Chinese:
    """The numbers of a Chinese text, in which each character is a word."""

    def __init__(self, words: Sequence[NormalWord]) -> None:
        self._words = words

    def all(self) -> Iterator[NormalWord]:
        at = 0
        while at < len(self._words):
            first = self._words[at]
            parts = tuple(each.form for each in self._words[at : at + len(_OF_HUNDRED)])
            behind = at + len(_OF_HUNDRED)
            if parts == _OF_HUNDRED and (parsed := self._number(behind)):
                yield NormalWord(f"{parsed.form}%", first.start, self._words[parsed.end - 1].end)
                at = parsed.end
            elif parsed := self._number(at):
                at, sign = parsed.end, ""
                if self._beside(0, at) and self._words[at].form == "%":
                    at, sign = at + 1, "%"
                yield NormalWord(parsed.form + sign, first.start, self._words[at - 1].end)
            else:
                end = at + max(len(self._run(at)), 1)  # 三四百: what isn't one number stays whole
                yield from self._words[at:end]
                at = end

    def _run(self, at: int) -> str:
        """The characters of a number that stand beside each other."""
        end = at
        while self._beside(at, end) and self._words[end].form in _CHINESE_ALL:
            end += 1
        return "".join(each.form for each in self._words[at:end])

    def _beside(self, first: int, at: int) -> bool:
        """Whether there is a word, and nothing between it and the one before, unless it is the first of a number."""
        return at < len(self._words) and (at == first or self._words[at - 1].end == self._words[at].start)

    def _number(self, at: int) -> _Parsed | None:
        if at >= len(self._words):
            return None
        form, end = self._words[at].form, at + 1
        if _FIGURE.fullmatch(form):
            by = 1
            while by < _MOST and self._beside(at, end) and self._words[end].form in _CHINESE_MYRIADS:
                by *= _CHINESE_MYRIADS[self._words[end].form]
                end += 1
            return _Parsed(_times(form, by), end)
        run = self._run(at)
        whole, end = chinese_number(run), at + len(run)
        if whole is None:
            return None
        if end < len(self._words) and self._words[end].form in _FRACTION:
            rest = self._run(end + 1)
            if rest and all(each in _CHINESE for each in rest):
                return _Parsed(f"{whole}.{''.join(str(_CHINESE[each]) for each in rest)}", end + 1 + len(rest))
        return _Parsed(str(whole), end)


def chinese_number(run: str) -> int | None:
    """The value of Chinese numerals; None where they aren't one number, as in 三四 (three or four)."""
    if not 0 < len(run) <= _LONGEST or run[0] in _CHINESE_MYRIADS:
        return None
    if all(each in _CHINESE for each in run):
        by_figures = len(run) in {1, _YEAR}
        return int("".join(str(_CHINESE[each]) for each in run)) if by_figures else None
    total = group = 0
    figure: int | None = None
    colloquial = False
    unit = _MYRIAD
    least = _CHINESE_MYRIADS["亿"]
    for before, each in pairwise(f" {run}"):
        if each in _CHINESE:
            if figure:
                return None
            figure = _CHINESE[each]
            colloquial = before in _ABOVE_TEN and figure > 0  # 三百五 is 350, and 三百五十 too
        elif each in _CHINESE_UNITS:
            if _CHINESE_UNITS[each] >= unit:
                return None
            unit = _CHINESE_UNITS[each]
            group += (1 if figure is None else figure) * unit
            figure = None
        else:
            if figure and colloquial:
                return None
            group += figure or 0
            myriad = _CHINESE_MYRIADS[each]
            total = (total + group) * myriad if myriad > least else total + group * myriad  # 一万亿, 一亿二千万
            group, figure, unit, least = 0, None, _MYRIAD, myriad
    return None if figure and colloquial else total + group + (figure or 0)


def _times(form: str, by: int) -> str:
    """A number in figures, multiplied."""
    whole, _, fraction = form.partition(".")
    places = len(str(by)) - 1  # each multiplier is a power of ten
    fraction = fraction.ljust(places, "0")
    figures, rest = (whole + fraction[:places]).lstrip("0") or "0", fraction[places:].rstrip("0")
    return f"{figures}.{rest}" if rest else figures
