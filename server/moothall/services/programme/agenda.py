"""The stored parts of the agenda: texts of the secretariat, notes on sessions, and recent changes of the programme."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.events.types import Access
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Book, BookEntry, Clock
from moothall.core.programme.agenda import LONGEST_PART, LONGEST_STATEMENT, AgendaNote, AgendaPart
from moothall.core.programme.changes import MOST_CHANGES, AgendaChange, changes_of_plan
from moothall.core.programme.plan import Planned
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

TEXTS, NOTES, CHANGES = "agenda-text", "agenda-note", "agenda-change"
NO_NOTE = AgendaNote()


@dataclass(eq=False, repr=False, kw_only=True)
class Agenda:
    """Texts, notes and changes, in memory and in the book. Call `load` first.

    Changes are stored only for sessions that everybody may read, so that nothing about the others can be revealed.
    """

    book: Book
    sessions: Sessions
    clock: Clock

    def __post_init__(self) -> None:
        self._texts: dict[str, dict[AgendaPart, str]] = {}
        self._notes: dict[SessionId, AgendaNote] = {}
        # Bound: MOST_CHANGES.
        self._changes: dict[int, AgendaChange] = {}
        """By their numbers, which increase."""
        self._next = 0

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.decode
        texts, notes, changes = [await self.book.read(each) for each in (TEXTS, NOTES, CHANGES)]
        self._texts = {tag: decode(body, type=dict[AgendaPart, str]) for tag, body in texts.items()}
        self._notes = {SessionId(name): decode(body, type=AgendaNote) for name, body in notes.items()}
        self._changes = dict(decode(body, type=tuple[int, AgendaChange]) for body in changes.values())
        self._next = 1 + max(self._changes, default=-1)

    # Queries

    @property
    def texts(self) -> Mapping[str, Mapping[AgendaPart, str]]:
        """The texts of each language, by part."""
        return self._texts

    def note(self, session: SessionId) -> AgendaNote:
        """The secretariat's note on a session; an empty note where there is none."""
        return self._notes.get(session, NO_NOTE)

    def changes(self) -> tuple[AgendaChange, ...]:
        """The stored changes, newest first."""
        return tuple(change for _, change in sorted(self._changes.items(), reverse=True))

    # Acts

    async def write(self, language: str, parts: Mapping[AgendaPart, str]) -> bool:
        """Replace the texts in one language; empty parts are removed. False where one is too long.

        Raises StorageUnavailable.
        """
        kept = {part: text.strip() for part, text in parts.items() if text.strip()}
        if any(len(text) > LONGEST_PART for text in kept.values()):
            return False
        await self.book.write([BookEntry(TEXTS, language, msgspec.json.encode(kept) if kept else None)])
        self._texts.pop(language, None)
        if kept:
            self._texts[language] = kept
        return True

    async def annotate(self, session: SessionId, note: AgendaNote) -> bool:
        """Replace the note on a session. False where its statement is too long. Raises StorageUnavailable."""
        note = msgspec.structs.replace(note, statement=note.statement.strip())
        if len(note.statement) > LONGEST_STATEMENT:
            return False
        body = None if note == NO_NOTE else msgspec.json.encode(note)
        await self.book.write([BookEntry(NOTES, session, body)])
        self._notes.pop(session, None)
        if note != NO_NOTE:
            self._notes[session] = note
        return True

    async def write_plans(self, pairs: Sequence[tuple[Planned | None, Planned]], entries: Sequence[BookEntry]) -> None:
        """Write `entries` together with the changes that readers see between the plans of each pair (before, after),
        atomically. Raises StorageUnavailable.
        """
        now, found = self.clock.wall(), list[AgendaChange]()
        for before, after in pairs:
            changed = changes_of_plan(before, after, now)
            if changed and await self._public(after.session):
                found += changed
        changes = self._numbered(found)
        await self.book.write([*entries, *self._entries(changes)])
        self._take(changes)

    async def forget(self, session: SessionId) -> None:
        """Delete the note and the changes of a session. Raises StorageUnavailable."""
        gone = [number for number, change in self._changes.items() if change.session == session]
        if not gone and session not in self._notes:
            return
        slots = (BookEntry(CHANGES, _slot(number), None) for number in gone)
        await self.book.write([BookEntry(NOTES, session, None), *slots])
        self._notes.pop(session, None)
        for number in gone:
            self._changes.pop(number, None)

    async def _public(self, session: SessionId) -> bool:
        """Whether everybody may read the session. Its own state is used, since the catalogue may be behind."""
        try:
            live = await self.sessions.find(session)
        except RecordBroken:
            logger.error("session %s: the log can't be read; the agenda does not show its changes", session)
            return False
        if live is None:
            return False
        return live.state.access is Access.PUBLIC and live.state.listed and not live.state.rehearsal

    def _numbered(self, changes: Sequence[AgendaChange]) -> dict[int, AgendaChange]:
        first = self._next
        self._next += len(changes)
        return {first + n: change for n, change in enumerate(changes[-MOST_CHANGES:], len(changes[:-MOST_CHANGES]))}

    def _entries(self, changes: Mapping[int, AgendaChange]) -> list[BookEntry]:
        """The entries for new changes. Each uses the slot of the change that it replaces, since deleting keys of the
        book makes Redis rewrite its files.
        """
        encode = msgspec.json.encode
        return [BookEntry(CHANGES, _slot(number), encode((number, change))) for number, change in changes.items()]

    def _take(self, changes: Mapping[int, AgendaChange]) -> None:
        self._changes.update(changes)
        for number in [each for each in self._changes if each < self._next - MOST_CHANGES]:
            del self._changes[number]


def _slot(number: int) -> str:
    return f"{number % MOST_CHANGES:03}"
