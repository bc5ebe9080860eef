"""The public agenda: the texts of the secretariat, and notes on single sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

LONGEST_PART = 8_000
"""Characters of one part in one language: some three pages. Overflow: the form says so and keeps what was typed."""
LONGEST_STATEMENT = 500
"""Characters of what is said of access to one session."""
BULLETS = ("- ", "* ", "• ")
"""What a line of a list begins with."""


class AgendaPart(StrEnum):
    """A part of the agenda that the secretariat writes, in the order in which they are shown."""

    THEME = "theme"
    NEW_THEMES = "new-themes"
    TOPICS = "topics"
    EMERGING = "emerging"
    EXHIBITORS = "exhibitors"
    PROPOSING = "proposing"


class Block(msgspec.Struct, frozen=True):
    """A piece of a text: one paragraph, or the items of a list."""

    lines: tuple[str, ...]
    is_list: bool = False


class WrittenPart(msgspec.Struct, frozen=True):
    """A part of the agenda as it is written in one language."""

    language: str
    """BCP-47 tag of the language it was found in."""
    text: str


class AgendaNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the secretariat adds to a session for the agenda."""

    statement: str = ""
    """What makes the session accessible: captions, sign language, step-free …; empty: nothing is said."""


Texts = Mapping[str, Mapping[AgendaPart, str]]
"""The parts by language."""


def blocks(text: str) -> tuple[Block, ...]:
    """The paragraphs and lists of a text. Lines that begin with a bullet are items; an empty line ends a paragraph.

    Lines of a paragraph that follow each other are one. Nothing else in a text means anything.
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


def written(texts: Texts, part: AgendaPart, language: str, otherwise: Sequence[str]) -> WrittenPart | None:
    """A part in a language, else in the first of the languages `otherwise` that has it; None where nobody wrote it."""
    for tag in (language, *otherwise):
        text = texts.get(tag, {}).get(part, "")
        if text:
            return WrittenPart(tag, text)
    return None
