"""Stems of words by Snowball's algorithms, in pure Python (`snowballstemmer`, BSD).

A module by itself, since it is all that knows the library, which is loaded when the first word is folded. Where
PyStemmer is installed, `snowballstemmer` uses it by itself, with the same stems.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import version

_ALGORITHMS = {
    "ar": "arabic",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "pt": "portuguese",
    "ru": "russian",
}
"""Snowball's algorithm for each language of `moothall.core.search.folding.STEMMED`."""


def stem(language: str, word: str) -> str:
    """The stem of a word in lower case; the word itself in a language without an algorithm."""
    algorithm = _ALGORITHMS.get(language)
    return word if algorithm is None else _stemmer(algorithm)(word)


@cache
def stems_of() -> str:
    """What the stems depend on: an index that was made with another release of the algorithms is made anew."""
    return f"snowballstemmer {version('snowballstemmer')}"


@cache
def _stemmer(algorithm: str) -> Callable[[str], str]:
    from snowballstemmer import stemmer

    made: Callable[[str], str] = stemmer(algorithm).stemWord
    return made
