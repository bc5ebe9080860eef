"""Suggests with which lines of a session a report may begin: those most central to it, and to each policy question.

Nothing is written anew: lines are chosen as they stand. Each is a vector; the *centre* of a session is the sum of its
lines' vectors, that of a question the sum of its own and those of the lines that were marked under it. What is close to
a centre stands for it (the centroid method of Radev et al. 2004, *Centroid-based summarization of multiple documents*),
and what repeats a line that was chosen is put back by maximal marginal relevance (Carbonell and Goldstein 1998).

Vectors are the weights of a line's words (tf-idf), or are given: those of a model of meaning. The same input gives the
same lines.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from math import log, sqrt
from operator import mul
from typing import NamedTuple, Protocol

import msgspec

from moothall.core.kernel.ids import PolicyQuestionId, SegmentId
from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall.core.search.folding import EACH, Folding, Token

MOST = 8
"""Lines for a question, and for a session."""
NEWNESS = 0.3
"""How much it counts that a line says something else than those chosen before, against how central it is."""
OF_QUESTION = 0.7
"""How much closeness to a question counts for it, against that to the session."""
POOL = 200
"""The most central lines, among which is chosen."""
LEAST_WORDS, LEAST_CHARACTERS = 6, 12
"""The least words of a line, and in languages without spaces the least characters: shorter ones say nothing alone."""
OFTEN = 3
"""A word that is in more than one of so many lines says nothing of any."""
FEW = 20
"""Lines of a session in which no word counts as said often."""
WORDS_SHOWN = 3
SHORT = 3
"""Letters of a word that says nothing, but for an acronym: *the*, *de la*, *на*."""
_FUNCTION_WORDS = """
about after also been before being both could does each even every from have having here into just like many more most
much only other ours over same should some such than thank thanks that their them then there these they this those
through very want well were what when where which while will with would your
alors ainsi aussi avec avez avons cela cette ceux comme dans depuis donc dont elle elles encore entre fait leur leurs
mais merci même nous pour quand sans sont sous sommes tout tous toute très vous votre
algo algunos ante antes aquí como cuando desde donde ellos entre esta este esto estos está están gracias hacia hasta
hemos mucho muchas muchos nosotros nuestra nuestro para pero porque puede pueden sobre también tenemos todo todos tiene
usted ustedes
aqui até isso isto mais mesmo muito muitas muitos nossa nosso obrigada obrigado pela pelo quando temos todas você vocês
было были быть если есть который которая которые мочь может можно наша наши очень после потому того тоже только тогда
также чтобы этого этой этом спасибо
التي الذي الذين ذلك هذا هذه هناك هنا كما لكن عندما أيضا شكرا إلى على
"""
"""Frequent words that say nothing of what a line is about, and thanks; shorter ones are left out by their length."""
_SAYING_NOTHING = frozenset(_FUNCTION_WORDS.split())
_BOOSTED = 0.2
_ONE = re.compile(f"[{EACH}]")


class SuggestionReason(StrEnum):
    """Why a line is suggested."""

    CENTRAL = "central"
    """It is close to what the session was about, or the question."""
    MARKED = "marked"
    """The staff have marked it for the report."""
    ANSWER = "answer"
    """It answers a question that was asked."""


class SuggestibleLine(msgspec.Struct, frozen=True):
    """A finished line."""

    segment: SegmentId
    text: str
    language: str
    """BCP-47 tag."""


class PolicyQuestionText(msgspec.Struct, frozen=True):
    """A policy question."""

    id: PolicyQuestionId
    text: str
    language: str
    """BCP-47 tag."""


class Boost(msgspec.Struct, frozen=True):
    """What somebody's act says of a line."""

    segment: SegmentId
    reason: SuggestionReason
    question: PolicyQuestionId | None = None
    """The policy question to which it belongs; None: to none."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is suggested."""

    segment: SegmentId
    score: float
    """How central it is, 1 at most, and more where it was marked or answers."""
    reasons: tuple[SuggestionReason, ...]
    words: tuple[str, ...] = ()
    """Those of its words that are most central; none where vectors were given."""


class SuggestedLines(msgspec.Struct, frozen=True):
    """What is suggested, best first."""

    session: tuple[Suggestion, ...] = ()
    questions: dict[PolicyQuestionId, tuple[Suggestion, ...]] = {}


class GivenVectors(NamedTuple):
    """Vectors of a model: of each line, and of each question; all 0 for a line that has none, and isn't central."""

    lines: Sequence[Sequence[float]]
    questions: Sequence[Sequence[float]] = ()


class _Centre(Protocol):
    """The middle of some vectors."""

    def close(self, line: int) -> float:
        """How close a line is to it, from -1 to 1."""
        ...

    def words(self, line: int) -> tuple[str, ...]:
        """The words of a line that make it close."""
        ...


class _Space(Protocol):
    """The vectors of lines, and behind them those of questions."""

    def centre(self, members: Sequence[int]) -> _Centre:
        """The middle of some of them."""
        ...

    def alike(self, one: int, other: int) -> float:
        """How much two lines say the same, from 0 to 1."""
        ...


def suggest(
    lines: Sequence[SuggestibleLine],
    questions: Sequence[PolicyQuestionText],
    boosts: Sequence[Boost],
    folding: Folding,
    *,
    vectors: GivenVectors | None = None,
    most: int = MOST,
) -> SuggestedLines:
    """Suggest at most `most` lines of a session for each of its policy questions, and for itself."""
    if not lines:
        return SuggestedLines(questions={question.id: () for question in questions})
    texts: Sequence[SuggestibleLine | PolicyQuestionText] = (*lines, *questions)
    spread = [[*folding.tokens(each.text, each.language)] for each in texts]
    space: _Space
    if vectors is None:
        space = _WordSpace(spread, [each.text for each in texts], len(lines))
    else:
        space = _MeaningSpace(vectors, len(lines))
    fit = [at for at, line in enumerate(lines) if _says_enough(line, spread[at])]
    of_line = {line.segment: at for at, line in enumerate(lines)}
    chooser = _Chooser(space, lines, fit, most)
    whole = space.centre(range(len(lines)))
    central = [whole.close(at) for at in range(len(lines))]
    of_questions = {}
    for number, question in enumerate(questions):
        own = [each for each in boosts if each.question == question.id]
        marked = dict.fromkeys(of_line[each.segment] for each in own if each.segment in of_line)
        centre = space.centre([len(lines) + number, *marked])
        near = [centre.close(at) for at in range(len(lines))]
        # What isn't close to the question at all is nothing to begin its answer with, however central it is.
        mixed = [
            OF_QUESTION * one + (1 - OF_QUESTION) * other if one > 0 else 0.0
            for one, other in zip(near, central, strict=True)
        ]
        of_questions[question.id] = chooser.choose(mixed, _boosted(own, of_line), centre)
    return SuggestedLines(chooser.choose(central, _boosted(boosts, of_line), whole), of_questions)


def _says_enough(line: SuggestibleLine, tokens: Sequence[Token]) -> bool:
    together = primary(line.language) in WRITTEN_TOGETHER
    return len(tokens) >= (LEAST_CHARACTERS if together else LEAST_WORDS)


def _boosted(boosts: Sequence[Boost], of_line: Mapping[SegmentId, int]) -> dict[int, tuple[SuggestionReason, ...]]:
    found: dict[int, dict[SuggestionReason, None]] = {}
    for boost in boosts:
        if boost.segment in of_line:
            found.setdefault(of_line[boost.segment], {})[boost.reason] = None
    return {at: tuple(reasons) for at, reasons in found.items()}


class _Chooser:
    """Chooses lines that are central and don't repeat each other."""

    def __init__(self, space: _Space, lines: Sequence[SuggestibleLine], fit: Sequence[int], most: int) -> None:
        self._space = space
        self._lines = lines
        self._fit = fit
        self._most = most

    def choose(
        self, central: Sequence[float], boosted: Mapping[int, tuple[SuggestionReason, ...]], centre: _Centre
    ) -> tuple[Suggestion, ...]:
        """The lines with the highest scores, each against those that were chosen before it."""
        scores = {at: central[at] + _BOOSTED * len(boosted.get(at, ())) for at in {*self._fit, *boosted}}
        pool = sorted((at for at, score in scores.items() if score > 0), key=lambda at: (-scores[at], at))[:POOL]
        repeated = dict.fromkeys(pool, 0.0)
        found: list[Suggestion] = []
        while repeated and len(found) < self._most:
            best = max(repeated, key=lambda at: ((1 - NEWNESS) * scores[at] - NEWNESS * repeated[at], -at))
            del repeated[best]
            for at in repeated:
                repeated[at] = max(repeated[at], self._space.alike(at, best))
            reasons = ((SuggestionReason.CENTRAL,) if central[best] > 0 else ()) + boosted.get(best, ())
            words = centre.words(best)
            segment = self._lines[best].segment
            found.append(Suggestion(segment=segment, score=round(scores[best], 4), reasons=reasons, words=words))
        return tuple(found)


class _WordSpace:
    """Vectors of the weights of words."""

    def __init__(self, tokens: Sequence[Sequence[Token]], texts: Sequence[str], lines: int) -> None:
        """`tokens` of each text; the first ones are `lines`, the others questions."""
        self.texts = texts
        self.terms = [[*_terms(each, text)] for each, text in zip(tokens, texts, strict=True)]
        counts = [Counter(term for term, _ in each) for each in self.terms]
        many = Counter(term for each in counts[:lines] for term in each)
        limit = lines / OFTEN if lines > FEW else lines
        rare = {term: log((1 + lines) / n) for term, n in many.items() if n <= limit}
        self.vectors = [
            _of_length_one({term: (1 + log(n)) * rare[term] for term, n in each.items() if term in rare})
            for each in counts
        ]

    def centre(self, members: Sequence[int]) -> _Centre:
        total: dict[str, float] = {}
        for member in members:
            for term, weight in self.vectors[member].items():
                total[term] = total.get(term, 0.0) + weight
        return _WordCentre(self, _of_length_one(total))

    def alike(self, one: int, other: int) -> float:
        return _product(self.vectors[one], self.vectors[other])


class _WordCentre:
    def __init__(self, space: _WordSpace, weights: Mapping[str, float]) -> None:
        self._space = space
        self._weights = weights

    def close(self, line: int) -> float:
        return _product(self._space.vectors[line], self._weights)

    def words(self, line: int) -> tuple[str, ...]:
        vector = self._space.vectors[line]
        written: dict[str, str] = {}
        for term, token in self._space.terms[line]:
            if term in vector and term in self._weights:
                written.setdefault(term, self._space.texts[line][token.start : token.end])
        best = sorted(written, key=lambda term: -vector[term] * self._weights[term])
        return tuple(dict.fromkeys(written[term] for term in best))[:WORDS_SHOWN]


def _terms(tokens: Sequence[Token], text: str) -> Iterator[tuple[str, Token]]:
    """What is counted: words that may say something, and in languages without spaces each two characters that stand
    side by side.
    """
    for token in tokens:
        written = text[token.start : token.end]
        short = len(written) <= SHORT and written.isalpha() and (len(written) == 1 or not written.isupper())
        if not (_ONE.match(token.word) or short or written.lower() in _SAYING_NOTHING):
            yield token.word, token
    for one, other in pairwise(tokens):
        if one.end == other.start and _ONE.match(one.word) and _ONE.match(other.word):
            yield one.word + other.word, Token(one.word + other.word, one.start, other.end)


def _of_length_one(vector: dict[str, float]) -> dict[str, float]:
    length = sqrt(sum(weight * weight for weight in vector.values()))
    return {term: weight / length for term, weight in vector.items()}


def _product(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(weight * other[term] for term, weight in one.items() if term in other)


class _MeaningSpace:
    """Vectors that are given. All lines of one session have much in common, which is taken off, but for how central a
    line is to the session.
    """

    def __init__(self, given: GivenVectors, lines: int) -> None:
        self._whole = [_unit(each) for each in (*given.lines, *given.questions)]
        usual = _sum(self._whole[:lines])
        there = max(sum(map(any, given.lines)), 1)
        self._own = [_unit([one - two / there for one, two in zip(each, usual, strict=True)]) for each in self._whole]
        self._lines = lines

    def centre(self, members: Sequence[int]) -> _Centre:
        vectors = self._whole if members == range(self._lines) else self._own
        return _MeaningCentre(vectors, _unit(_sum([vectors[at] for at in members])))

    def alike(self, one: int, other: int) -> float:
        return max(_dot(self._own[one], self._own[other]), 0.0)


class _MeaningCentre:
    def __init__(self, vectors: Sequence[Sequence[float]], middle: Sequence[float]) -> None:
        self._vectors = vectors
        self._middle = middle

    def close(self, line: int) -> float:
        return _dot(self._vectors[line], self._middle)

    def words(self, line: int) -> tuple[str, ...]:
        return ()


def _sum(vectors: Sequence[Sequence[float]]) -> list[float]:
    return [sum(column) for column in zip(*vectors, strict=True)]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return float(sum(map(mul, one, other)))


def _unit(vector: Sequence[float]) -> list[float]:
    length = sqrt(_dot(vector, vector))
    return [each / length for each in vector] if length else [0.0] * len(vector)
