"""Acts about attendance: counts of the room, the attendance list, and the release of a report.

Whoever signs in gets an address of their own. Its last part is a random secret; the entry's id in the log is made of
it, and the secret can't be found from the id. So the staff, who see the ids, don't learn the addresses.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from moothall.core.commands import AttendanceCommand, SignRoll
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NO_SESSION, Refusal
from moothall.core.kernel.ids import CommandId, RollEntryId, SessionId
from moothall.core.ports import Randomness
from moothall.core.removal.selection import RollEntries
from moothall.core.sessions.roll import RollEntry
from moothall.core.sessions.state import State
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff


class RollWords(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody writes on the attendance list."""

    name: str
    representing: str = ""
    group: str = ""
    region: str = ""


def entry_of(session: SessionId, secret: str) -> RollEntryId:
    """The id of the entry to which an address with this secret leads."""
    digest = hashlib.sha256(f"{session}\0{secret}".encode("utf-8", "replace")).hexdigest()
    return RollEntryId(f"e{digest[:24]}")


@dataclass(eq=False, repr=False)
class AttendanceActs:
    """Carries out the acts. Every method returns None, or why it was refused, and may raise StorageUnavailable."""

    sessions: Sessions
    randomness: Randomness

    async def state(self, session: SessionId) -> State | None:
        """The state of a session; None where there is none."""
        live = await self.sessions.find(session)
        return None if live is None else live.state

    async def own(self, session: SessionId, secret: str) -> RollEntry | None:
        """The entry to which an address leads; None where there is none, or where the list is final."""
        state = await self.state(session)
        return None if state is None else state.attendance.entries.get(entry_of(session, secret))

    async def by_staff(self, session: SessionId, staff: Staff, command: AttendanceCommand) -> Refusal | None:
        """Carry out a command of somebody of the staff."""
        return await self._send(session, Actor(staff.role, staff.link), command)

    async def sign(self, session: SessionId, secret: str, words: RollWords) -> Refusal | None:
        """Sign in, or correct one's own entry. Sent twice it is the same entry."""
        entry = entry_of(session, secret)
        command = SignRoll(entry=entry, **msgspec.structs.asdict(words))
        return await self._send(session, Actor(Role.PARTICIPANT, entry), command)

    async def strike(self, session: SessionId, by: Staff | str, entry: RollEntryId) -> Refusal | None:
        """Erase an entry, for somebody of the staff, or for its author with the secret of its address."""
        actor = Actor(Role.PARTICIPANT, entry) if isinstance(by, str) else Actor(by.role, by.link)
        if isinstance(by, str) and entry_of(session, by) != entry:
            return NO_SESSION
        live = await self.sessions.find(session)
        if live is None:
            return NO_SESSION
        answer = await live.writer.remove(actor, self._id(), RollEntries((entry,)))
        return answer if isinstance(answer, Refusal) else None

    async def _send(self, session: SessionId, actor: Actor, command: AttendanceCommand) -> Refusal | None:
        live = await self.sessions.find(session)
        if live is None:
            return NO_SESSION
        answer = await live.writer.send(actor, self._id(), command)
        return answer if isinstance(answer, Refusal) else None

    def _id(self) -> CommandId:
        return CommandId(f"attendance:{self.randomness.bytes(12).hex()}")
