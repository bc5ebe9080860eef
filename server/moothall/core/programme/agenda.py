"""The public agenda: texts of the secretariat, and notes on single sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

LONGEST_PART = 8_000
"""Characters of one part in one language: some three pages. Overflow: the form refuses the text, and keeps what was
typed.
"""
LONGEST_STATEMENT = 500
"""Characters of the access statement of one session."""
BULLETS = ("- ", "* ", "• ")
"""Markers at the beginning of a list item."""


class AgendaPart(StrEnum):
    """A part of the agenda that the secretariat writes, in the order of the page."""

    THEME = "theme"
    NEW_THEMES = "new-themes"
    TOPICS = "topics"
    EMERGING = "emerging"
    EXHIBITORS = "exhibitors"
    PROPOSING = "proposing"


class Block(msgspec.Struct, frozen=True):
    """A block of a text: one paragraph, or the items of a list."""

    lines: tuple[str, ...]
    is_list: bool = False


class WrittenPart(msgspec.Struct, frozen=True):
    """A part of the agenda in one language."""

    language: str
    """BCP-47 tag of the language in which the part was found."""
    text: str


class AgendaNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the secretariat adds to a session in the agenda."""

    statement: str = ""
    """What makes the session accessible: captions, sign language, step-free …; empty: no statement."""


AgendaTexts = Mapping[str, Mapping[AgendaPart, str]]
"""The parts by BCP-47 tag."""


def blocks(text: str) -> tuple[Block, ...]:
    """The paragraphs and lists of a text. Rows that begin with a marker are items; an empty row ends a paragraph.

    Consecutive rows of a paragraph are joined. There is no other markup.
    """
    found: list[Block] = []
    paragraph: list[str] = []
    items: list[str] = []

    def end() -> None:
        if paragraph:
            found.append(Block((" ".join(paragraph),)))
        if items:
            found.append(Block(tuple(items), is_list=True))
        paragraph.clear()
        items.clear()

    for line in (each.strip() for each in text.splitlines()):
        item = next((line[len(bullet) :].strip() for bullet in BULLETS if line.startswith(bullet)), "")
        if item:
            if paragraph:
                end()
            items.append(item)
        else:
            if items or not line:
                end()
            if line:
                paragraph.append(line)
    end()
    return tuple(found)


def written(texts: AgendaTexts, part: AgendaPart, language: str, otherwise: Sequence[str]) -> WrittenPart | None:
    """A part in `language`, or in the first of the languages `otherwise` that has it; None when no language has it."""
    for tag in (language, *otherwise):
        text = texts.get(tag, {}).get(part, "")
        if text:
            return WrittenPart(tag, text)
    return None
