"""`/staff`: what a person's role links allow, with the pages for it; and a button that starts the next meeting of a
room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from aiohttp import web

from moothall.adapters.admin import view
from moothall.adapters.admin.meeting_list import MeetingList, all_meetings
from moothall.adapters.admin.request import AdminRequest, StaffPages, staff_page, wrong
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.commands import CloseSession, OpenSession
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import RoomId
from moothall.core.rules.authority import may_send
from moothall.core.sessions.state import Status
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.staff import HALL, Staff, hub_of, room_scope

MOST_MEETINGS = 50
"""The most meetings without a room that are listed; `/admin` lists all of them."""


def _moves_on(staff: Staff, request: web.Request) -> bool:
    return _may_move_on(staff.role) and staff.scope in (HALL, room_scope(RoomId(request.match_info["room"])))


@dataclass(eq=False, repr=False, kw_only=True)
class WorkDoor:
    """Handlers of `/staff`."""

    pages: StaffPages
    programme: Programme
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    """Lists all sessions without loading them."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/staff", self.show), web.post("/staff/rooms/{room}/next", self.next_meeting)]

    @staff_page(lambda staff, _: staff.role is not Role.READER)
    async def show(self, _request: web.Request, asked: AdminRequest) -> web.Response:
        """List all roles that this browser's links give it, for a whole conference with the meetings that are on."""
        known: dict[SessionId, Entry] = {}
        if any(staff.scope == HALL for staff in asked.staff):
            known = {entry.session: entry for entry in await self.entries() if entry.status is not Status.ABSENT}
        meetings = MeetingList(all_meetings(known, self.programme), known, self.programme, asked.ui)
        return self.pages.show(
            "admin/work.html",
            asked,
            jobs=[self._job(staff, asked, meetings) for staff in asked.staff],
            times=view.clock_of(self.programme, asked.ui),
            in_language=lambda tag: f"/staff?ui={tag}",
        )

    @staff_page(_moves_on)
    async def next_meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Close the running session of a room, and start the next."""
        given = await self.pages.form(request, asked)
        await go_on(self.programme, RoomId(request.match_info["room"]), given, by=asked.staff[0].link)
        return see_other(asked.to("/staff"))

    def _job(self, staff: Staff, asked: AdminRequest, meetings: MeetingList) -> dict[str, object]:
        kind, _, name = staff.scope.partition(":")
        rooms = None if staff.scope == HALL else [RoomId(name)] if kind == "room" else []
        return {
            "role": asked.ui.named(f"admin/role.{staff.role}"),
            "good_for": view.scope_name(staff.scope, self.programme, asked.ui),
            "label": staff.label,
            "admin": staff.role is Role.SECRETARIAT and staff.scope == HALL,
            "control": staff.role in (Role.TECHNICIAN, Role.SECRETARIAT) and staff.scope == HALL,
            "hub": hub_of(staff),
            "live": meetings.live(staff.role) if staff.scope == HALL else [],
            "pages": view.jobs(SessionId(name), staff.role, asked.ui) if kind == "session" else [],
            "meetings": self._elsewhere(staff, asked) if staff.scope == HALL else [],
            "places": [self._place(place, staff, asked) for place in self._places(rooms)],
            "moves_on": _may_move_on(staff.role),
        }

    def _elsewhere(self, staff: Staff, asked: AdminRequest) -> list[dict[str, object]]:
        """Meetings without a room that haven't begun, with the pages that a role has for them."""
        there = (each for each in self.programme.planned() if each.room is None and not each.cancelled)
        coming = (each for each in there if self.programme.status_of(each.session) is Status.CREATED)
        return [
            {
                "title": each.title,
                "language": next(iter(each.languages), ""),
                "when": view.when(each.starts, each.ends, asked.ui, self.programme.zone()),
                "pages": view.jobs(each.session, staff.role, asked.ui),
            }
            for each in islice(coming, MOST_MEETINGS)
        ]

    def _places(self, rooms: list[RoomId] | None) -> list[RoomId]:
        return [room.id for room in self.programme.rooms() if rooms is None or room.id in rooms]

    def _place(self, room: RoomId, staff: Staff, asked: AdminRequest) -> dict[str, object]:
        """A room with its current and next meeting, and the pages that a role has for the current one."""
        (row,) = view.place_rows(self.programme, asked.ui, [room])
        now = self.programme.now_in(room)
        return {**row, "pages": view.place_jobs(room, now, staff.role, asked.ui)}


def _may_move_on(role: Role) -> bool:
    return may_send(role, OpenSession()) and may_send(role, CloseSession())


async def go_on(programme: Programme, room: RoomId, given: Mapping[str, str], *, by: str) -> None:
    """Close the running session of a room and start the next, as the form's page named them. Nothing is done where the
    page didn't say that sound would have no text: it says so when it is shown next. Raises AdminProblem when refused.
    """
    now = programme.now_in(room)
    asks = now is not None and given.get("now") == now and programme.closing.without_text(now)
    if asks and not given.get("without_text"):
        return
    done = await programme.next_session(
        room,
        after=SessionId(given["now"]) if given.get("now") else None,
        then=SessionId(given["then"]) if given.get("then") else None,
        by=by,
    )
    if isinstance(done, Refusal):
        raise wrong(done)
