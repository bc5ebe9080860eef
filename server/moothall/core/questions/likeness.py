"""Which questions ask about the same, as far as their letters tell: proposed to a person, never joined by itself. Pure.

Two texts are compared by the letters that they share, three in a row (Dice's coefficient over character trigrams,
L. R. Dice, "Measures of the amount of ecologic association between species", Ecology 26, 1945). That needs no list of
words and works where words aren't parted by spaces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from moothall.core.kernel.ids import InterventionId

ALIKE = 0.6
"""From this likeness on two texts are proposed as the same."""
MOST = 300
"""Texts that are compared; of more, the newest."""

Grams = frozenset[str]


def grams(text: str) -> Grams:
    """The letters of a text, three in a row, without regard to case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    spaced = f" {' '.join(kept.split())} "
    return frozenset(spaced[at : at + 3] for at in range(len(spaced) - 2))


def likeness(one: Grams, other: Grams) -> float:
    """From 0, nothing in common, to 1."""
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


class Likenesses:
    """Groups of texts that are alike; it remembers what it has compared."""

    def __init__(self, most: int = MOST) -> None:
        """`most`: texts that are compared; of more, the newest."""
        self._most = most
        self._texts: dict[InterventionId, str] = {}
        self._grams: dict[InterventionId, Grams] = {}
        self._like: dict[InterventionId, set[InterventionId]] = {}

    def groups(self, texts: Mapping[InterventionId, str]) -> Sequence[tuple[InterventionId, ...]]:
        """Groups of two and more, each with its first text, to which all others are like; in the order of `texts`."""
        last = dict(list(texts.items())[-self._most :])
        for name in [name for name, text in self._texts.items() if last.get(name) != text]:
            self._forget(name)
        for name, text in last.items():
            if name not in self._texts:
                self._take(name, text)
        found: list[tuple[InterventionId, ...]] = []
        grouped: set[InterventionId] = set()
        place = {name: n for n, name in enumerate(last)}
        for name in last:
            if name in grouped:
                continue
            group = sorted(self._like[name] - grouped, key=place.__getitem__)
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
