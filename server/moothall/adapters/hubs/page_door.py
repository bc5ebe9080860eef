"""`/hub/{hub}`: a hub without an installed machine, used on one phone or laptop by holders of the hub's role link.

It has the wall, the hub's questions with their status, the head count, and notes to and from the moderator, as plain
forms. A script refreshes what changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import quote

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, newest, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.hubs import page_view as view
from moothall.adapters.hubs.admin_door import number_of
from moothall.adapters.hubs.texts import HubText
from moothall.adapters.pages.visitor_request import clean, page_of, see_other
from moothall.adapters.reading.page_rows import times_are
from moothall.core.commands import LeaveHubNote, ReadHubNote
from moothall.core.hubs.entry import MOST_PEOPLE, HeadCount, Hub
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import PASSING, Refusal
from moothall.core.kernel.ids import CommandId, NoteId, SessionId, is_name
from moothall.core.kernel.times import Zone, clock_time
from moothall.core.ports import Clock, Randomness
from moothall.core.programme.plan import Planned
from moothall.core.programme.times import Zones
from moothall.core.rules.authority import may_read
from moothall.core.rules.notes_and_tags import MAX_NOTE
from moothall.core.sessions.state import Status
from moothall.services.hubs.registry import Hubs
from moothall.services.programme.programme import Programme
from moothall.services.questions.asking import LONGEST_AGE_MS, Asking
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff, covers, hub_of

AGE_FIGURES = 11
"""The most digits of an age that are read."""
HubPageHandler = Callable[["HubPageDoor", web.Request, AdminRequest, Hub], Awaitable[web.Response]]


def _of_hub(staff: Staff, request: web.Request) -> bool:
    return hub_of(staff) == request.match_info["hub"]


def _page(handler: HubPageHandler) -> Callable[[HubPageDoor, web.Request], Awaitable[web.Response]]:
    """A decorator for handlers that require the hub's role link."""

    @staff_page(_of_hub)
    @wraps(handler)
    async def handle(self: HubPageDoor, request: web.Request, asked: AdminRequest) -> web.Response:
        hub = self.hubs.get(request.match_info["hub"])
        if hub is None:
            raise AdminProblem(404, AdminText.GONE)
        return await handler(self, request, asked, hub)

    return handle


@dataclass(eq=False, repr=False, kw_only=True)
class HubPageDoor:
    """Handlers of the page of a hub without a machine, and of its forms.

    `entries`: lists all sessions without loading them; `zones`: looks up the hubs' time zones.
    """

    pages: StaffPages
    hubs: Hubs
    sessions: Sessions
    programme: Programme
    asking: Asking
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    zones: Zones
    clock: Clock
    randomness: Randomness

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes` after those of `/hub/pair` and `/hub/link`."""
        return [
            web.get("/hub/{hub}", self.home),
            web.get("/hub/{hub}/{session}", self.meeting),
            web.get("/hub/{hub}/{session}/now", self.now),
            web.post("/hub/{hub}/{session}/people", self.count),
            web.post("/hub/{hub}/{session}/notes", self.leave_note),
            web.post("/hub/{hub}/{session}/notes/read", self.read_note),
        ]

    @_page
    async def home(self, request: web.Request, asked: AdminRequest, hub: Hub) -> web.Response:
        """List the meetings in which the hub may take part, in the hub's own time zone."""
        self.hubs.visited(hub.name, renews=False)
        zone, now = self._zone(hub), self.clock.wall()
        entries = [entry for entry in await self.entries() if self._open(asked.staff, entry)]
        plans = [plan for plan in self.programme.planned() if self._planned(asked.staff, plan)]
        return self.pages.show(
            "hub/hub_home.html",
            asked,
            hub=hub,
            meetings=view.programme(hub.name, entries, plans, zone=zone, now=now, ui=asked.ui),
            times=times_are(zone, now, asked.ui),
        )

    @_page
    async def meeting(self, request: web.Request, asked: AdminRequest, hub: Hub) -> web.Response:
        """Show one meeting, with the hub's forms."""
        live = await self._live(request, asked)
        self.hubs.visited(hub.name, live.id, renews=False)
        return await self._meeting(asked, hub, live)

    @_page
    async def now(self, request: web.Request, asked: AdminRequest, hub: Hub) -> web.Response:
        """The changing part of the meeting's page, as HTML for its script."""
        live = await self._live(request, asked)
        self.hubs.visited(hub.name, live.id, renews=True)
        return self.pages.show("hub/_hub_now.html", asked, **await self._changing(asked, hub, live))

    async def _meeting(
        self,
        asked: AdminRequest,
        hub: Hub,
        live: LiveSession,
        *,
        problem: str = "",
        written: str = "",
        status: int = 400,
    ) -> web.Response:
        now, zone = self.clock.wall(), self._zone(hub)
        return self.pages.show(
            "hub/hub.html",
            asked,
            status=status if problem else 200,
            problem=problem and asked.ui.text(problem),
            written=written,
            note=f"n{self.randomness.bytes(8).hex()}",
            most=MAX_NOTE,
            text=f"/s/{quote(live.id)}",
            made=clock_time(zone.at(now)),
            **await self._changing(asked, hub, live),
        )

    async def _changing(self, asked: AdminRequest, hub: Hub, live: LiveSession) -> dict[str, Any]:
        """The values that `_hub_now.html` shows."""
        ui, state = asked.ui, live.state
        count = _count(hub, live.id)
        rows = []
        for each in view.asked_of(state, hub.name):
            token = self.asking.token(live.id, each.id)
            own = await self.asking.own(live.id, token)
            if own is not None:
                rows.append(view.question_row(own, page_of(live.id, token), hub.name, state.hubs, ui))
        return {
            "hub": hub,
            "title": state.title.strip() or ui.text("Meeting without a title"),
            "title_language": state.languages[0] if state.title.strip() and state.languages else "",
            "stage": state.status.value if state.cancelled is None else "cancelled",
            "state": ui.named(f"page/state.{state.status if state.cancelled is None else 'cancelled'}"),
            "over": state.status is Status.CLOSED,
            "here": f"/hub/{quote(hub.name)}/{quote(live.id)}",
            "people": None if count is None else count.people,
            "most_people": MOST_PEOPLE,
            "questions": rows,
            "notes": view.note_rows(state.notes_and_tags.hub_notes, hub, self._zone(hub), ui),
        }

    @_page
    async def count(self, request: web.Request, asked: AdminRequest, hub: Hub) -> web.Response:
        """Store a head count: a number, or one more or fewer than the page showed, so that sending a form twice counts
        once.
        """
        live = await self._live(request, asked)
        given = await self.pages.form(request, asked)
        people = number_of(given.get("people", ""))
        if people is None:
            return await self._meeting(asked, hub, live, problem=HubText.PEOPLE)
        step = {"more": 1, "fewer": -1}.get(given.get("step", ""), 0)
        people = min(MOST_PEOPLE, max(0, people + step))
        # The count may be old, taken while there was no connection.
        age = min(number_in(given.get("age", ""), AGE_FIGURES) or 0, LONGEST_AGE_MS)
        refused = await self.hubs.count(hub.name, live.id, people, self.clock.wall() - age)
        if refused is not None:
            raise wrong(refused)
        return self._back(asked, hub, live)

    @_page
    async def leave_note(self, request: web.Request, asked: AdminRequest, hub: Hub) -> web.Response:
        """Leave the moderator a note. Sending the same form again doesn't repeat the note."""
        live = await self._live(request, asked)
        given = newest(await self.pages.sent(request))
        text = clean(given.get("text", "")).strip()
        try:
            self.pages.check(asked, given.get(FIELD, ""))
        except AdminProblem as error:  # Show the typed text again.
            return await self._meeting(asked, hub, live, problem=error.key, written=text, status=error.status)
        name = given.get("note", "")
        if not 0 < len(text) <= MAX_NOTE or not is_name(name):
            return await self._meeting(asked, hub, live, problem=HubText.NOTE, written=text)
        act = LeaveHubNote(hub=hub.name, note=NoteId(name), text=text)
        refused = await self._send(asked, hub, live, f"hub-note:{hub.name}:{name}", act)
        if refused is not None and refused.code in PASSING:
            return await self._meeting(asked, hub, live, problem=AdminText.BUSY, written=text, status=503)
        if refused is not None:
            return await self._meeting(asked, hub, live, problem=AdminText.CONFLICT, written=text, status=409)
        return self._back(asked, hub, live)

    @_page
    async def read_note(self, request: web.Request, asked: AdminRequest, hub: Hub) -> web.Response:
        """Mark a note as read. Doing so again changes nothing."""
        live = await self._live(request, asked)
        name = (await self.pages.form(request, asked)).get("note", "")
        if not is_name(name):
            raise AdminProblem(404, AdminText.GONE)
        act = ReadHubNote(hub=hub.name, note=NoteId(name))
        refused = await self._send(asked, hub, live, f"hub-read:{hub.name}:{name}", act)
        if refused is not None:
            raise wrong(refused)
        return self._back(asked, hub, live)

    async def _send(
        self, asked: AdminRequest, hub: Hub, live: LiveSession, act: str, command: LeaveHubNote | ReadHubNote
    ) -> Refusal | None:
        by = Actor(Role.HUB, asked.staff[0].link, hub=hub.name)
        answer = await live.writer.send(by, CommandId(act), command)
        return answer if isinstance(answer, Refusal) else None

    def _back(self, asked: AdminRequest, hub: Hub, live: LiveSession) -> web.Response:
        return see_other(asked.to(f"/hub/{quote(hub.name)}/{quote(live.id)}"))

    async def _live(self, request: web.Request, asked: AdminRequest) -> LiveSession:
        """The session of the address, where the hub may take part in it. Raises AdminProblem (404) otherwise."""
        name = request.match_info["session"]
        live = await self.sessions.find(SessionId(name)) if is_name(name) else None
        if live is None or live.state.status is Status.ABSENT or not self._may(asked.staff, live.id):
            raise AdminProblem(404, AdminText.GONE)
        if not may_read(Role.HUB, live.state.access, has_link=True):
            raise AdminProblem(404, AdminText.GONE)
        return live

    def _may(self, staff: Sequence[Staff], session: SessionId) -> bool:
        return any(covers(each.scope, session, self.programme.room_of(session)) for each in staff)

    def _open(self, staff: Sequence[Staff], entry: Entry) -> bool:
        open_to = may_read(Role.HUB, entry.access, has_link=True) and entry.status is not Status.ABSENT
        return open_to and self._may(staff, entry.session)

    def _planned(self, staff: Sequence[Staff], plan: Planned) -> bool:
        """Whether to show a plan."""
        return not plan.rehearsal and self._may(staff, plan.session)

    def _zone(self, hub: Hub) -> Zone:
        """The hub's own time zone; the conference's where the hub has none."""
        rules = self.zones(hub.details.zone) if hub.details.zone else None
        return self.programme.zone() if rules is None else Zone(hub.details.zone, rules)


def _count(hub: Hub, session: SessionId) -> HeadCount | None:
    """The newest head count of the hub's own room, where it belongs to this session; otherwise None."""
    count = hub.counts.get(hub.name)
    return count if count is not None and count.session == session else None
