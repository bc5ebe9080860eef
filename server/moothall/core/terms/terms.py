"""A term: a name, an acronym or an expression, as it is to be written, and what desks have said of terms."""

from __future__ import annotations

import unicodedata
from typing import Literal

import msgspec

from moothall.core.events import types as ev
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.languages import same_language

LONGEST = 60
"""Characters of a term."""
MOST_WORDS = 6
"""Words of a term: more is a sentence."""
LEAST_SIGNS = 2
"""Letters and digits of a term: a single one is heard everywhere."""
WHAT_FITS = (
    f"A name or term has {LEAST_SIGNS} to {LONGEST} characters in at most {MOST_WORDS} words, without commas, "
    "semicolons and brackets."
)
_SEPARATE = frozenset(',;，；、،؛|<>[]{}()\\"')  # noqa: RUF001  # what stands between terms, or means something to a model
_JOINERS = "\u200c\u200d"
"""Signs without width that some scripts need within a word."""


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A term, and where it is said."""

    text: str
    """As it is to be written."""
    language: str = ""
    """BCP-47 tag of the language in which it is said so; empty for any."""

    def said_in(self, languages: tuple[str, ...]) -> bool:
        """Whether it may be said where these languages are spoken."""
        return not self.language or any(same_language(self.language, tag) for tag in languages)


Source = Literal["desk", "speaker", "title", "file"]
"""Where a term comes from: somebody at a desk, a speaker's name, the title, or a glossary file."""


def cleaned(text: str) -> str | None:
    """A term as it is kept, in one kind of spaces and composed letters; None when it can't be one."""
    term = " ".join(unicodedata.normalize("NFC", text).split())
    if not 0 < len(term) <= LONGEST or term.count(" ") >= MOST_WORDS:
        return None
    if sum(map(str.isalnum, term)) < LEAST_SIGNS or not _SEPARATE.isdisjoint(term):
        return None
    odd = any(unicodedata.category(sign).startswith("C") and sign not in _JOINERS for sign in term)
    return None if odd else term


def key_of(text: str) -> str:
    """What two spellings of the same term have in common: they differ in case alone."""
    return " ".join(text.casefold().split())


class ChosenTerm(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody at a desk said of a name or term."""

    term: str
    wanted: bool
    """Whether it is preferred; else it is not to be, wherever it comes from."""
    language: str | None = None
    keep: bool | None = None
    """Whether translations have it as it is; None leaves that to the files."""
    written: dict[str, str] = {}
    """How translations have it, by BCP-47 tag."""


Terms = dict[str, ChosenTerm]
"""By what their spellings have in common (`terms.key_of`), the newest last."""


def with_term(terms: Terms, event: ev.TermChosen) -> Terms:
    """The terms after `event`."""
    key = key_of(event.term)
    kept = {each: chosen for each, chosen in terms.items() if each != key}
    if event.wanted is None:
        return kept
    return {**kept, key: made_of(ChosenTerm, event)}
