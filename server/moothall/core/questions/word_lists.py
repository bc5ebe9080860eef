"""Lists of rude words, one a language: TOML that people write and check by hand (docs/reference/floor.md). Pure.

A list is off until somebody who grew up with its language has read it, and says so in it.
"""

from __future__ import annotations

import tomllib

import msgspec

from moothall.core.kernel.errors import ConfigurationError

MOST_WORDS = 2_000
"""Of a list."""
MOST_BYTES = 1 << 18
_WHAT_FITS = (
    'A list has language = "en", checked = true or false, checked_by = "..." and words = ["..."]; '
    "one that is checked says by whom."
)


class WordList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The list of one language."""

    language: str
    """The language's tag of two or three letters."""
    words: tuple[str, ...]
    checked: bool = False
    """Whether somebody who grew up with the language has read it. Else nothing in it counts."""
    checked_by: str = ""
    """Who that was."""

    @property
    def entries(self) -> tuple[str, ...]:
        """For `BlockedWords`; none of a list that nobody has checked."""
        return tuple(f"{self.language}:{word}" for word in self.words) if self.checked else ()


def parse(name: str, text: str) -> WordList:
    """The list in a file; raises ConfigurationError with a sentence that names it."""
    try:
        made = msgspec.convert(tomllib.loads(text), WordList)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        msg = f"The list of words {name} can't be read: {error}. {_WHAT_FITS}"
        raise ConfigurationError(msg) from error
    fits = 2 <= len(made.language) <= 3 and made.language.isascii() and made.language.islower()
    if not fits or len(made.words) > MOST_WORDS or not all(word.strip() for word in made.words):
        msg = f"The list of words {name} needs a language of 2 or 3 letters and up to {MOST_WORDS} words. {_WHAT_FITS}"
        raise ConfigurationError(msg)
    if made.checked and not made.checked_by.strip():
        msg = f"The list of words {name} is checked, and doesn't say by whom. {_WHAT_FITS}"
        raise ConfigurationError(msg)
    return made
