"""What the record's XML formats share: text that every parser takes, attributes, languages and times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html import escape

from moothall.core.kernel.languages import is_language

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def document(parts: Iterable[str]) -> str:
    """The parts as an XML 1.0 document. U+FFFD replaces characters that XML forbids, even as references: most control
    characters, surrogates, U+FFFE and U+FFFF (XML 1.0 §2.2). Part by part, since a search through megabytes would hold
    up a server's other threads.
    """
    return DECLARATION + "".join(_FORBIDDEN.sub("\ufffd", part) for part in parts)


def attributes(**values: str | None) -> str:
    """Attributes with a space before each, escaped; those that are None are left out. In names `__` is a colon, and an
    underscore at the end is left out: `xml__lang="ar"`, `by_="#ann"`.
    """
    given = ((name.rstrip("_").replace("__", ":"), value) for name, value in values.items() if value is not None)
    return "".join(f' {name}="{escape(value)}"' for name, value in given)


def language(tag: str, around: str = "") -> str | None:
    """The value of `xml:lang` for a text with this BCP-47 tag inside one with the tag `around`; None where none is
    needed, or where the tag has the form of no language: validators refuse such a value.
    """
    return tag if tag != around and is_language(tag) else None


def languages(tags: Iterable[str], fallback: str) -> Iterator[str]:
    """Yield the tags that have the form of a language; `fallback` where none has."""
    known = [tag for tag in tags if is_language(tag)]
    yield from known or [fallback]


def moment(wall: int, timespec: str = "milliseconds") -> str:
    """A wall time (Unix ms) as an XML Schema `dateTime`: `2026-11-24T10:00:01.000Z`."""
    return datetime.fromtimestamp(wall / 1000, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def date(wall: int) -> str:
    """The day of a wall time (Unix ms) in UTC: `2026-11-24`."""
    return moment(wall)[:10]
