"""The languages in which a meeting can be read, as links to its text in each, on the front page and the agenda."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

import msgspec

from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction


class TextLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """A language in which a session can be read."""

    tag: str
    """BCP-47."""
    name: str
    """Its own name, or where none is known the one in the page's language."""
    language: str
    """BCP-47 tag of the name."""
    direction: str
    address: str
    """Leads to the session's text in this language; empty where there is no text yet."""


def text_languages(
    session: SessionId, tags: Iterable[str], ui: Catalogue, *, linked: bool = True
) -> tuple[TextLanguage, ...]:
    """The languages `tags` in which a session can be read, each name once, sorted by it. `linked`: whether there is a
    page of the session.
    """
    found: dict[str, TextLanguage] = {}
    for tag in tags:
        own = own_name(tag)
        name, language = (own, tag) if own else (ui.language_name(tag), ui.language)
        made = TextLanguage(
            tag=tag,
            name=name,
            language=language,
            direction=direction(language),
            address=f"/s/{quote(session)}/in/{quote(tag)}{ui.query}" if linked else "",
        )
        found.setdefault(name, made)
    return tuple(found[name] for name in sorted(found, key=str.casefold))


def more_than_spoken(tags: Iterable[str], spoken: Sequence[str], ui: Catalogue) -> bool:
    """Whether a session can be read in other languages than those that are spoken there."""
    return bool({ui.language_name(tag) for tag in tags} - {ui.language_name(tag) for tag in spoken})
