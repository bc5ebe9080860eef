"""What is to be known before a meeting is opened in a room: what is on there, and what would be left out."""

from __future__ import annotations

from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId, passed_over
from moothall.core.session.state import ON
from moothall.services.programme.programme import Programme


def on_beside(programme: Programme, session: SessionId) -> Planned | None:
    """Another session that is on where this one is planned."""
    room = programme.room_of(session)
    there = () if room is None else programme.planned()
    on = (each for each in there if each.room == room and each.session != session)
    return next((each for each in on if programme.standing(each.session) in ON), None)


def two_in_a_room(programme: Programme, session: SessionId) -> Refusal | None:
    """What is said to whoever would open a session where another one is on; None where none is."""
    beside = on_beside(programme, session)
    if beside is None:
        return None
    message = f"“{beside.title}” is on in the same room, and only one of them gets its sound. Open it anyway?"
    return Refusal(code=RefusalCode.CONFLICT, message=message, first_know=FirstKnow(kind="beside", title=beside.title))


def left_out(programme: Programme, room: RoomId, now: int) -> tuple[Planned, ...]:
    """The sessions of a room that the next one would leave out, though they may still be held."""
    there = [each for each in programme.planned() if each.room == room]
    standing = {each.session: programme.standing(each.session) for each in there}
    out = passed_over(there, standing, now)
    return tuple(each for each in there if each.session in out)
