"""Words that an engine may not translate, or has to translate in a certain way.

Each is taken out before and put in again afterwards. What stands in its place meanwhile survives the engines: of
eleven forms that were tried, those like `XQ1X` came through all of them (`docs/why/translation.md`). It is checked all
the same: where one is missing or doubled, the text is translated once more without protection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.translating.casing import OPENING, SENTENCE_END

MOST = 24
"""Words of one text that are protected: a text that is made of them says nothing to an engine."""


class Protected(msgspec.Struct, frozen=True, kw_only=True):
    """A text that is ready to be translated, and what is to be put in again."""

    text: str
    put_in: tuple[str, ...]
    """What stands in the translation for the first, the second, ... place."""


def protect(text: str, terms: Mapping[str, str]) -> Protected:
    """Take out what is to be kept.

    `terms`: words as they are said, and what is to stand for them in the translation. Whole words count, case doesn't;
    where two terms begin at the same word the longer one does.
    """
    put_in: list[str] = []
    wanted = {term.lower(): written for term, written in terms.items() if term.strip()}
    if not wanted or _MARK.search(text):
        return Protected(text=text, put_in=())

    def take(match: re.Match[str]) -> str:
        written = wanted.get(match[0].lower())
        if written is None or len(put_in) == MOST:
            return match[0]
        put_in.append(written)
        return _mark(len(put_in))

    longest_first = sorted(wanted, key=lambda term: (-len(term), term))
    either = "|".join(re.escape(term) for term in longest_first)
    return Protected(text=re.sub(rf"(?<!\w)(?:{either})(?!\w)", take, text, flags=re.IGNORECASE), put_in=tuple(put_in))


def restore(translated: str, put_in: Sequence[str]) -> str | None:
    """The translation with all of it in its place; None where a place is missing or is there more than once.

    At the beginning of a sentence it gets a capital.
    """
    found = [int(match[1]) for match in _MARK.finditer(translated)]
    if sorted(found) != list(range(1, len(put_in) + 1)):
        return None

    def put(match: re.Match[str]) -> str:
        written = put_in[int(match[1]) - 1]
        before = translated[: match.start()].rstrip(OPENING)
        return written if before and before[-1] not in SENTENCE_END else _capital(written)

    return _MARK.sub(put, translated)


def _capital(text: str) -> str:
    """With the first letter as a capital: `¿alguien` → `¿Alguien`."""
    at = next((place for place, char in enumerate(text) if char.isalpha()), None)
    return text if at is None else f"{text[:at]}{text[at].upper()}{text[at + 1 :]}"


_MARK = re.compile(r"XQ(\d{1,3})X", re.IGNORECASE)


def _mark(number: int) -> str:
    return f"XQ{number}X"
