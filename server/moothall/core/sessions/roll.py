"""What a session's log says of attendance: counts of the room, the attendance list, and whether the report is released.

An entry of the list is for the staff until the list is final. Then a public event names each person, under another id.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.events import attendance as ae
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import RollEntryId


class RollStatus(StrEnum):
    """The stage of an attendance list."""

    NONE = "none"
    OPEN = "open"
    CLOSED = "closed"
    FINAL = "final"


class RoomCount(msgspec.Struct, frozen=True, kw_only=True):
    """One count of the people in the room."""

    people: int
    source: ae.CountSource
    at: int
    """Unix ms."""


class RollEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A person on the attendance list."""

    name: str
    representing: str = ""
    group: str = ""
    region: str = ""


class AttendanceState(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says of attendance."""

    counts: tuple[RoomCount, ...] = ()
    """The oldest first, without those that were corrected."""
    roll: RollStatus = RollStatus.NONE
    entries: dict[RollEntryId, RollEntry] = {}
    """Who has signed in; once the list is final, who is named on it."""
    signed: int | None = None
    """How many had signed in when the list became final; None before."""
    groups: dict[str, dict[str, int | None]] = {}
    """As in `RollFinalised`."""
    released: bool = False


def evolve_attendance(attendance: AttendanceState, event: ae.AttendanceFact) -> AttendanceState:
    """Return the attendance after `event`."""
    replace = msgspec.structs.replace
    match event:
        case ae.AttendanceCounted():
            before = attendance.counts[:-1] if event.corrects else attendance.counts
            return replace(attendance, counts=(*before, made_of(RoomCount, event)))
        case ae.RollArranged():
            return replace(attendance, roll=RollStatus.OPEN if event.open else RollStatus.CLOSED)
        case ae.RollSigned():
            return replace(attendance, entries={**attendance.entries, event.entry: made_of(RollEntry, event)})
        case ae.RollStruck():
            left = {name: each for name, each in attendance.entries.items() if name != event.entry}
            return replace(attendance, entries=left)
        case ae.RollFinalised():
            return replace(attendance, roll=RollStatus.FINAL, signed=event.people, groups=event.groups, entries={})
        case ae.RollNamed():
            named = RollEntry(name=event.name, representing=event.representing)
            return replace(attendance, entries={**attendance.entries, event.entry: named})
        case _:
            return replace(attendance, released=event.released)
