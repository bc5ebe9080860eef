"""Names of languages, in the languages of the interface and in the languages themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache

import msgspec
from babel import Locale, localedata

from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.catalogues import LANGUAGES, Catalogue
from moothall.core.programme.drafts import tags_of


class NoLanguages(msgspec.Struct, frozen=True):
    """The result for text that names no language, or that holds words that aren't languages."""

    words: tuple[str, ...]

    def said(self, ui: Catalogue) -> str:
        """The sentence that tells the person what is wrong."""
        words = ", ".join(f"“\u2068{word[:60]}\u2069”" for word in self.words)
        return ui.text(AdminText.NO_LANGUAGE, words=words) if words else ui.text(AdminText.LANGUAGES)


async def read_languages(text: str) -> tuple[str, ...] | NoLanguages:
    """Parse text such as `English, français, sw` into language tags, in order and without repetition."""
    found = _read(text, language_names())
    if isinstance(found, NoLanguages) and found.words:
        # Native names are loaded only when nothing else matches.
        return _read(text, await asyncio.to_thread(all_language_names))
    return found


def _read(text: str, names: Mapping[str, str]) -> tuple[str, ...] | NoLanguages:
    tags, others = tags_of(text, names)
    known = set(names.values())
    strange = tuple(tag for tag in tags if tag.partition("-")[0] not in known)
    return NoLanguages(others + strange) if others or strange or not tags else tags


@cache
def language_names() -> dict[str, str]:
    """Names of languages in all languages of the interface, case-folded: name → tag."""
    return {
        str(name).casefold(): str(tag)
        for language in LANGUAGES
        for tag, name in Locale.parse(language).languages.items()
        if "_" not in str(tag)
    }


@cache
def all_language_names() -> dict[str, str]:
    """`language_names` and the native name of each language. The first call reads 300 files, in half a second."""
    tags = [tag for tag in localedata.locale_identifiers() if "_" not in tag]
    named = [(localedata.load(tag, merge_inherited=False).get("languages", {}).get(tag), tag) for tag in tags]
    return {str(name).casefold(): tag for name, tag in named if name} | language_names()
