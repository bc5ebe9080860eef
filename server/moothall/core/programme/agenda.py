"""The public agenda: the texts of the secretariat, notes on single sessions, and what has changed in the programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId

LONGEST_PART = 8_000
"""Characters of one part in one language: some three pages. Overflow: the form says so and keeps what was typed."""
LONGEST_STATEMENT = 500
"""Characters of what is said of access to one session."""
MOST_CHANGES = 200
"""Changes of the programme that are kept. Overflow: the oldest goes."""
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


class AgendaChangeKind(StrEnum):
    """What has changed."""

    NEW = "new"
    TITLE = "title"
    TIME = "time"
    ROOM = "room"
    CANCELLED = "cancelled"
    RESTORED = "restored"


class AgendaChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one session's plan."""

    at: int
    """Unix ms."""
    session: SessionId
    kind: AgendaChangeKind
    title: str = ""
    """The title before, where that has changed."""
    starts: tuple[int | None, int | None] = (None, None)
    """Unix ms before and after, where the time has changed."""
    ends: tuple[int | None, int | None] = (None, None)
    rooms: tuple[RoomId | None, RoomId | None] = (None, None)
    """Before and after, where the room has changed."""


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


def changes_of_plan(before: Planned | None, after: Planned, at: int) -> tuple[AgendaChange, ...]:
    """What a new or changed plan changes for readers of the agenda. Rehearsals, and sessions that the programme only
    takes over (they have not been made by it), change nothing; nor does a deletion, which can be taken back.
    """
    session = after.session
    deletion = any(each is not None and each.deleted is not None for each in (before, after))
    if deletion or after.rehearsal or (before is None and not after.made):
        return ()
    if before is None:
        return (AgendaChange(at=at, session=session, kind=AgendaChangeKind.NEW),)
    found: list[AgendaChange] = []
    if before.title != after.title:
        found.append(AgendaChange(at=at, session=session, kind=AgendaChangeKind.TITLE, title=before.title))
    if (before.starts, before.ends) != (after.starts, after.ends):
        starts, ends = (before.starts, after.starts), (before.ends, after.ends)
        found.append(AgendaChange(at=at, session=session, kind=AgendaChangeKind.TIME, starts=starts, ends=ends))
    if before.room != after.room:
        rooms = (before.room, after.room)
        found.append(AgendaChange(at=at, session=session, kind=AgendaChangeKind.ROOM, rooms=rooms))
    if before.cancelled != after.cancelled:
        kind = AgendaChangeKind.CANCELLED if after.cancelled else AgendaChangeKind.RESTORED
        found.append(AgendaChange(at=at, session=session, kind=kind))
    return tuple(found)
