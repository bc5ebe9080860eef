"""Text in capitals, written as it would be written otherwise: engines copy words in capitals instead of translating."""

from __future__ import annotations

import re
from collections.abc import Collection

from moothall.core.kernel.languages import primary

SHOUTED = 0.7
"""Share of the letters that are capitals from which on a text counts as written in capitals."""
LETTERS = 8
"""... when it has so many letters: "OK, UN" is no text in capitals."""
SENTENCE_END = ".?!…:"
OPENING = " \t\n\"'“”«»¿¡(["
"""What may stand between the end of a sentence and the first letter of the next."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")  # noqa: RUF001  # both are written
_PRONOUN = {"en": "i"}


def shouted(text: str) -> bool:
    """Whether a text is written in capitals. Languages that have none never are."""
    upper = sum(char.isupper() for char in text)
    lower = sum(char.islower() for char in text)
    return upper + lower >= LETTERS and upper >= SHOUTED * (upper + lower)


def calmed(text: str, language: str, names: Collection[str] = ()) -> str:
    """A text in capitals with capitals only at the beginning of sentences and in `names`; any other text as it is.

    `names` are written as they are to stand: "Moothall", "WHO", "Global Digital Compact".
    """
    if not shouted(text):
        return text
    as_written = {name.lower(): name for name in names if name.strip()}
    pronoun = _PRONOUN.get(primary(language))

    def word(match: re.Match[str]) -> str:
        small = match[0].lower()
        before = text[: match.start()].rstrip(OPENING)
        begins = not before or before[-1] in SENTENCE_END
        own = pronoun is not None and re.split("['’]", small)[0] == pronoun  # noqa: RUF001
        return small[0].upper() + small[1:] if begins or own else small

    small = _WORD.sub(word, text)
    if not as_written:
        return small
    either = "|".join(re.escape(name) for name in sorted(as_written, key=lambda name: (-len(name), name)))
    named = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)
    return named.sub(lambda match: as_written.get(match[0].lower(), match[0]), small)
