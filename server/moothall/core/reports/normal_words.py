"""The words of a text as quotations are compared, each with where it stands: the index map back to the text.

A *normal word* differs from the written one in what may differ without another word being there: case, forms of the
same character, marks that nobody sees, Arabic vowel signs and forms of alef, ё. It isn't stemmed and keeps its accents:
those part words from each other. Punctuation is no word; signs that are read aloud or change a number are. Figures and
letters are words of their own, so that `5km` is `5 km`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from moothall.core.kernel.languages import primary
from moothall.core.search.folding import EACH, SPELLINGS, bare_arabic, marks

UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""What stands within words and nobody sees: joiners, marks of direction, places where a word may be broken."""
_APOSTROPHES = "'\u2019\u02bc\uff07\u2018"
_MINUS = "\u2212-"
MINUS = "-"
"""The sign before a number, as a word."""
_SIGNS = "%\u2030\u066a$\u20ac\u00a3\u00a5\u20bd&@#+=\u00b0\u00a7\uff05\uff0b\uff1d\uff06\uff20\uff03\uff04\uffe5"
"""Signs that count as words."""
_SAME = str.maketrans({"\u066a": "%", "ё": "\u0435"} | dict.fromkeys(_APOSTROPHES, "'"))
"""Signs and a letter that are written in several ways, as they are in normal words."""
_HIDDEN = re.compile(f"[{UNSEEN}]")
_POINTS = re.compile(r"[.,\u066b\u066c'\u2019]")
_ELIDED = re.compile(rf"(?:[ldnjmtsc]|\w*qu)[{_APOSTROPHES}](?=\w)", re.IGNORECASE)
"""French words that lose their last vowel: `l'`, `qu'`, `jusqu'`."""
_ELIDING = frozenset({"ca", "fr", "it", "pt"})
_POSSESSIVE = re.compile(rf"[{_APOSTROPHES}](?=s\Z)", re.IGNORECASE)
_COMMA_IS_POINT = frozenset({"ca", "de", "es", "fr", "it", "nl", "pt", "ru", "uk"})
"""Languages that write 3,5 for three and a half, and 1.500 for fifteen hundred."""
MOST_KEPT = 50_000
"""Normal forms in memory, since a few thousand words make most of a text. Overflow: those used longest ago go."""


class NormalWord(NamedTuple):
    """A word as it is compared, and the characters of the text that it stands for."""

    form: str
    start: int
    end: int


@cache
def _written() -> re.Pattern[str]:
    letter = rf"(?:[^\W\d_{EACH}]|[{marks()}{UNSEEN}])"
    figure = r"\d+(?:[.,\u066b\u066c'\u2019]\d+)*"
    return re.compile(
        rf"(?P<each>[{EACH}][{marks()}]*)|(?P<figure>{figure})|(?P<minus>(?<!\w)[{_MINUS}](?=\d))|(?P<sign>[{_SIGNS}])"
        rf"|(?P<joined>[وفبكل](?=\d))|(?P<word>{letter}+(?:[{_APOSTROPHES}]{letter}+)*)"
    )


def normal_words(text: str, language: str) -> tuple[NormalWord, ...]:
    """The normal words of a text in a language (BCP-47), in order."""
    return tuple(word for word in _words(text, primary(language)) if word.form)


def _words(text: str, language: str) -> Iterator[NormalWord]:
    for found in _written().finditer(text):
        start, end, written = found.start(), found.end(), found[0]
        if found.lastgroup == "figure":
            yield NormalWord(figures(written, language), start, end)
        elif found.lastgroup == "minus":
            yield NormalWord(MINUS, start, end)
        elif found.lastgroup != "word":
            yield NormalWord(normal(written), start, end)
        else:
            yield from _parts(written, start, language)


def _parts(written: str, start: int, language: str) -> Iterator[NormalWord]:
    """A word in letters; what French elides, and the s of an English possessive, are words of their own."""
    end = start + len(written)
    while language in _ELIDING and (found := _ELIDED.match(written)):
        yield NormalWord(normal(found[0][:-1]), start, start + found.end() - 1)
        start, written = start + found.end(), written[found.end() :]
    if language == "en" and (found := _POSSESSIVE.search(written)):
        yield NormalWord(normal(written[: found.start()]), start, start + found.start())
        start, written = start + found.end(), written[found.end() :]
    yield NormalWord(normal(written), start, end)


@lru_cache(maxsize=MOST_KEPT)
def normal(written: str) -> str:
    """The normal form of one written word; empty for marks alone."""
    plain = unicodedata.normalize("NFKC", _HIDDEN.sub("", written)).casefold()
    if not plain.isascii():
        plain = bare_arabic(unicodedata.normalize("NFKC", plain), SPELLINGS).translate(_SAME)
    return plain


def figures(written: str, language: str) -> str:
    """A number in figures of any script as ASCII figures, without separators of thousands and with a point before its
    fraction, as a primary language writes them. What has points and is no number, such as a date, keeps them all.
    """
    plain = "".join(str(unicodedata.decimal(each, each)) for each in written)
    found = _POINTS.findall(plain)
    if not found:
        return plain
    whole, *rest = _POINTS.split(plain)
    thousands, point = ("\u066c", "\u066b") if found[0] in "\u066b\u066c" else (",", ".")
    if language in _COMMA_IS_POINT and point == ".":
        thousands, point = ".", ","
    ending = ""
    if found[-1] == point and found.count(point) == 1:
        ending = f".{rest.pop()}"
        found.pop()
    grouped = len(whole) <= 3 and all(len(each) == 3 for each in rest) and set(found) <= {thousands, "'", "\u2019"}
    return f"{whole}{'' if grouped else '.'}{('' if grouped else '.').join(rest)}{ending}" if rest else whole + ending
