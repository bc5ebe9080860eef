"""What every event is: a body with a version, in a lane that its type declares.

It is a module of its own because the events of sessions and those of outcomes stand on it.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from moothall.core.kernel import lanes
from moothall.core.kernel.ids import Lane


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A fact in a session's log."""

    VERSION: ClassVar[int] = 1
    """The newest body version of this type, written as `v`."""

    v: int = 1
    """The body's version."""

    def lane(self) -> Lane:
        """The lane of events of this type; `session` unless the type overrides it."""
        return lanes.SESSION


class StaffEvent(Event, frozen=True, kw_only=True):
    """An event for desks only."""

    def lane(self) -> Lane:
        """The lane of the staff."""
        return lanes.STAFF
