"""What engines are given of a text: readable characters, a sentence at a time, nothing too long. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from moothall.core.kernel.languages import primary
from moothall_models.translators.port import LONGEST, TranslationFailed

_END = re.compile(r"(?:[.?!…]+[\"'”’»)\]]*\s+|[。！？؟।]+\s*)")  # noqa: RUF001  # all of them end sentences
_ABBREVIATED = re.compile(r"(?<![^\s(\"'“‘«])(?:[^\W\d_]\w{0,2}|(?:\w\.)+\w)\.\s+\Z")  # noqa: RUF001
"""A capitalised word of up to three letters (Mr., Sra., J.), or letters with stops (U.S.), at the end."""
_PLACES = (_END, re.compile(r"[,;:)–—]\s+"), re.compile(r"\s+"))  # noqa: RUF001
"""Where a text that is too long is cut, the best first."""
_TOGETHER = frozenset({"ja", "zh"})


def readable(text: str) -> str:
    """The text as engines can take it: composed (NFC), control characters and line ends as spaces, trimmed.

    Half of a surrogate pair, which no encoding can carry, becomes U+FFFD, and so do the codes that are no characters
    (U+FFFF and its like): programs take them for the end of what they read.

    Raises:
        TranslationFailed: it has more than LONGEST characters.
    """
    if len(text) > LONGEST:
        msg = f"The text has {len(text)} characters, and at most {LONGEST} are translated: send it in parts."
        raise TranslationFailed(msg)
    composed = unicodedata.normalize("NFC", text)
    return _UNREADABLE.sub("\ufffd", _BREAKS.sub(" ", composed)).strip()


_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_CHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_UNREADABLE = re.compile(rf"[\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")


def has_latin(text: str) -> bool:
    """Whether there is a letter of the Latin script in it."""
    return any(char.isalpha() and unicodedata.name(char, "").startswith("LATIN") for char in text)


def sentences(text: str) -> list[str]:
    """The sentences of a text, trimmed; one that can't be told from the next stays with it.

    An end is `.`, `?`, `!` or `…` before a space and no small letter; a full stop after a short capitalised word or
    after single letters is none.
    """
    found: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        until = match.end()
        sentence = text[begin:until]
        if text[until : until + 1].islower() or _abbreviation(sentence):
            continue
        found.append(sentence.strip())
        begin = until
    found.append(text[begin:].strip())
    return [sentence for sentence in found if sentence]


def joined(parts: Iterable[str], language: str) -> str:
    """Sentences one behind the other, as the language has it: Chinese and Japanese put no space between them."""
    return ("" if primary(language) in _TOGETHER else " ").join(parts)


def within(text: str, most: int) -> list[str]:
    """The text in parts of at most `most` characters: cut behind a sentence, else a clause, else a word, else anywhere.

    A part is not shorter than a third of `most` where there is another place.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > most:
        cut = _cut(rest[: most + 1], most)
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [part for part in (*parts, rest) if part]


def _cut(head: str, most: int) -> int:
    for places in _PLACES:
        ends = [match.end() for match in places.finditer(head) if most / 3 <= match.start() and match.end() <= most]
        if ends:
            return ends[-1]
    return most


def _abbreviation(sentence: str) -> bool:
    found = _ABBREVIATED.search(sentence)
    return found is not None and found[0][0].isupper()
