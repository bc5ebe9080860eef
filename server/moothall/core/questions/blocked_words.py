"""Finds blocked words, for which an intervention is first checked by a person, and reads the lists of such words.

A word is found only as a whole: "ass" is not found in "class". Case, compatibility forms (NFKC: full-width letters,
ligatures), invisible characters and the vowel signs of Arabic don't matter. In scripts without spaces between words
(Chinese, Japanese, Thai, Lao, Khmer, Burmese) a word is found anywhere.

A list has the words of one language, in TOML (docs/reference/questions.md). It has no effect until somebody who grew up
with that language has read it and has said so in the list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import msgspec

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.decoding import Unreadable, read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.questions.interventions import Questions

BLOCKED_WORD = "blocked-word"
"""The flag of an intervention in which a blocked word was found."""
_ENTRY = re.compile(r"(?:([a-z]{2,3}):)?\s*(.+)", re.DOTALL)
_UNPARTED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Thai, Lao, Burmese, Khmer, kana and Han: scripts without spaces between words, by the blocks of Unicode 15."""
_ARABIC_MARKS = re.compile("[\u0640\u064b-\u065f\u0670]")
"""Optional vowel signs, and the stroke (tatweel) that makes a word longer."""
_PARTED = re.compile(rf"[^\W{_UNPARTED}]")
MOST_WORDS = 2_000
"""Words in one list."""
MOST_BYTES = 1 << 18
_WHAT_FITS = (
    'A list has language = "en", checked = true or false, checked_by = "..." and words = ["..."]; '
    "one that is checked says by whom."
)


def _plain(text: str) -> str:
    """The form in which texts are compared: NFKC, case-folded, without invisible characters, every white space one
    space.
    """
    seen = "".join(
        letter for letter in text if unicodedata.category(letter) != "Cf" and not _ARABIC_MARKS.match(letter)
    )
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", seen).casefold())
    return " ".join(folded.split())


class BlockedWords:
    """The blocked words of one or several lists, by language."""

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """`entries`: one or several words each; with a language in front (`en:word`) the words are blocked in this
        language only.
        """
        words: dict[str, set[str]] = {}
        for entry in entries:
            match = _ENTRY.fullmatch(entry.strip())
            word = "" if match is None else _plain(match[2])
            if match is not None and word:
                words.setdefault(match[1] or "", set()).add(word)
        self._found = {language: _pattern(each) for language, each in words.items()}

    def flags(self, language: str, *texts: str) -> tuple[str, ...]:
        """The flags of an intervention with these texts: `BLOCKED_WORD` if one of them has a blocked word, else none.

        `language`: BCP-47 tag of the texts.
        """
        primary = language.partition("-")[0].lower()
        patterns = [each for name in ("", primary) if (each := self._found.get(name)) is not None]
        found = any(pattern.search(_plain(text)) for pattern in patterns for text in texts)
        return (BLOCKED_WORD,) if found else ()


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """A pattern that matches any of the words. Words with the same edges share them: up to 2,000 assertions would be
    tried at each character of a text otherwise.
    """
    by_edges: dict[tuple[str, str], list[str]] = {}
    for word in sorted(words):
        by_edges.setdefault(_edges(word), []).append(re.escape(word))
    return re.compile("|".join(f"{before}(?:{'|'.join(some)}){after}" for (before, after), some in by_edges.items()))


def _edges(word: str) -> tuple[str, str]:
    """The assertions before and after a word. At an end of a script with spaces between words, no letter of such a
    script may come next to the word.
    """
    before = rf"(?<![^\W{_UNPARTED}])" if _PARTED.match(word[0]) else ""
    after = rf"(?![^\W{_UNPARTED}])" if _PARTED.match(word[-1]) else ""
    return before, after


class WordList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The list of one language."""

    language: str
    """The language's tag of two or three letters."""
    words: tuple[str, ...]
    checked: bool = False
    """Whether somebody who grew up with the language has read the list. Otherwise the list has no effect."""
    checked_by: str = ""
    """Who has read the list."""

    @property
    def entries(self) -> tuple[str, ...]:
        """The words as entries of `BlockedWords`; none when the list is not checked."""
        return tuple(f"{self.language}:{word}" for word in self.words) if self.checked else ()


def parse(name: str, text: str) -> WordList:
    """Decode a list; raises ConfigurationError with a sentence that has the file's `name`."""
    try:
        made = msgspec.convert(read_toml(text), WordList)
    except (Unreadable, msgspec.ValidationError) as error:
        raise ConfigurationError(f"The list of words {name} can't be read: {error}. {_WHAT_FITS}") from error
    fits = 2 <= len(made.language) <= 3 and made.language.isascii() and made.language.islower()
    if not fits or len(made.words) > MOST_WORDS or not all(word.strip() for word in made.words):
        msg = f"The list of words {name} needs a language of 2 or 3 letters and up to {MOST_WORDS} words. {_WHAT_FITS}"
        raise ConfigurationError(msg)
    if made.checked and not made.checked_by.strip():
        raise ConfigurationError(f"The list of words {name} is checked, and doesn't say by whom. {_WHAT_FITS}")
    return made


def unread_for(questions: Questions, now: int) -> int | None:
    """How long the first of the interventions with a blocked word has been waiting to be checked, ms; None when none
    waits.

    `now`: media ms.
    """
    marked = [each.since for each in questions.with_status(InterventionStatus.CHECKED) if BLOCKED_WORD in each.flags]
    return max(0, now - min(marked)) if marked else None
