"""The four steps that `/admin` shows whoever begins, and which of them are done."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.kernel.actors import Role
from moothall.core.session.state import Status
from moothall.services.programme.house_look import HouseLook
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.role_links import RoleLinks, session_scope


class FirstSteps(msgspec.Struct, frozen=True, kw_only=True):
    """Which steps are done."""

    named: bool
    """The conference has a name, and its time zone is known."""
    placed: bool
    """There is a place, or a meeting that is no rehearsal."""
    tested: bool
    """There is a rehearsal."""
    linked: bool
    """Somebody has a link, besides the secretariat and for rehearsals."""


def first_steps(look: HouseLook, programme: Programme, links: RoleLinks, entries: Sequence[Entry]) -> FirstSteps | None:
    """The steps; None once all are done, a meeting has begun that is no rehearsal, or somebody has put them away."""
    if look.guide_hidden or any(not each.rehearsal and each.status is not Status.CREATED for each in entries):
        return None
    planned = programme.planned()
    rehearsals = {session_scope(each.session) for each in planned if each.rehearsal}
    steps = FirstSteps(
        named=bool(look.shown.name) and programme.zone_named,
        placed=bool(programme.rooms()) or any(not each.rehearsal for each in planned),
        tested=bool(rehearsals),
        linked=any(staff.role is not Role.SECRETARIAT and staff.scope not in rehearsals for staff in links.list()),
    )
    return None if all(msgspec.structs.astuple(steps)) else steps
