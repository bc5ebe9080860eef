"""Prepares texts for translators: replaces unusable characters, and divides texts into sentences and parts. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall_models.translators.port import LONGEST, UnusableTranslation

_END = re.compile(r"(?:[.?!…]+[\"'”’»)\]]*\s+|[。！？؟।]+\s*)")  # noqa: RUF001  # all of them end sentences
_ABBREVIATED = re.compile(r"(?<![^\s(\"'“‘«])(?:[^\W\d_]\w{0,2}|(?:\w\.)+\w)\.\s+\Z")  # noqa: RUF001
"""A capitalised word of up to three letters (Mr., Sra., J.), or letters with stops (U.S.), at the end."""
_CUT_POINTS = (_END, re.compile(r"[,;:)–—]\s+"), re.compile(r"\s+"))  # noqa: RUF001
"""Patterns of the boundaries at which a text that is too long is cut, the best first."""


def readable(text: str) -> str:
    """Normalise a text for translators: NFC, with control characters and line ends replaced by spaces, and trimmed.

    Lone surrogates, which can't be encoded, become U+FFFD. So do noncharacters (such as U+FFFF), which some programs
    take for the end of their input.

    Raises:
        TranslationFailed: the text has more than LONGEST characters.
    """
    if len(text) > LONGEST:
        msg = f"The text has {len(text)} characters, and at most {LONGEST} are translated: send it in parts."
        raise UnusableTranslation(msg)
    composed = unicodedata.normalize("NFC", text)
    return _UNREADABLE.sub("\ufffd", _BREAKS.sub(" ", composed)).strip()


_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_NO_CHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_UNREADABLE = re.compile(rf"[\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")


def has_latin(text: str) -> bool:
    """Whether a text contains a letter of the Latin script."""
    return any(char.isalpha() and unicodedata.name(char, "").startswith("LATIN") for char in text)


def sentences(text: str) -> list[str]:
    """Divide a text into sentences, trimmed; in doubt two sentences stay together.

    A sentence ends at `.`, `?`, `!` or `…` before a space that no lower-case letter follows; but not at a full stop
    after a short capitalised word or after single letters.
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
    """Join sentences as the language does: with spaces, but without in Chinese and Japanese."""
    return ("" if primary(language) in WRITTEN_TOGETHER else " ").join(parts)


def within(text: str, most: int) -> list[str]:
    """Divide a text into parts of at most `most` characters, by preference after a sentence, a clause, or a word.

    Boundaries in the first third of a part are not used; a part without another boundary is cut anywhere.
    """
    parts: list[str] = []
    rest = text.strip()
    while len(rest) > most:
        cut = _cut(rest[: most + 1], most)
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [part for part in (*parts, rest) if part]


def _cut(head: str, most: int) -> int:
    for pattern in _CUT_POINTS:
        ends = [match.end() for match in pattern.finditer(head) if most / 3 <= match.start() and match.end() <= most]
        if ends:
            return ends[-1]
    return most


def _abbreviation(sentence: str) -> bool:
    found = _ABBREVIATED.search(sentence)
    return found is not None and found[0][0].isupper()
