"""Finds questions that may ask the same, by their characters. They are proposed to a person, and never joined
automatically.

Two texts are compared by the sequences of three characters that they share (Dice's coefficient over character trigrams,
L. R. Dice, "Measures of the amount of ecologic association between species", Ecology 26, 1945). That needs no list of
words, and works in scripts without spaces between words.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Container, Mapping, Sequence
from operator import mul

from moothall.core.kernel.ids import InterventionId

ALIKE = 0.6
"""The likeness from which on two texts are proposed as the same."""
MOST = 300
"""How many texts are compared at most: the newest."""

Grams = frozenset[str]


def grams(text: str) -> Grams:
    """The character trigrams of a text, without regard to case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    spaced = f" {' '.join(kept.split())} "
    return frozenset(spaced[at : at + 3] for at in range(len(spaced) - 2))


def likeness(one: Grams, other: Grams) -> float:
    """Dice's coefficient, from 0 (nothing in common) to 1."""
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


NEAR = 0.3
"""The likeness from which on a text is shown to somebody who types another."""
MOST_NEAR = 5


def nearest(text: str, others: Mapping[InterventionId, str]) -> list[InterventionId]:
    """Which of the `MOST` newest texts are similar to `text`, the most similar first, at most `MOST_NEAR`."""
    mine = grams(text)
    scored = [(likeness(mine, grams(other)), name) for name, other in list(others.items())[-MOST:]]
    near = sorted((each for each in scored if each[0] >= NEAR), key=lambda each: -each[0])
    return [name for _, name in near[:MOST_NEAR]]


def nearest_in_meaning(
    mine: bytes, others: Mapping[InterventionId, bytes], least: float, without: Container[InterventionId] = ()
) -> list[InterventionId]:
    """Which texts mean something like another one, by their vectors (a signed byte a dimension): those whose cosine is
    `least` or more, the most similar first, at most `MOST_NEAR`, and none of `without`.
    """
    scored = [(cosine(mine, vector), name) for name, vector in others.items() if name not in without]
    near = sorted((each for each in scored if each[0] >= least), key=lambda each: -each[0])
    return [name for _, name in near[:MOST_NEAR]]


def cosine(one: bytes, other: bytes) -> float:
    """The cosine of two vectors, from -1 to 1; 0 where one has no direction."""
    left, right = memoryview(one).cast("b"), memoryview(other).cast("b")
    size = math.sqrt(sum(map(mul, left, left)) * sum(map(mul, right, right)))
    return sum(map(mul, left, right)) / size if size else 0.0


class Likenesses:
    """Groups of similar texts. Results of comparisons are kept for the next call."""

    def __init__(self, most: int = MOST) -> None:
        """`most`: how many texts are compared, the newest. Overflow: older texts are in no group."""
        self._most = most
        self._texts: dict[InterventionId, str] = {}
        self._grams: dict[InterventionId, Grams] = {}
        self._like: dict[InterventionId, set[InterventionId]] = {}

    def groups(self, texts: Mapping[InterventionId, str]) -> Sequence[tuple[InterventionId, ...]]:
        """Groups of at least two texts, in the order of `texts`. In each, all others are similar to the first."""
        last = dict(list(texts.items())[-self._most :])
        for name in [name for name, text in self._texts.items() if last.get(name) != text]:
            self._forget(name)
        for name, text in last.items():
            if name not in self._texts:
                self._take(name, text)
        found: list[tuple[InterventionId, ...]] = []
        grouped: set[InterventionId] = set()
        rank = {name: n for n, name in enumerate(last)}
        for name in last:
            if name in grouped:
                continue
            group = sorted(self._like[name] - grouped, key=rank.__getitem__)
            if group:
                found.append((name, *group))
                grouped.update(found[-1])
        return found

    def _forget(self, name: InterventionId) -> None:
        del self._texts[name], self._grams[name]
        for other in self._like.pop(name):
            self._like[other].discard(name)

    def _take(self, name: InterventionId, text: str) -> None:
        mine = grams(text)
        alike = {other for other, theirs in self._grams.items() if likeness(mine, theirs) >= ALIKE}
        self._texts[name], self._grams[name], self._like[name] = text, mine, alike
        for other in alike:
            self._like[other].add(name)
