"""How words are folded before they are compared: case, accents, Arabic letters, stems; and what a word is.

A *token* is a folded word. The index holds tokens only, and what a visitor types is folded in the same way. Chinese,
Japanese and Korean are written without spaces, or with endings: there each character is a token, and a run of them is
sought as a phrase, so that two characters are found wherever they stand; a traditional character is folded into the
simplified one, so that a word is found in either script. Arabic letters are folded before they are
stemmed, since people write alef, hamza, yeh and teh marbuta in several ways; other letters lose their accents after
that, since stems depend on them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from moothall.core.kernel.languages import primary
from moothall.core.search.han import SIMPLER

FOLDING_VERSION = 2
"""A part of every index: increase it when the same text gives other tokens, and each index is made anew."""
STEMMED = ("ar", "en", "es", "fr", "pt", "ru")
"""The languages (BCP-47) whose words are stemmed. Chinese, the seventh of the interface, has no endings to take off."""
MOST_KEPT = 200_000
"""The most folded words in memory. Overflow: all of them are dropped, and folded again when they come."""
LONGEST = 64
"""Characters of a token; the rest of a longer word is left out."""

Stem = Callable[[str, str], str]
"""Takes the endings off a word in lower case: (primary language, word) → stem. Returns an unknown language's word."""

EACH = (
    "\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Characters that are a token each: Han, kana, bopomofo and Hangul, as in a regular expression's set."""
_SPELLINGS = {
    "\u0622": "\u0627",  # alef with madda
    "\u0623": "\u0627",  # alef with hamza above
    "\u0625": "\u0627",  # alef with hamza below
    "\u0671": "\u0627",  # alef wasla
    "\u06cc": "\u064a",  # Farsi yeh
    "\u06a9": "\u0643",  # keheh
    "\u0640": None,  # tatweel
}
SPELLINGS = str.maketrans(_SPELLINGS)
"""Arabic letters of which the same word is written with one or the other."""
_ARABIC = str.maketrans(
    {
        **_SPELLINGS,
        "\u0624": "\u0648",  # waw with hamza
        "\u0626": "\u064a",  # yeh with hamza
        "\u0649": "\u064a",  # alef maksura
        "\u0629": "\u0647",  # teh marbuta
    }
)
"""Those, and letters that also part one word from another: enough to find it by."""
_ACCENTLESS = {
    "es": ((r"([cs])ion$", r"\1ión"), (r"ia$", "ía"), (r"ias$", "ías"), (r"logia(s?)$", r"logía\1")),
    "fr": (
        (r"e$", "é"),
        (r"es$", "és"),
        (r"ee(s?)$", r"ée\1"),
        (r"(?<=.)e(?=[^aeiouy]es?$)", "è"),
        (r"^e", "é"),
    ),
    "pt": (
        (r"cao$", "ção"),
        (r"coes$", "ções"),
        (r"sao$", "são"),
        (r"soes$", "sões"),
        (r"encia(s?)$", r"ência\1"),
        (r"ancia(s?)$", r"ância\1"),
        (r"avel$", "ável"),
        (r"ivel$", "ível"),
    ),
}
"""How accents are put back at the ends of words that were typed without them, since stems depend on them there."""


@cache
def _each() -> re.Pattern[str]:
    """A character that is a token; the marks of kana are no accents."""
    return re.compile(f"[{EACH}]")


class Token(NamedTuple):
    """A folded word, and where it stands in its text."""

    word: str
    start: int
    end: int


@cache
def marks() -> str:
    """All marks but those that vary other characters, which are no part of a word, and the tatweel; as in a regular
    expression's set.
    """
    found: list[list[int]] = []
    for code in range(0x300, 0x1F000):
        if unicodedata.category(chr(code))[0] == "M":
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in found) + "\u0640"


@cache
def _word() -> re.Pattern[str]:
    """What a word is: one character of `EACH`, or a run of other letters, figures and marks."""
    return re.compile(f"[{EACH}][{marks()}]*|(?:[^\\W_{EACH}]|[{marks()}])+")


class Folding:
    """Folds texts into tokens. It keeps the words it has folded, since a few thousand make most of a text."""

    def __init__(self, stem: Stem) -> None:
        self._stem = stem
        # Bound: MOST_KEPT.
        self._known: dict[tuple[str, str], str] = {}

    def tokens(self, text: str, language: str) -> Iterator[Token]:
        """The tokens of a text in a language (BCP-47), in order, without those of which nothing is left."""
        spoken = primary(language)
        for found in _word().finditer(text):
            if word := self.token(found[0], spoken):
                yield Token(word, found.start(), found.end())

    def words(self, text: str, language: str) -> str:
        """The tokens of a text, with a space between two."""
        return " ".join(token.word for token in self.tokens(text, language))

    def token(self, written: str, language: str) -> str:
        """Fold one word in a primary language."""
        key = (language, written)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[key] = self._fold(written, language)
        return known

    def forms(self, written: str, language: str) -> tuple[str, ...]:
        """The tokens for a word that a visitor typed, whose accents may be missing."""
        found = {self.token(written, language): None}
        lower = written.lower()
        if lower.isascii():
            for ending, accented in _ACCENTLESS.get(language, ()):
                if (other := re.sub(ending, accented, lower, count=1)) != lower:
                    found[self.token(other, language)] = None
        return tuple(filter(None, found))

    def _fold(self, written: str, language: str) -> str:
        plain = unicodedata.normalize("NFKC", written).casefold()
        if not plain.isascii():
            plain = bare_arabic(plain)
        if language in STEMMED:
            plain = self._stem(language, plain)
        if not plain.isascii():
            if _each().match(plain):
                plain = plain.translate(SIMPLER)
            else:
                taken = unicodedata.normalize("NFKD", plain)
                plain = unicodedata.normalize("NFC", "".join(each for each in taken if not unicodedata.combining(each)))
        return "".join(each for each in plain if each.isalnum() or unicodedata.category(each)[0] == "M")[:LONGEST]


def bare_arabic(text: str, letters: Mapping[int, str | None] = _ARABIC) -> str:
    """The text with the Arabic letters that are written in several ways as one each, without vowel signs."""
    if not any("\u0600" <= each <= "\u06ff" for each in text):
        return text
    folded = text.translate(letters)
    return "".join(each for each in folded if not ("\u0600" <= each <= "\u06ff" and unicodedata.combining(each)))
