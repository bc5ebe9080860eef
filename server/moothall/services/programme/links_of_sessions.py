"""Which role links are wanted for several sessions at once: one of each role for each session, or for each room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.events.types import Access
from moothall.core.kernel.actors import Role
from moothall.core.programme.plan import Planned
from moothall.services.sessions.link_terms import LinkTerms, WantedLink
from moothall.services.sessions.staff import room_scope, session_scope

FOR_SESSIONS = (
    Role.TECHNICIAN,
    Role.CAPTIONER,
    Role.INTERPRETER,
    Role.MODERATOR,
    Role.CHAIR,
    Role.RAPPORTEUR,
    Role.READER,
)
"""Roles for which links can be made for many sessions, in the order of their sheets."""
MOST_AT_ONCE = 400
"""The most links made by one request. Overflow: none is made, and a sentence says so."""


def wanted_links(
    sessions: Iterable[tuple[Planned, Access | None]],
    roles: Sequence[Role],
    *,
    label: str = "",
    terms: LinkTerms,
    by_room: bool = False,
) -> list[WantedLink]:
    """The links for sessions, each with its access, and roles, each once. `by_room`: one for a session's room where it
    has one.

    Readers get links only of sessions that need them. What a kind of link can't have is left out of its terms: readers'
    links are for many browsers, and a room's don't end with a session.
    """
    wanted: dict[tuple[Role, str], WantedLink] = {}
    for planned, access in sessions:
        for role in roles:
            reader = role is Role.READER
            if reader and access is not Access.LINK:
                continue
            of_room = by_room and planned.room is not None and not reader
            scope = room_scope(planned.room) if of_room and planned.room else session_scope(planned.session)
            fitting = msgspec.structs.replace(
                terms,
                one_browser=terms.one_browser and not reader,
                with_session=terms.with_session and not of_room,
            )
            wanted[role, scope] = WantedLink(role=role, scope=scope, label=label, terms=fitting)
    return list(wanted.values())
