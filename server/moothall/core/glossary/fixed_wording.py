"""How translations write a term: unchanged, or with a fixed wording in a language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import msgspec

from moothall.core.kernel.languages import primary, same_language

LONGEST = 120
"""Characters of a term's fixed wording."""
MOST_LANGUAGES = 20
WHAT_CAN_BE_WRITTEN = (
    f"What stands for a term in translations has at most {LONGEST} characters that can be seen, "
    f"in at most {MOST_LANGUAGES} languages, each by its BCP-47 tag."
)
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_JOINERS = "\u200c\u200d"


class InTranslation(msgspec.Struct, frozen=True, kw_only=True):
    """A term, and how translations write it."""

    term: str
    """The term as it is said in `language`."""
    language: str = ""
    """BCP-47 tag; empty for any language."""
    keep: bool | None = None
    """Whether translations keep the term unchanged; None: not set."""
    written: dict[str, str] = {}
    """Fixed wordings by BCP-47 tag; they take precedence over `keep`."""

    @property
    def says_something(self) -> bool:
        """Whether anything is set for translations; `keep` False is a setting too."""
        return self.keep is not None or bool(self.written)

    def said_in(self, source: str) -> tuple[str, ...]:
        """The wordings in this language (BCP-47) that are to be translated: the term itself, and its fixed wording."""
        own = not self.language or same_language(self.language, source)
        there = _of(self.written, source)
        return (*((self.term,) if own else ()), *(() if there is None else (there,)))

    def written_in(self, target: str) -> str | None:
        """The fixed wording in this language (BCP-47); None where an engine translates the term."""
        forced = _of(self.written, target)
        if forced is not None:
            return forced
        own = bool(self.language) and same_language(self.language, target)
        return self.term if own or self.keep else None


def cleaned_written(written: Mapping[str, str]) -> dict[str, str] | None:
    """Fixed wordings by language, normalised and without empty ones; None when one is not acceptable."""
    texts = {tag: " ".join(unicodedata.normalize("NFC", text).split()) for tag, text in written.items()}
    kept = {tag: text for tag, text in texts.items() if text}
    fits = len(texts) <= MOST_LANGUAGES and all(map(_TAG.fullmatch, texts)) and all(map(_can_be_read, kept.values()))
    return kept if fits else None


def _can_be_read(text: str) -> bool:
    return len(text) <= LONGEST and not any(
        unicodedata.category(sign).startswith("C") and sign not in _JOINERS for sign in text
    )


def _of(written: Mapping[str, str], language: str) -> str | None:
    """The wording for exactly this tag, or else for a tag of the same language; None when there is none."""
    exact = {tag.lower(): text for tag, text in written.items()}
    like = (text for tag, text in written.items() if primary(tag) == primary(language))
    return exact.get(language.lower()) or next(like, None)
