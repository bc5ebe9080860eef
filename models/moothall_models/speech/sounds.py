"""How alike two spellings sound, as far as letters tell: crude, the same for every language, and cheap.

A recogniser that doesn't know a name writes words of about the same sounds in its place. Letters that stand for like
sounds count as one, `h` and doubled letters as none; what is not Latin is compared letter by letter.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

_CLASSES = {"aeiouyw": "a", "bp": "b", "cgkqx": "k", "dt": "d", "fv": "f", "mn": "m", "sz": "s", "h": ""}
_SOUND = {ord(letter): sound for letters, sound in _CLASSES.items() for letter in letters}
_VOWEL = "a"
_LEAST_SHARED = 0.3
"""Share of their pairs of sounds that two spellings have to have in common before they are compared at all."""
_KEPT = 1_000
"""Answers that are kept: pass after pass hears the same words. Overflow: all of them are forgotten."""


def sounds(text: str) -> str:
    """The sounds of a spelling, a sign each: `"Phoebe's "` → `"fabas"`, `"Nguyễn"` → `"mkam"`."""
    folded = unicodedata.normalize("NFKD", text.casefold()).replace("ph", "f")
    told = "".join(filter(str.isalnum, folded)).translate(_SOUND)
    return "".join(sound for n, sound in enumerate(told) if not n or sound != told[n - 1])


def alike(one: str, other: str) -> float:
    """How alike two runs of sounds are: 1 for the same, 0 for nothing in common.

    One less the edit distance by the longer one's length; a vowel more or less costs half.
    """
    longest = max(_weight(one), _weight(other))
    return max(0.0, 1.0 - _distance(one, other) / longest) if longest else 1.0


def _cost(sound: str) -> float:
    return 0.5 if sound == _VOWEL else 1.0


def _weight(text: str) -> float:
    return sum(map(_cost, text))


def _distance(one: str, other: str) -> float:
    row = [0.0]
    for sound in other:
        row.append(row[-1] + _cost(sound))
    for mine in one:
        above, row = row, [row[0] + _cost(mine)]
        for n, sound in enumerate(other):
            change = 0.0 if mine == sound else max(_cost(mine), _cost(sound))
            row.append(min(above[n] + change, above[n + 1] + _cost(mine), row[n] + _cost(sound)))
    return row[-1]


class Ear:
    """Finds which of many spellings a run of sounds resembles, without comparing it with all of them."""

    def __init__(self, known: Sequence[str]) -> None:
        """`known`: the sounds of each."""
        self._known = [(told, _weight(told), len(_pairs(told))) for told in known]
        self._having: dict[str, list[int]] = {}
        self._answers: dict[tuple[str, float], dict[int, float]] = {}
        for number, told in enumerate(known):
            for pair in _pairs(told):
                self._having.setdefault(pair, []).append(number)

    def like(self, told: str, least: float) -> dict[int, float]:
        """The numbers of those that are alike by `least` or more, with how much."""
        if (told, least) not in self._answers:
            if len(self._answers) >= _KEPT:
                self._answers.clear()
            self._answers[told, least] = self._compare(told, least)
        return self._answers[told, least]

    def _compare(self, told: str, least: float) -> dict[int, float]:
        pairs, weight = _pairs(told), _weight(told)
        shared = Counter(number for pair in pairs for number in self._having.get(pair, ()))
        found: dict[int, float] = {}
        for number in sorted(shared):
            known, other, many = self._known[number]
            too_long = min(weight, other) < least * max(weight, other)
            if too_long or 2 * shared[number] < _LEAST_SHARED * (len(pairs) + many):
                continue
            much = alike(told, known)
            if much >= least:
                found[number] = much
        return found


def _pairs(told: str) -> frozenset[str]:
    """Each two sounds that follow each other, the ends included."""
    ends = f"^{told}$"
    return frozenset(ends[n : n + 2] for n in range(len(ends) - 1))
