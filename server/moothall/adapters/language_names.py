"""What languages are called, in the languages of the interface and in themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache

from babel import Locale, localedata

from moothall.adapters.page_catalogues import LANGUAGES
from moothall.core.errors import ProgrammeError
from moothall.core.programme.drafts import languages_in


class LanguageReader:
    """Reads languages as people write them. What languages call themselves is looked up when nothing else helps."""

    async def read(self, text: str) -> tuple[str, ...] | None:
        """`English, français, sw` as tags, in order and once each; None when one is no language, or there is none."""
        return _read(text, language_names()) or _read(text, await asyncio.to_thread(all_language_names))


def _read(text: str, names: Mapping[str, str]) -> tuple[str, ...] | None:
    try:
        tags = languages_in(text, "", names)
    except ProgrammeError:
        return None
    known = set(names.values())
    return tags if tags and all(tag.partition("-")[0] in known for tag in tags) else None


@cache
def language_names() -> dict[str, str]:
    """What people call languages, in every language of the interface, without case: name → tag."""
    return {
        str(name).casefold(): str(tag)
        for language in LANGUAGES
        for tag, name in Locale.parse(language).languages.items()
        if "_" not in str(tag)
    }


@cache
def all_language_names() -> dict[str, str]:
    """Also what languages are called in themselves. It reads 300 files, in half a second."""
    tags = [tag for tag in localedata.locale_identifiers() if "_" not in tag]
    named = [(localedata.load(tag, merge_inherited=False).get("languages", {}).get(tag), tag) for tag in tags]
    return {str(name).casefold(): tag for name, tag in named if name} | language_names()
