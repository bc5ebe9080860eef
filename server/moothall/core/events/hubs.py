"""Every fact about a hub: its presence, and what passes between it and the centre in its own lane."""

from __future__ import annotations

from moothall.core.events.base import Event
from moothall.core.kernel import lanes
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import InterventionId, Lane, NoteId


class HubEvent(Event, frozen=True, kw_only=True):
    """An event between the centre and one hub."""

    hub: str
    """The hub's name, which is part of its lane's name."""

    def lane(self) -> Lane:
        """The hub's own lane."""
        return lanes.hub_lane(self.hub)


class HubNoteLeft(HubEvent, frozen=True, kw_only=True, tag="hub.note-left"):
    """A note from the centre's staff to a hub, or from a hub to the staff."""

    note: NoteId
    """The note's id, unique in the session."""
    text: str
    """The text of the note."""
    by: Role
    """The role of the author: `hub`, or a role of the centre's staff."""


class HubNoteRead(HubEvent, frozen=True, kw_only=True, tag="hub.note-read"):
    """The addressee of a hub's note confirmed that it was read."""

    note: NoteId
    """The note that was read."""
    by: Role
    """The role of whoever read it."""


class HubDeclined(HubEvent, frozen=True, kw_only=True, tag="hub.declined"):
    """Why an intervention that came from a hub was not taken, for its author there."""

    intervention: InterventionId
    """The intervention."""
    reason: str
    """The reason, as in `intervention.declined`."""


class HubPresenceChanged(Event, frozen=True, kw_only=True, tag="hub.presence-changed"):
    """The presence of a hub in the session changed. The event has everything that is known of it from here on."""

    hub: str
    """The hub's name. The name of a hub below another begins with that of the other: `north.kisumu`."""
    title: str
    """The hub's title, for people."""
    people: int | None
    """The last head count; null: nobody has counted; 0: the hub has left."""
    counted: int | None = None
    """Unix ms of the head count, by the centre's clock."""
    here: bool
    """Whether the hub follows the session now."""
    since: int
    """Unix ms since when it follows, or does not."""
    t: int
    """When the presence changed, media ms; 0 before the session began."""
