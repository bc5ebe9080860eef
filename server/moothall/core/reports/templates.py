"""The templates of reports: sections with headings, what is counted in them, and limits.

They are read from a file in TOML. A template with an error is left out, and a sentence says which field of which
section is wrong; the other templates stay, and so does what was written on it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from moothall.core.kernel.ids import is_name
from moothall.core.kernel.languages import is_language, primary

MOST_TEMPLATES = 50
MOST_SECTIONS = 40
MAX_HEADING = 200
"""Characters of a heading or hint."""
MOST_COUNTED = 1_000
"""The largest limit."""
_SENTENCE_END = re.compile(r"[.!?\u2026\u061f]+[\"'\u201d\u2019\u00bb)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+")
"""What ends a sentence: a mark before a space, and those of Chinese anywhere."""
_PARAGRAPH = re.compile(r"\n\s*\n")

Words = dict[str, str]
"""A text by the tag of its language."""


class CountedUnit(StrEnum):
    """What is counted in a section."""

    SENTENCES = "sentences"
    PARAGRAPHS = "paragraphs"
    WORDS = "words"


class TemplateSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section of a template."""

    id: str
    heading: Words
    hint: Words = {}
    """What belongs there."""
    count: CountedUnit | None = None
    """None: nothing is counted."""
    least: int = 0
    most: int = 0
    """0: no limit."""

    def fits(self, n: int) -> bool:
        """Whether so many are within the limits."""
        return n >= self.least and (not self.most or n <= self.most)


class ReportTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of report."""

    id: str
    name: Words
    sections: tuple[TemplateSection, ...] = ()
    most_messages: int = 0
    """0: no limit."""

    def section(self, name: str) -> TemplateSection | None:
        """The section of that id, or None."""
        return next((each for each in self.sections if each.id == name), None)


class ReportTemplates(msgspec.Struct, frozen=True, kw_only=True):
    """All templates that could be read, and a sentence about each that couldn't."""

    templates: dict[str, ReportTemplate] = {}
    errors: tuple[str, ...] = ()


def said_in(words: Words, language: str) -> tuple[str, str]:
    """A text in a language or, where there is none, in English or the first, with the tag of its language."""
    order = (language, primary(language), "en", *words)
    tag = next((each for each in order if each in words), "")
    return words.get(tag, ""), tag


def counted(text: str, unit: CountedUnit) -> int:
    """How many sentences, paragraphs or words a text has."""
    match unit:
        case CountedUnit.SENTENCES:
            pieces = (each for row in text.splitlines() for each in _SENTENCE_END.split(row))
            return sum(1 for each in pieces if any(map(str.isalnum, each)))
        case CountedUnit.PARAGRAPHS:
            return sum(1 for each in _PARAGRAPH.split(text) if each.strip())
        case _:
            return len(text.split())


class _Wrong(Exception):
    """A field that can't be read."""


@lru_cache(maxsize=4)
def read_templates(text: str, file: str) -> ReportTemplates:
    """Read the templates of a file with this name. Results are cached, since tests run hundreds of servers in one
    process.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return ReportTemplates(errors=(f"{file} can't be read as TOML: {error}. Mend that place.",))
    found: dict[str, ReportTemplate] = {}
    errors: list[str] = []
    for name, values in data.items():
        try:
            if len(found) >= MOST_TEMPLATES:
                raise _Wrong(f"there are more than {MOST_TEMPLATES} templates")
            found[name] = _template(name, values)
        except _Wrong as wrong:
            errors.append(f"{file}, template “{name}”: {wrong}. The template is left out until that is mended.")
    return ReportTemplates(templates=found, errors=tuple(errors))


def _template(name: str, values: object) -> ReportTemplate:
    if not is_name(name) or not isinstance(values, dict):
        raise _Wrong("it needs a name of Latin letters, digits and hyphens, and a table")
    known = {"name", "messages", "sections"}
    _no_others(values, known)
    sections = values.get("sections", [])
    if not isinstance(sections, list) or len(sections) > MOST_SECTIONS:
        raise _Wrong(f"field “sections” needs a list of at most {MOST_SECTIONS} tables")
    found: dict[str, TemplateSection] = {}
    for number, each in enumerate(sections, 1):
        section = _section(number, each)
        if section.id in found:
            raise _Wrong(f"section “{section.id}”, field “id”: another section has the same")
        found[section.id] = section
    return ReportTemplate(
        id=name,
        name=_words(values, "name"),
        sections=tuple(found.values()),
        most_messages=_number(values, "messages"),
    )


def _section(number: int, values: object) -> TemplateSection:
    if not isinstance(values, dict) or not is_name(str(values.get("id", ""))):
        raise _Wrong(f"section {number}, field “id”: it needs Latin letters, digits and hyphens")
    name = str(values["id"])

    try:
        return _named_section(name, values)
    except _Wrong as wrong:
        raise _Wrong(f"section “{name}”, {wrong}") from wrong


def _named_section(name: str, values: Mapping[str, object]) -> TemplateSection:
    _no_others(values, {"id", "heading", "hint", "count", "least", "most"})
    count = values.get("count")
    if count is not None and (not isinstance(count, str) or count not in list(CountedUnit)):
        raise _Wrong(f"field “count”: it is one of {', '.join(CountedUnit)}")
    least, most = _number(values, "least"), _number(values, "most")
    if most and least > most:
        raise _Wrong("field “least”: it is more than “most”")
    return TemplateSection(
        id=name,
        heading=_words(values, "heading"),
        hint=_words(values, "hint") if "hint" in values else {},
        count=None if count is None else CountedUnit(count),
        least=least,
        most=most,
    )


def _no_others(values: Mapping[str, object], known: set[str]) -> None:
    others = sorted(set(values) - known)
    if others:
        raise _Wrong(f"field “{others[0]}”: there is no such field, only {', '.join(sorted(known))}")


def _words(values: Mapping[str, object], field: str) -> Words:
    """A text, or a table of texts by language."""
    given = values.get(field)
    words = {"en": given} if isinstance(given, str) else given
    if not isinstance(words, dict) or not words:
        raise _Wrong(f"field “{field}”: it needs a text, or a table of texts by language")
    return dict(_checked(words, field))


def _checked(words: Mapping[object, object], field: str) -> Iterator[tuple[str, str]]:
    for tag, text in words.items():
        if not isinstance(tag, str) or not is_language(tag):
            raise _Wrong(f"field “{field}”: “{tag}” is no tag of a language")
        if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_HEADING:
            raise _Wrong(f"field “{field}”: each text has 1 to {MAX_HEADING} characters")
        yield tag, text.strip()


def _number(values: Mapping[str, object], field: str) -> int:
    found = values.get(field, 0)
    if type(found) is not int or not 0 <= found <= MOST_COUNTED:
        raise _Wrong(f"field “{field}”: it is a whole number from 0 to {MOST_COUNTED}")
    return found
