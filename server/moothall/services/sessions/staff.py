"""The staff member that a role link or a sign-in represents: a role, and the scope where it is valid. It names no
person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import msgspec

from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import RoomId

HALL = "hall"
"""The scope of a link that is valid for the whole house."""
LONGEST_LABEL = 100
LONGEST_HUB = 40
"""Most characters of a hub's name."""


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """What a role link or a sign-in represents. It names a job, not a person."""

    link: str
    """Public id of the link: the pseudonym under which the record names its acts."""
    role: Role
    scope: str
    """`hall`, `room:ID` or `session:ID`."""
    label: str
    """The label given to the link when it was made, for the list of links."""


MayAct = Callable[[Staff, SessionId], bool]
"""Whether a link allows a session."""


def actor_of(staff: Staff) -> Actor:
    """The actor of acts done with a link; an outside tool is named by its link's label."""
    tool = staff.label if staff.role is Role.TOOL else ""
    return Actor(staff.role, staff.link, tool=tool)


def hub_of(staff: Staff) -> str:
    """The name of the hub whose coordinator a link is for; empty for any other link.

    It is made of the link's label, so that two links with the same label are for the same hub; for a label without
    Latin letters and digits it is the link's id.
    """
    if staff.role is not Role.HUB:
        return ""
    return hub_name(staff.label) or staff.link


def hub_name(label: str) -> str:
    """A label turned into a hub's name; empty where it has neither Latin letters nor digits."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:LONGEST_HUB].strip("-")


def room_scope(room: RoomId) -> str:
    """The scope of a link for all sessions of a room."""
    return f"room:{room}"


def session_scope(session: SessionId) -> str:
    """The scope of a link for one session."""
    return f"session:{session}"


def covers(scope: str, session: SessionId, room: RoomId | None) -> bool:
    """Whether a link of this scope is valid for a session that is planned in `room` (None: in no room)."""
    kind, _, name = scope.partition(":")
    return scope == HALL or (kind == "session" and name == session) or (kind == "room" and name == room)


def opens_admin(staff: Staff) -> bool:
    """Whether this staff member may open `/admin`."""
    return staff.role is Role.SECRETARIAT and staff.scope == HALL
