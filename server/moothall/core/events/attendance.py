"""Every fact about who was there: head counts, the attendance list, and the release of the report on them."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.core.events.base import Event, StaffEvent
from moothall.core.kernel.ids import RollEntryId


class CountSource(StrEnum):
    """How people in a room were counted."""

    TYPED = "typed"
    """Somebody of the staff counted them and typed the number."""
    BADGES = "badges"
    """By a file of badges, which was not kept."""


class AttendanceCounted(Event, frozen=True, kw_only=True, tag="attendance.counted"):
    """The people in the room were counted."""

    people: int
    """How many there are; of badges, how many different ones."""
    source: CountSource
    """How they were counted."""
    at: int
    """Unix ms of the count."""
    corrects: bool = False
    """Whether the count before this one was wrong, so that this one takes its place."""


class RollArranged(Event, frozen=True, kw_only=True, tag="roll.arranged"):
    """The attendance list of the session was opened or closed: the list on which people sign in themselves."""

    open: bool
    """Whether people may sign in from here on."""


class RollSigned(StaffEvent, frozen=True, kw_only=True, tag="roll.signed"):
    """Somebody signed in on the attendance list, or an entry was corrected."""

    entry: RollEntryId
    """The entry's id, which only its author and the staff know. A later event of the same entry replaces it."""
    name: str
    """The person's name, as they wrote it."""
    representing: str = ""
    """Whom they represent, as they wrote it; empty for nobody."""
    group: str = ""
    """Their stakeholder group, for sums only; empty where they have not said."""
    region: str = ""
    """Their region, for sums only; empty where they have not said."""


class RollStruck(StaffEvent, frozen=True, kw_only=True, tag="roll.struck"):
    """An entry was taken off the attendance list, and its words are erased."""

    entry: RollEntryId
    """The entry."""


class RollNamed(Event, frozen=True, kw_only=True, tag="roll.named"):
    """An entry of the attendance list that became final. There is one event for each, so that each can be removed."""

    entry: RollEntryId
    """A public id of the entry, which is not the one in `roll.signed`."""
    name: str
    """The person's name."""
    representing: str
    """Whom they represent; empty for nobody."""


class RollFinalised(Event, frozen=True, kw_only=True, tag="roll.finalised"):
    """The attendance list is final: nobody signs in any more, and no entry is corrected."""

    people: int
    """How many had signed in."""
    groups: dict[str, dict[str, int | None]] = msgspec.field(default_factory=dict)
    """Sums by `group` and `region`, each with how many people of each value; null where a sum would concern too few."""


class AttendanceReleased(Event, frozen=True, kw_only=True, tag="attendance.released"):
    """The secretariat released the attendance report of the session, or took that back."""

    released: bool = True
    """Whether everybody who may read the session may read the report from here on."""


AttendanceFact = (
    AttendanceCounted | RollArranged | RollSigned | RollStruck | RollNamed | RollFinalised | AttendanceReleased
)
