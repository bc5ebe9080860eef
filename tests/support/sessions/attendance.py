"""Facts and reports of sessions for tests about attendance."""

from __future__ import annotations

from msgspec.structs import replace

from moothall.core.attendance.facts import AttendanceFacts, HubPeople
from moothall.core.attendance.online import HOUR_MS, OnlineCount
from moothall.core.attendance.ranges import PeopleRange
from moothall.core.attendance.report import SessionAttendance, report
from moothall.core.events.attendance import CountSource
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.roll import RoomCount
from moothall.core.sessions.state import Status

AT = 1_764_000_000_000 // HOUR_MS * HOUR_MS


def facts(session: str = "plenary", **fields: object) -> AttendanceFacts:
    """A public session that is over, with 30 people in the room and 10 at a hub."""
    made = AttendanceFacts(
        session=SessionId(session),
        title="Plenary",
        languages=("en", "fr", "pt"),
        texts=("en", "fr"),
        access=Access.PUBLIC,
        status=Status.CLOSED,
        opened=AT,
        closed=AT + HOUR_MS,
        counts=(RoomCount(people=30, source=CountSource.TYPED, at=AT + 1),),
        hubs=(HubPeople(hub="kisumu", title="Kisumu", people=10, hours={AT: 10}),),
        topics=("Who pays?",),
        released=True,
    )
    return replace(made, **fields)


ONLINE = OnlineCount(people=PeopleRange(20, 35), hours={AT: PeopleRange(20, 35)}, languages={"en": PeopleRange(18, 30)})


def attended(
    session: str = "plenary", *, hours: int = 1, asked: int = 0, answered: int = 0, taken: int = 0, remotely: int = 0
) -> SessionAttendance:
    """The report of such a session, which 20 to 35 browsers followed."""
    made = facts(
        session,
        recorded_ms=hours * HOUR_MS,
        asked=asked,
        answered=answered,
        taken=taken,
        taken_remotely=remotely,
    )
    return report(made, ONLINE)
