"""Finds where sentences end in a growing text, by the same rules as `web/js/lib/sentences.js`.

A sentence ends with a punctuation mark, closing characters after it, and white space. After a full-width mark, which no
space follows, the next character ends it. A full stop that belongs to an abbreviation ends no sentence.
`tests/support/captioning/sentences.json` has test cases for both implementations.
"""

from __future__ import annotations

import re

LONGEST = 600
"""The most characters without the end of a sentence. Overflow: the text is divided after its last white space, or at
its end if it has none."""
TITLES = frozenset(
    {"dr", "hr", "jr", "m", "mlle", "mm", "mme", "mr", "mrs", "ms", "prof", "sr", "sra", "srta", "st", "vs"}
    | {"г", "ул", "см", "т", "д"}  # noqa: RUF001  # Cyrillic
)
"""Lower-case abbreviations after which a full stop ends no sentence."""
_WIDE = "。！？｡"  # noqa: RUF001  # signs of other writings
MARKS = tuple(".!?…؟۔।" + _WIDE)  # noqa: RUF001  # signs of other writings
"""The marks with which sentences end."""
CLOSERS = "\"')]}»”’」』）】"  # noqa: RUF001  # signs of other writings
"""The characters that may follow such a mark."""
_WORD = re.compile(r"(?:[^\W_]|\.)*\Z")
_LETTERS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_NUMBER = re.compile(r"[0-9]{1,2}")


def ends(before: str, sign: str) -> bool:
    """Whether a sentence ends with `before` when `sign` follows. The caller has checked that none ends earlier in
    `before`.
    """
    text = before.rstrip()
    spaced = sign.isspace() or text != before
    body = text.rstrip(CLOSERS)
    if not body or body[-1] not in MARKS:
        return False
    if not spaced:
        return body[-1] in _WIDE and sign not in (*MARKS, *CLOSERS)
    full_stop = body == text and text[-1] == "." and text[-2:-1] not in MARKS
    return not (full_stop and _shortened(text[:-1], sign))


def _shortened(before: str, sign: str) -> bool:
    """Whether a full stop belongs to the word before it: a title, an initial, "e.g", "No" before a figure, or the
    number of a list item. A figure counts as possible as long as only white space follows.
    """
    found = _WORD.search(before)
    word = "" if found is None else found[0]
    initial = len(word) == 1 and word.isupper() and word != "I"
    figure = word.lower() in ("no", "nr") and (sign.isspace() or sign in "0123456789")
    number = before.strip() == word and _NUMBER.fullmatch(word) is not None
    return word.lower() in TITLES or initial or figure or number or _LETTERS.fullmatch(word) is not None
