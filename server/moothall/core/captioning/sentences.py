"""Where sentences end in a text that grows: the rules of `web/js/lib/sentences.js`, sign by sign.

A mark, closing signs behind it and white space end a sentence; behind a full-width mark, after which nobody puts a
space, the next sign does. A full stop that belongs to the word before it ends none. `tests/support/captioning/
sentences.json` holds cases of both.
"""

from __future__ import annotations

import re

LONGEST = 600
"""Characters without an end of a sentence. Overflow: the text is cut behind its last white space, or where it is where
it has none."""
TITLES = frozenset(
    {"dr", "hr", "jr", "m", "mlle", "mm", "mme", "mr", "mrs", "ms", "prof", "sr", "sra", "srta", "st", "vs"}
    | {"г", "ул", "см", "т", "д"}  # noqa: RUF001  # Cyrillic
)
"""Words, in lower case, behind which a full stop ends nothing."""
_WIDE = "。！？｡"  # noqa: RUF001  # signs of other writings
_MARKS = ".!?…؟۔।" + _WIDE  # noqa: RUF001  # signs of other writings
_CLOSERS = "\"')]}»”’」』）】"  # noqa: RUF001  # signs of other writings
_WORD = re.compile(r"(?:[^\W_]|\.)*\Z")
_LETTERS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_NUMBER = re.compile(r"[0-9]{1,2}")


def ends(before: str, sign: str) -> bool:
    """Whether a sentence ends with `before`, once `sign` follows. Where it has ended with less of it, nobody asks."""
    text = before.rstrip()
    spaced = sign.isspace() or text != before
    body = text.rstrip(_CLOSERS)
    if not body or body[-1] not in _MARKS:
        return False
    if not spaced:
        return body[-1] in _WIDE and sign not in _MARKS + _CLOSERS
    full_stop = body == text and text[-1] == "." and text[-2:-1] not in tuple(_MARKS)
    return not (full_stop and _shortened(text[:-1], sign))


def _shortened(before: str, sign: str) -> bool:
    """Whether a full stop belongs to the word before it: of a title, an initial, "e.g", "No" with its figure, or a
    number that begins a list. Whether a figure follows is known once anything but white space does.
    """
    found = _WORD.search(before)
    word = "" if found is None else found[0]
    initial = len(word) == 1 and word.isupper() and word != "I"
    figure = word.lower() in ("no", "nr") and (sign.isspace() or sign in "0123456789")
    number = before.strip() == word and _NUMBER.fullmatch(word) is not None
    return word.lower() in TITLES or initial or figure or number or _LETTERS.fullmatch(word) is not None
