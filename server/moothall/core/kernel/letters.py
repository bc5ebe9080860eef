"""The letters of a text, by which it is compared with another one: what is said, and not how it is written.

A module by itself, below 40 lines, since the server and the recognisers compare by the same letters.
"""

from __future__ import annotations

import unicodedata

_VARIANTS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Marks that choose how a sign looks, as after an emoji."""


def letters(text: str) -> str:
    """Letters and digits, case folded, with marks that tell words apart; `" Real-time,"` → `"realtime"`.

    These are accents that are one sign with their letter, vowel signs (`का`, `की`) and tone marks (`ไม่`, `ไม้`). Without
    a letter or digit there are none.
    """
    folded = text.casefold()
    if folded.isascii():
        return "".join(filter(str.isalnum, folded))
    kept = "".join(filter(_counts, unicodedata.normalize("NFC", folded)))
    return kept if any(map(str.isalnum, kept)) else ""


def is_word(text: str) -> bool:
    """Whether a text is nothing but letters and digits with such marks."""
    return any(map(str.isalnum, text)) and all(map(_counts, text))


def _counts(sign: str) -> bool:
    if sign.isalnum() or unicodedata.category(sign) not in ("Mn", "Mc"):
        return sign.isalnum()
    # Texts write or leave out the points of Hebrew and Arabic (classes 10 to 35), and what NFC joins with no letter
    # (200 and above), such as the stress of Russian.
    return sign not in _VARIANTS and not 10 <= (place := unicodedata.combining(sign)) < 36 and place < 200
