"""One meeting by hand: its title, languages and planned times are changed, and what is to be known before it is opened
in a room: which other one is on there, and which ones would be left out.
"""

from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId, passed_over
from moothall.core.programme.times import LONGEST
from moothall.core.session.state import ON, Status
from moothall.services.programme.programme import Programme

LONGEST_MS = round(LONGEST.total_seconds() * 1000)


async def change_plan(programme: Programme, wanted: Planned, *, by: str) -> Refusal | None:
    """Make a session's title, languages and times those of `wanted`; None when it is done.

    Title and languages go into its log, so that readers see them at once; the times stand in the programme alone. Of
    one that has begun the times stay. What was begun and interrupted is done again with the same call.
    Raises StorageUnavailable.
    """
    before, live = await programme.known(wanted.session), await programme.live(wanted.session)
    if before is None or live is None:
        return refuse(RefusalCode.UNKNOWN, "There is no such meeting.")
    state = live.state
    times = (wanted.starts, wanted.ends)
    spoken = wanted.languages != state.languages
    begun = state.status is not Status.CREATED
    if begun and times != (before.starts, before.ends):
        message = "The meeting has begun: its planned times stay, only its title and languages can change."
        return refuse(RefusalCode.CONFLICT, message)
    if wanted.ends is not None and (wanted.starts is None or not 0 < wanted.ends - wanted.starts <= LONGEST_MS):
        return refuse(RefusalCode.INVALID, "A meeting must end after it starts, and within a week.")
    changes: list[do.AnyCommand] = []
    if spoken and not begun:
        changes.append(do.DescribeSession(title=wanted.title, languages=wanted.languages))
    elif wanted.title != state.title:
        changes.append(do.DescribeSession(title=wanted.title))
    if spoken and begun:
        changes.append(do.SetLanguages(languages=wanted.languages))
    for change in changes:
        refused = await programme.send(wanted.session, change, by=by)
        if refused is not None:
            return refused
    kept = msgspec.structs.replace(
        before, title=wanted.title, languages=wanted.languages, starts=wanted.starts, ends=wanted.ends
    )
    if kept != before:
        await programme.keep(planned=[kept])
    return None


def on_beside(programme: Programme, session: SessionId) -> Planned | None:
    """Another session that is on where this one is planned."""
    room = programme.room_of(session)
    there = () if room is None else programme.planned()
    on = (each for each in there if each.room == room and each.session != session)
    return next((each for each in on if programme.status_of(each.session) in ON), None)


def two_in_a_room(programme: Programme, session: SessionId) -> Refusal | None:
    """The warning when a session is opened where another one is on; None where none is."""
    beside = on_beside(programme, session)
    if beside is None:
        return None
    message = f"“{beside.title}” is on in the same room, and only one of them gets its sound. Open it anyway?"
    return Refusal(
        code=RefusalCode.CONFLICT, message=message, first_know=FirstKnow(kind="same-room", title=beside.title)
    )


def left_out(programme: Programme, room: RoomId, now: int) -> tuple[Planned, ...]:
    """The sessions of a room that the next one would leave out, though they may still be held."""
    there = [each for each in programme.planned() if each.room == room]
    standing = {each.session: programme.status_of(each.session) for each in there}
    out = passed_over(there, standing, now)
    return tuple(each for each in there if each.session in out)
