"""The words of a cited line that somebody has to confirm singly: it says something else if they were misheard.

These are words that deny, numbers, names, and those of which the recogniser was not sure. Names are known by their
capitals within a sentence, as acronyms, or because they are given: those of speakers, terms of the glossary.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum

import msgspec

from moothall.core.events.lines import Word
from moothall.core.glossary.agenda import NOUNS_ARE_CAPITAL, is_acronym
from moothall.core.kernel.languages import primary
from moothall.core.reports.negations import negations
from moothall.core.reports.normal_words import MINUS, NormalWord, normal_words
from moothall.core.reports.numbers import RANK, numbered
from moothall.core.views.doubts import SURE

_NUMBER = re.compile(rf"[^\W\d_]?\d[\d.]*(?:{RANK})?")
_ARTICLES = frozenset({"es", "fr", "pt"})
"""Languages in which one is an article too."""
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f\u00bf\u00a1:][^\w]*\Z|\A[^\w]*\Z")
_ABBREVIATED = re.compile(r"(?:\A|\W)([^\W\d_]{1,4})\.\s\Z")
"""A title before a name, such as Dr., behind which no sentence begins."""
_TOGETHER = re.compile(r"[\s'\u2019\u2010\u2011-]+")
_NO_NAMES = frozenset({"i", "ich", "i'm", "i'd", "i've", "i'll"})
"""Words with a capital that are no names."""


class DoubtReason(StrEnum):
    """Why a word has to be confirmed."""

    NEGATION = "negation"
    NUMBER = "number"
    NAME = "name"
    UNSURE = "unsure"
    """The recogniser was not sure of it."""


class DoubtfulWord(msgspec.Struct, frozen=True):
    """Characters of a line (code points) to be confirmed."""

    start: int
    end: int
    reasons: tuple[DoubtReason, ...]
    p: float | None = None
    """The lowest probability of its words; None where none is known."""


def doubts(
    text: str, language: str, words: Sequence[Word] = (), *, names: Collection[str] = ()
) -> tuple[DoubtfulWord, ...]:
    """What has to be confirmed of a line in a language (BCP-47), in order. `words`: as they were recognised, which
    count while the line reads so; `names`: names that may be said.
    """
    there = normal_words(text, language)
    heard = tuple(_heard(text, words))
    found: dict[tuple[int, int], list[DoubtReason]] = {}
    for reason, spans in (
        (DoubtReason.NEGATION, ((there[at].start, there[at].end) for at in sorted(negations(there, text, language)))),
        (DoubtReason.NUMBER, _numbers(text, there, language)),
        (DoubtReason.NAME, (*_capitals(text, there, language), *_given(there, language, names))),
        (DoubtReason.UNSURE, ((start, end) for start, end, p in heard if p < SURE)),
    ):
        for span in spans:
            reasons = found.setdefault(span, [])
            if reason not in reasons:
                reasons.append(reason)
    return tuple(
        DoubtfulWord(start, end, tuple(reasons), _probability(heard, start, end))
        for (start, end), reasons in sorted(found.items())
    )


def _heard(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int, float]]:
    """Where the recognised words stand, with their probabilities; none if the line reads otherwise by now."""
    whole = "".join(word.text for word in words)
    if whole.strip() != text.strip():
        return
    at = len(text) - len(text.lstrip()) - (len(whole) - len(whole.lstrip()))
    for word in words:
        bare = word.text.strip()
        start = at + len(word.text) - len(word.text.lstrip())
        if bare:
            yield start, start + len(bare), word.p
        at += len(word.text)


def _probability(heard: Sequence[tuple[int, int, float]], start: int, end: int) -> float | None:
    return min((p for first, last, p in heard if first < end and start < last), default=None)


def _numbers(text: str, words: Sequence[NormalWord], language: str) -> Iterator[tuple[int, int]]:
    written = {(word.start, word.end): word.form for word in words}
    for word in numbered(words, text, language):
        article = primary(language) in _ARTICLES and word.form == "1" and written.get((word.start, word.end)) != "1"
        if _NUMBER.fullmatch(word.form) and word.form != MINUS and not article:
            yield word.start, word.end


def _capitals(text: str, words: Sequence[NormalWord], language: str) -> Iterator[tuple[int, int]]:
    """Acronyms, and words with a capital within a sentence; those beside each other are one name. A word with a capital
    that begins a sentence counts where another one follows.
    """
    run: list[NormalWord] = []
    before = 0
    for word in words:
        between = text[before : word.start]
        if run and not (_TOGETHER.fullmatch(between) and _capital(text, word, language)):
            yield from _name(text, run)
            run = []
        if run or _capital(text, word, language):
            run.append(word)
        before = word.end
    yield from _name(text, run)


def _capital(text: str, word: NormalWord, language: str) -> bool:
    written = text[word.start : word.end]
    if is_acronym(written):
        return True
    nouns = primary(language) in NOUNS_ARE_CAPITAL
    return written[:1].isupper() and word.form not in _NO_NAMES and not nouns


def _name(text: str, run: Sequence[NormalWord]) -> Iterator[tuple[int, int]]:
    if not run:
        return
    first = text[run[0].start : run[0].end]
    before = text[: run[0].start]
    title = _ABBREVIATED.search(before)
    titled = title is not None and title[1][0].isupper() and not is_acronym(title[1])
    if len(run) > 1 or is_acronym(first) or titled or not _SENTENCE_END.search(before):
        yield run[0].start, run[-1].end


def _given(words: Sequence[NormalWord], language: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """Where names stand that are given, in any script."""
    forms = tuple(word.form for word in words)
    for name in names:
        sought = tuple(word.form for word in normal_words(name, language))
        for at in range(len(forms) - len(sought) + 1 if sought else 0):
            if forms[at : at + len(sought)] == sought:
                yield words[at].start, words[at + len(sought) - 1].end
