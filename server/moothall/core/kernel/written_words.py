"""Parts a written text into words, where no recogniser says what its words are.

Scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are parted into characters as
readers see them: a letter with its marks, with a vowel that is written before it, and with what is stacked below it.
`web/js/lines/written_words.js` is the same for pages.
"""

from __future__ import annotations

import re

EACH = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Of these ranges each letter and figure is a word."""
_JOINED = "\u0e33\u0eb3\uff9e\uff9f"
"""Letters that are one character with the letter before them."""
_BEFORE = "\u0e40-\u0e44\u0ec0-\u0ec4"
"""Vowels of Thai and Lao that are written before their consonant."""
_STACKING = "\u1039\u17d2"
"""Signs of Burmese and Khmer that put the next letter below the one before."""
_OPENING = "(\\[{\u00ab\u2018\u201c\u3008\u300a\u300c\u300e\u3010\u3014\u3016\uff08\uff3b\uff5b"
"""Brackets and quotation marks that stand with the word after them; more than three at a place do not."""

_LETTER = f"(?=[^\\W_])(?![{_JOINED}])[{EACH}]"
_REST = f"(?:_|[^\\w\\s{_OPENING}])*"
_CHARACTER = f"[{_BEFORE}]*{_LETTER}{_REST}(?:(?:(?<=[{_STACKING}]){_LETTER}|[{_JOINED}]){_REST})*"
_OPENED = f"[{_OPENING}]{{0,3}}"
_WORD = re.compile(rf"(?<!\s)\s*(?:{_OPENED}{_CHARACTER}|(?:(?!{_OPENED}{_LETTER})\S)+)(?:\s+\Z)?")


def written_words(text: str) -> list[str]:
    """The words of a text, each with the spaces before it, and the last with those after it. Joined they are the text,
    but for a blank one, which has none.
    """
    return _WORD.findall(text)
