"""A term (a name, an acronym or an expression, in its preferred spelling), and what desks have chosen for terms."""

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
"""Words of a term; more are a sentence."""
LEAST_SIGNS = 2
"""The least number of letters and digits: a single one would be heard everywhere."""
WHAT_FITS = (
    f"A name or term has {LEAST_SIGNS} to {LONGEST} characters in at most {MOST_WORDS} words, without commas, "
    "semicolons and brackets."
)
_SEPARATE = frozenset(',;，；、،؛|<>[]{}()\\"')  # noqa: RUF001  # These separate terms, or have a meaning for a model.
_JOINERS = "\u200c\u200d"
"""Zero-width characters that some scripts need within a word."""


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A term, and the language in which it is said."""

    text: str
    """The preferred spelling."""
    language: str = ""
    """BCP-47 tag of the language in which it is said; empty for any language."""

    def said_in(self, languages: tuple[str, ...]) -> bool:
        """Whether the term may be said where these languages are spoken."""
        return not self.language or any(same_language(self.language, tag) for tag in languages)


TermSource = Literal["desk", "speaker", "title", "file"]
"""Where a term comes from: somebody at a desk, a speaker's name, the title, or a glossary file."""


def cleaned(text: str) -> str | None:
    """A term in its stored form, with single spaces and composed letters (NFC); None when the text is not
    acceptable.
    """
    term = " ".join(unicodedata.normalize("NFC", text).split())
    if not 0 < len(term) <= LONGEST or term.count(" ") >= MOST_WORDS:
        return None
    if sum(map(str.isalnum, term)) < LEAST_SIGNS or not _SEPARATE.isdisjoint(term):
        return None
    odd = any(unicodedata.category(sign).startswith("C") and sign not in _JOINERS for sign in term)
    return None if odd else term


def key_of(text: str) -> str:
    """The key that spellings of the same term share, which differ only in case and spaces."""
    return " ".join(text.casefold().split())


class ChosenTerm(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk has chosen for a name or term."""

    term: str
    wanted: bool
    """Whether the term is preferred; if not, it is excluded, wherever else it comes from."""
    language: str | None = None
    keep: bool | None = None
    """Whether translations keep the term as it is; None: the glossary files decide."""
    written: dict[str, str] = {}
    """The term's translations, by BCP-47 tag."""
    forms: dict[str, dict[str, str]] = {}
    """Other forms of these, by BCP-47 tag and the name of the form."""


ChosenTerms = dict[str, ChosenTerm]
"""The chosen terms by key (`key_of`), newest last."""


def with_term(terms: ChosenTerms, event: ev.TermChosen) -> ChosenTerms:
    """Return the terms after `event`."""
    key = key_of(event.term)
    kept = {each: chosen for each, chosen in terms.items() if each != key}
    if event.wanted is None:
        return kept
    return {**kept, key: made_of(ChosenTerm, event)}
