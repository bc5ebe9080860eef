"""Whom a role link or a sign-in stands for: a job, and where it is good. It names no person."""

from __future__ import annotations

import re
import unicodedata

import msgspec

from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import RoomId

HALL = "hall"
"""The scope of a link that is good for everything in the house."""
LONGEST_LABEL = 100
LONGEST_HUB = 40
"""Characters of a hub's name."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a link stands for. It names a job, not a person."""

    link: str
    """Public id of the link: the pseudonym in the record of all acts with it."""
    role: Role
    scope: str
    """`hall`, `room:ID` or `session:ID`."""
    label: str
    """Its label, given when it was made, for the page of links."""


def actor_of(staff: Staff) -> Actor:
    """Who acts with a link; an outside tool goes by the label that its link was given."""
    tool = staff.label if staff.role is Role.TOOL else ""
    return Actor(staff.role, staff.link, tool=tool)


def hub_of(staff: Staff) -> str:
    """The hub whose coordinator a link is for; empty for any other link.

    It is the link's label as a name, so that two links of the same label are for the same hub; a label without Latin
    letters and figures gives the link's own id.
    """
    if staff.role is not Role.HUB:
        return ""
    return hub_name(staff.label) or staff.link


def hub_name(label: str) -> str:
    """A label as a hub's name; empty where it has neither Latin letters nor figures."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_HUB].strip("-")


def room_scope(room: RoomId) -> str:
    """The scope of a link for all sessions of a room."""
    return f"room:{room}"


def session_scope(session: SessionId) -> str:
    """The scope of a link that is good for one session."""
    return f"session:{session}"


def covers(scope: str, session: SessionId, room: RoomId | None) -> bool:
    """Whether a link of this scope is good for a session, which is planned in `room`."""
    kind, _, name = scope.partition(":")
    return scope == HALL or (kind == "session" and name == session) or (kind == "room" and name == room)


def opens_admin(staff: Staff) -> bool:
    """Whether somebody may open `/admin`."""
    return staff.role is Role.SECRETARIAT and staff.scope == HALL
