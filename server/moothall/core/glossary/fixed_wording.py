"""How translations write a term: unchanged, or with a fixed wording in a language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from moothall.core.kernel.languages import primary, same_language
from moothall.core.translation.inflection import Inflection

LONGEST = 120
"""Characters of a term's fixed wording."""
MOST_LANGUAGES = 20
WHAT_CAN_BE_WRITTEN = (
    f"What stands for a term in translations has at most {LONGEST} characters that can be seen, "
    f"in at most {MOST_LANGUAGES} languages, each by its BCP-47 tag; of what has cases the nominative at least."
)
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_JOINERS = "\u200c\u200d"
_Given = TypeVar("_Given", str, Inflection)


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
    forms: dict[str, Inflection] = {}
    """The forms of fixed wordings by BCP-47 tag, where they are given; the nominative is the wording itself."""
    own_forms: Inflection | None = None
    """The forms of the term itself, where they are given."""

    @property
    def says_something(self) -> bool:
        """Whether anything is set for translations; `keep` False is a setting too."""
        return self.keep is not None or bool(self.written)

    def said_in(self, source: str) -> tuple[str, ...]:
        """The wordings in this language (BCP-47) that are to be translated: the term itself, and its fixed wording."""
        own = not self.language or same_language(self.language, source)
        there = _of(self.written, source)
        return (*((self.term,) if own else ()), *(() if there is None else (there,)))

    def forms_in(self, language: str) -> tuple[Inflection, ...]:
        """The forms that are given of the wordings in this language (BCP-47)."""
        own = (self.own_forms,) if not self.language or same_language(self.language, language) else ()
        return tuple(each for each in (*own, _of(self.forms, language)) if each is not None)

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


def cleaned_forms(given: Inflection, nominative: str = "") -> Inflection | None:
    """Forms of a wording, normalised; None when one is not acceptable, or the nominative is missing.

    `nominative`: the wording, where the forms don't give it.
    """
    texts = {field: str(getattr(given, field)) or (nominative if field == "nom" else "") for field in _TEXTS}
    cleaned = {field: cleaned_written({"und": text}) for field, text in texts.items()}
    if not cleaned["nom"] or any(each is None for each in cleaned.values()):
        return None
    return Inflection(gender=given.gender, **{field: each.get("und", "") for field, each in cleaned.items() if each})


def forms_of(written: Mapping[str, str], forms: Mapping[str, Mapping[str, str]]) -> dict[str, Inflection] | None:
    """The forms of fixed wordings by language, normalised; None where one is not acceptable, or has no wording.

    `forms`: by language, the names of forms as in a glossary file and their texts; the nominative is the wording.
    """
    found: dict[str, Inflection] = {}
    for tag, given in forms.items():
        if tag not in written or "nom" in given:
            return None
        try:
            made = cleaned_forms(msgspec.convert({"nom": written[tag], **given}, Inflection))
        except msgspec.ValidationError:
            return None
        if made is None:
            return None
        found[tag] = made
    return found


_TEXTS = tuple(field for field in Inflection.__struct_fields__ if field != "gender")


def _can_be_read(text: str) -> bool:
    return len(text) <= LONGEST and not any(
        unicodedata.category(sign).startswith("C") and sign not in _JOINERS for sign in text
    )


def _of(given: Mapping[str, _Given], language: str) -> _Given | None:
    """What is given for exactly this tag, or else for a tag of the same language; None when there is nothing."""
    exact = {tag.lower(): each for tag, each in given.items()}
    like = (each for tag, each in given.items() if primary(tag) == primary(language))
    return exact.get(language.lower()) or next(like, None)
