"""Phonetic similarity of two spellings, estimated from their letters: crude, the same for every language, and cheap.

A recogniser that doesn't know a name writes words of about the same sounds in its place. Letters for similar sounds
count as the same; `h` and the second of doubled letters are ignored; scripts other than Latin are compared letter by
letter.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

_CLASSES = {"aeiouyw": "a", "bp": "b", "cgkqx": "k", "dt": "d", "fv": "f", "mn": "m", "sz": "s", "h": ""}
_SOUND = {ord(letter): sound for letters, sound in _CLASSES.items() for letter in letters}
_VOWEL = "a"
_LEAST_SHARED = 0.3
"""Share of common pairs of sounds (bigrams) below which two spellings are not compared in detail."""
_KEPT = 1_000
"""Answers in the cache, since successive passes hear the same words. Overflow: the cache is emptied."""


def sounds(text: str) -> str:
    """The sounds of a spelling, a character each: `"Phoebe's "` → `"fabas"`, `"Nguyễn"` → `"mkam"`."""
    folded = unicodedata.normalize("NFKD", text.casefold()).replace("ph", "f")
    told = "".join(filter(str.isalnum, folded)).translate(_SOUND)
    return "".join(sound for n, sound in enumerate(told) if not n or sound != told[n - 1])


def alike(one: str, other: str) -> float:
    """The similarity of two sequences of sounds: 1 for the same, 0 for nothing in common.

    It is 1 minus the edit distance divided by the length of the longer sequence; vowels count half in both.
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
    """An index that finds which of many spellings a sequence of sounds resembles, without comparing it with each."""

    def __init__(self, known: Sequence[str]) -> None:
        """`known`: the sounds of each spelling."""
        self._known = [(told, _weight(told), len(_pairs(told))) for told in known]
        self._having: dict[str, list[int]] = {}
        self._answers: dict[tuple[str, float], dict[int, float]] = {}
        for number, told in enumerate(known):
            for pair in _pairs(told):
                self._having.setdefault(pair, []).append(number)

    def like(self, told: str, least: float) -> dict[int, float]:
        """The similarity of each known spelling that resembles `told` by `least` or more, by its index in `known`."""
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
    """The bigrams of a sequence of sounds, including those with its beginning and end."""
    ends = f"^{told}$"
    return frozenset(ends[n : n + 2] for n in range(len(ends) - 1))
