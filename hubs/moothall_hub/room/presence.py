"""The head count of a hub's room, and the notes between its coordinator and the staff of the meeting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from moothall.core.desks.notes_and_tags import HubNote
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import CommandId, NoteId, SessionId
from moothall.core.ports import BookEntry
from moothall.services.supervision.waiting import every
from moothall.wire.hubs.acts import HeadCountAct, NoteAct, NoteReadAct
from moothall_hub.outbox.outbox import ActStatus
from moothall_hub.room.ports import RoomParts

logger = logging.getLogger(__name__)

PEOPLE, NOTES = "room-people", "room-note"
"""Namespaces of the book."""
MOST_PEOPLE = 100_000
LONGEST_NOTE = 2_000
"""The most characters of a note; the meeting would accept more."""
MOST_NOTES = 50
"""The most notes that are shown, and that wait at once. Overflow: a further note is refused with a sentence."""
SETTLE_MS = 3_000
"""Milliseconds for which a count must be unchanged before it is sent, so that five presses of +1 give one number."""
_NOTE_BYTES = 8


class People(msgspec.Struct, frozen=True, kw_only=True):
    """A head count of the room."""

    people: int
    at: int
    """When that was counted, Unix ms of the meeting's clock."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note as the coordinator sees it."""

    note: NoteId
    text: str
    at: int
    """When it was written, in Unix ms of the meeting's clock."""
    own: bool
    """Whether it was written in this room."""
    read: tuple[Role, ...] = ()
    """The roles that have marked it as read."""
    standing: ActStatus | None = None
    """The outbox's state of a note that was written here; None once the meeting has the note."""


class _Left(msgspec.Struct, frozen=True):
    text: str
    at: int


class RoomPresence:
    """The head count and the notes of a hub's room. Call `load` first; `run` passes them on to the meeting."""

    def __init__(self, room: RoomParts) -> None:
        self._room = room
        self._people: dict[SessionId, People] = {}
        self._told: dict[SessionId, People] = {}
        """The counts that are in the outbox already."""
        # Bounded by MOST_NOTES in each session.
        self._left: dict[SessionId, dict[NoteId, _Left]] = {}
        self._one = asyncio.Lock()
        """Lets one change run at a time. The number of waiting changes is bounded by the requests that the doors let
        in."""

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        for name, body in (await self._room.book.read(PEOPLE)).items():
            self._people[SessionId(name)] = msgspec.json.decode(body, type=People)
        for key, body in (await self._room.book.read(NOTES)).items():
            name, _, note = key.partition(":")
            left = self._left.setdefault(SessionId(name), {})
            left[NoteId(note)] = msgspec.json.decode(body, type=_Left)

    async def run(self) -> None:
        """Pass on head counts and notes every SETTLE_MS, until cancelled."""

        def unavailable(error: StorageUnavailable) -> None:
            logger.warning("the outbox can't store head counts and notes at the moment: %s", error)

        await every(SETTLE_MS, self.pass_on, self._room.clock, unavailable)

    def people(self, session: SessionId) -> People | None:
        """The head count of a session; None while nobody has counted."""
        return self._people.get(session)

    async def count(self, session: SessionId, people: int) -> None:
        """Set the head count of a session, between 0 and MOST_PEOPLE. Raises StorageUnavailable."""
        async with self._one:
            await self._count(session, people)

    async def add(self, session: SessionId, more: int) -> None:
        """Add `more` people, which may be negative, to the head count. Raises StorageUnavailable."""
        async with self._one:
            known = self._people.get(session)
            await self._count(session, (0 if known is None else known.people) + more)

    async def leave(self, session: SessionId, text: str) -> bool:
        """Write a note to the staff of the meeting. Return False if too many notes wait already.

        Raises StorageUnavailable.
        """
        text = text.strip()[:LONGEST_NOTE]
        async with self._one:
            left = self._left.setdefault(session, {})
            if not text or len(left) >= MOST_NOTES:
                return not text
            note = NoteId(self._room.randomness.bytes(_NOTE_BYTES).hex())
            made = _Left(text, self._room.clock.wall())
            await self._room.book.write([BookEntry(NOTES, f"{session}:{note}", msgspec.json.encode(made))])
            left[note] = made
        try:
            await self._send(session, note, made)
        except StorageUnavailable as error:
            logger.warning("note %s: the outbox can't store it yet: %s", note, error)
        return True

    async def read(self, session: SessionId, note: NoteId) -> None:
        """Mark a note as read. Raises StorageUnavailable."""
        known = next((each for each in await self._room.meetings.notes(session) if each.note == note), None)
        if known is not None and known.by is not Role.HUB and Role.HUB not in known.read:
            act_id = CommandId(f"note-read:{self._room.node}:{note}")
            await self._room.outbox.put(session, act_id, "", NoteReadAct(note=note), self._room.clock.wall())

    async def notes(self, session: SessionId) -> Sequence[Note]:
        """The newest notes, oldest first, including those that wait for the uplink. Raises StorageUnavailable."""
        there = await self._room.meetings.notes(session)
        known = {each.note for each in there}
        notes = [await self._seen(each) for each in there]
        for name, left in self._left.get(session, {}).items():
            if name not in known:
                standing = await self._room.outbox.state(CommandId(f"note:{name}"))
                notes.append(Note(note=name, text=left.text, at=left.at, own=True, standing=standing))
        return sorted(notes, key=lambda each: each.at)[-MOST_NOTES:]

    async def _seen(self, each: HubNote) -> Note:
        read = each.read
        if each.by is not Role.HUB and Role.HUB not in read:
            said = await self._room.outbox.state(CommandId(f"note-read:{self._room.node}:{each.note}"))
            read = read if said is None else (*read, Role.HUB)
        return Note(note=each.note, text=each.text, at=each.at, own=each.by is Role.HUB, read=read)

    async def pass_on(self) -> None:
        """Put settled head counts and waiting notes into the outbox. Raises StorageUnavailable; `run` retries."""
        now = self._room.clock.wall()
        for session, counted in list(self._people.items()):
            if self._told.get(session) != counted and not 0 <= now - counted.at < SETTLE_MS:
                act_id = CommandId(f"heads:{self._room.node}:{counted.at}:{counted.people}")
                await self._room.outbox.put(session, act_id, "", HeadCountAct(people=counted.people), counted.at)
                self._told[session] = counted
        for session, left in list(self._left.items()):
            there = {each.note for each in await self._room.meetings.notes(session)}
            for name, made in list(left.items()):
                if name in there:
                    await self._room.book.write([BookEntry(NOTES, f"{session}:{name}", None)])
                    left.pop(name, None)
                else:
                    await self._send(session, name, made)

    async def _send(self, session: SessionId, name: NoteId, left: _Left) -> None:
        act = NoteAct(note=name, text=left.text)
        await self._room.outbox.put(session, CommandId(f"note:{name}"), "", act, left.at)

    async def _count(self, session: SessionId, people: int) -> None:
        counted = People(people=max(0, min(people, MOST_PEOPLE)), at=self._room.clock.wall())
        await self._room.book.write([BookEntry(PEOPLE, session, msgspec.json.encode(counted))])
        self._people[session] = counted
