"""`/admin/links`: the role links of the house, and many links at once for a day's meetings, as sheets and as a
table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin import view
from moothall.adapters.admin.link_sheets import PAPERS, LinkSheets, Sheet, link_table
from moothall.adapters.admin.meeting_list import all_meetings
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned
from moothall.core.sessions.state import Status
from moothall.services.programme.links_of_sessions import FOR_SESSIONS, MOST_AT_ONCE, wanted_links
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.link_terms import HOUR_MS, WantedLink
from moothall.services.sessions.role_links import ROLES as LINK_ROLES
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL, Staff, room_scope, session_scope

USUAL = (Role.TECHNICIAN, Role.MODERATOR)
MOST_SHOWN = 400
"""The most meetings to choose from, and the most links in a list, on one page. Overflow: the later ones aren't shown;
the user can choose another day."""
ALL_DAYS = "all"


class _Choice(msgspec.Struct, frozen=True, kw_only=True):
    """The meetings and roles chosen in a form, with all its fields."""

    meetings: Collection[str]
    roles: Collection[str]
    given: Mapping[str, str]


@dataclass(eq=False, repr=False, kw_only=True)
class LinksDoor:
    """Handlers of `/admin/links` and below, and of the list of people who are signed in.

    `entries`: lists all sessions without loading them.
    """

    pages: StaffPages
    programme: Programme
    links: RoleLinks
    sheets: LinkSheets
    entries: Callable[[], Awaitable[Sequence[Entry]]]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/links", self.show),
            web.post("/admin/links", self.make_link),
            web.post("/admin/links/many", self.make_many),
            web.post("/admin/links/table", self.table),
            web.post("/admin/links/{link}/replace", self.replace_link),
            web.post("/admin/links/{link}/revoke", self.revoke_link),
            web.post("/admin/links/{link}/free", self.free_link),
            web.post("/admin/signed-in/{pseudonym}/end", self.sign_out),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """List the links of the house and those of a day's meetings, with the forms."""
        return await self._page(asked, request.query.get("day", "")[:10])

    async def _page(
        self, asked: AdminRequest, day: str, *, problem: str = "", chosen: _Choice | None = None
    ) -> web.Response:
        ui, programme = asked.ui, self.programme
        known = await self._known()
        meetings = self._offered(known)
        days = self._days(meetings)
        if day not in (*days, ALL_DAYS):
            day = self._nearest(days)
        here = [each for each in meetings if day == ALL_DAYS or self._day(each) == day]
        scopes = {session_scope(each.session) for each in here}
        listed = [staff for staff in self.links.list() if not staff.scope.startswith("session:")]
        listed += [staff for staff in self.links.list() if staff.scope in scopes]
        places = [(room_scope(room.id), room.title) for room in programme.rooms()]
        return self.pages.show(
            "admin/admin_links.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            local=self.sheets.local,
            day=day,
            days=[
                *({"value": each, "name": view.day_name(each, ui), "number": n} for each, n in days.items()),
                *([{"value": ALL_DAYS, "name": ui.text("All days"), "number": len(meetings)}] if meetings else []),
            ],
            meetings=[
                {
                    **view.named_meeting(each, programme, ui),
                    "place": programme.room_title(each.session),
                    "chosen": not each.rehearsal if chosen is None else each.session in chosen.meetings,
                }
                for each in here[:MOST_SHOWN]
            ],
            jobs=[
                {
                    "value": role.value,
                    "name": ui.named(f"admin/role.{role}"),
                    "chosen": role in (USUAL if chosen is None else chosen.roles),
                }
                for role in FOR_SESSIONS
            ],
            given={} if chosen is None else chosen.given,
            times=view.clock_of(programme, ui),
            links=view.link_rows(listed[:MOST_SHOWN], self.links, programme, ui),
            hours=self._hours,
            signed=view.signed_rows(self.links, programme, ui),
            roles=view.role_choices(ui, readers=False),
            scopes=[{"value": scope, "name": name} for scope, name in [(HALL, ui.text(AdminText.EVERYTHING)), *places]],
        )

    @staff_page(runs_the_house)
    async def make_many(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make the links of the chosen meetings or rooms that don't exist yet; answer with their sheets, which are
        shown only once.
        """
        sent = await self.pages.sent(request)
        given = self.pages.checked(sent, asked)
        chosen = _Choice(meetings=set(sent.get("meeting", ())), roles=set(sent.get("role", ())), given=given)
        day = given.get("day", "")[:10]
        known = await self._known()
        meetings = [each for each in self._offered(known) if each.session in chosen.meetings]
        roles = [role for role in FOR_SESSIONS if role in chosen.roles]
        if not meetings or not roles:
            return await self._page(asked, day, problem=asked.ui.text(AdminText.NONE_CHOSEN), chosen=chosen)
        wanted = self._wanted(meetings, roles, known, given)
        if isinstance(wanted, str):
            return await self._page(asked, day, problem=asked.ui.text(wanted), chosen=chosen)
        if len(wanted) > MOST_AT_ONCE:
            said = asked.ui.text(AdminText.TOO_MANY, n=len(wanted), most=MOST_AT_ONCE)
            return await self._page(asked, day, problem=said, chosen=chosen)
        if not self.pages.once(given):
            return see_other(asked.to("/admin/links"))
        async with self.links.making:
            lacking, there = self.links.lacking(wanted)
            made = await self.sheets.make(wanted if "again" in given else lacking, asked.ui)
        if Role.READER in roles:
            made += [
                self.sheets.public_sheet(each, asked.ui) for each in meetings if _access(each, known) is Access.PUBLIC
            ]
        return self.sheets.show(
            asked,
            _in_order(made, meetings),
            paper=given.get("paper", "") if given.get("paper") in PAPERS else PAPERS[0],
            there=view.link_rows([] if "again" in given else there, self.links, self.programme, asked.ui),
            hours=self._hours,
        )

    def _wanted(
        self,
        meetings: Sequence[Planned],
        roles: Sequence[Role],
        known: Mapping[SessionId, Entry],
        given: Mapping[str, str],
    ) -> list[WantedLink] | str:
        """The links that a form asks for, each once; or the key of a sentence that says what is wrong."""
        zone, now = self.programme.zone(), self.programme.now()
        terms = view.wanted_terms(given, Role.TECHNICIAN, session_scope(meetings[0].session), zone, now)
        if isinstance(terms, str):
            return terms
        return wanted_links(
            [(each, _access(each, known)) for each in meetings],
            roles,
            label=given.get("label", ""),
            terms=terms,
            by_room=given.get("each") == "place",
        )

    @staff_page(runs_the_house)
    async def table(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """The sheets of a page as a table (CSV). The form holds the sheets' content; the server stores none of it."""
        given = await self.pages.form(request, asked)
        rows = [row for item in given.get("sheets", "").split()[:MOST_AT_ONCE] if (row := self._row(item, asked))]
        return web.Response(
            body=link_table(rows),
            content_type="text/csv",
            charset="utf-8",
            headers={
                hdrs.CACHE_CONTROL: "no-store",
                hdrs.CONTENT_DISPOSITION: 'attachment; filename="links.csv"',
            },
        )

    def _row(self, item: str, asked: AdminRequest) -> list[str]:
        """A row of the table for a token, or for `=` followed by a session id; empty for anything else."""
        staff = None if item.startswith("=") else self.links.of_token(item)
        planned = self.programme.plan_of(SessionId(item[1:])) if item.startswith("=") else None
        if staff is None and planned is None:
            return []
        scope, role, label, address = (
            (staff.scope, staff.role, staff.label, self.sheets.address(staff, item))
            if staff is not None
            else (f"session:{item[1:]}", Role.READER, "", f"{self.sheets.public}/s/{item[1:]}")
        )
        kind, _, name = scope.partition(":")
        of_meeting = self.programme.plan_of(SessionId(name)) if kind == "session" else None
        title = view.scope_name(scope, self.programme, asked.ui)
        job = asked.ui.named(f"admin/role.{role}")
        if of_meeting is None:
            meeting, room = ("", title) if kind == "room" else (title, "")
            return ["", "", meeting, room, job, label, address]
        times = view.times_of(of_meeting, self.programme)
        room = self.programme.room_title(of_meeting.session)
        return [self._day(of_meeting), times, title, room, job, label, address]

    @staff_page(runs_the_house)
    async def make_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make one link for a role; answer with its sheet, the only time that it is shown."""
        given = await self.pages.form(request, asked)
        try:
            role = Role(given.get("role", Role.TECHNICIAN))
        except ValueError as error:
            raise AdminProblem(400, AdminText.CONFLICT) from error
        scope = given.get("scope", HALL)
        if role not in LINK_ROLES or (role is Role.READER and not scope.startswith("session:")):
            raise AdminProblem(400, AdminText.CONFLICT)
        terms = view.wanted_terms(given, role, scope, self.programme.zone(), self.programme.now())
        if isinstance(terms, str):
            raise AdminProblem(400, terms)
        if not self.pages.once(given):
            return see_other(asked.to("/admin/links"))
        wanted = WantedLink(role=role, scope=scope, label=given.get("label", ""), terms=terms)
        return self.sheets.show(asked, await self.sheets.make([wanted], asked.ui))

    @staff_page(runs_the_house)
    async def replace_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Replace the address of a link that was lost; answer with its sheet."""
        given = await self.pages.form(request, asked)
        staff = self._link(request)
        if not self.pages.once(given):
            return see_other(asked.to("/admin/links"))
        token = await self.links.replace(staff.link)
        return self.sheets.show(asked, [self.sheets.sheet(staff, token, asked.ui)])

    @staff_page(runs_the_house)
    async def revoke_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Ask for confirmation, or revoke the link when confirmed; answer with the result."""
        given = await self.pages.form(request, asked)
        staff = self._link(request)
        (row,) = view.link_rows([staff], self.links, self.programme, asked.ui)
        gone = given.get("sure") == "yes"
        if gone:
            await self.links.revoke(staff.link)
        of_meeting = staff.scope.startswith("session:")
        return self.pages.show(
            "admin/admin_revoke.html",
            asked,
            link=row,
            hours=self._hours,
            gone=gone,
            back=_list_of(staff),
            back_name=asked.ui.text("All about this meeting" if of_meeting else "Links"),
        )

    @staff_page(runs_the_house)
    async def free_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Release a link for one browser, so that the next browser that opens it gets it."""
        await self.pages.form(request, asked)
        staff = self._link(request)
        await self.links.free(staff.link)
        return see_other(asked.to(_list_of(staff)))

    @staff_page(runs_the_house)
    async def sign_out(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """End a person's sign-in in all their browsers."""
        await self.pages.form(request, asked)
        if not await self.links.sign_out(request.match_info["pseudonym"]):
            raise AdminProblem(404, AdminText.GONE)
        return see_other(asked.to("/admin/links"))

    @property
    def _hours(self) -> int:
        return self.links.after_close_ms // HOUR_MS

    def _link(self, request: web.Request) -> Staff:
        staff = self.links.get(request.match_info["link"])
        if staff is None:
            raise AdminProblem(404, AdminText.GONE)
        return staff

    async def _known(self) -> dict[SessionId, Entry]:
        return {entry.session: entry for entry in await self.entries() if entry.status is not Status.ABSENT}

    def _offered(self, known: Mapping[SessionId, Entry]) -> list[Planned]:
        """The meetings that are running or still to be held."""
        return [
            each
            for each in all_meetings(known, self.programme)
            if not each.cancelled and (each.session not in known or known[each.session].status is not Status.CLOSED)
        ]

    def _day(self, planned: Planned) -> str:
        """The day of a meeting (ISO 8601) in the programme's time zone; empty where no time is planned."""
        return "" if planned.starts is None else self.programme.zone().at(planned.starts).date().isoformat()

    def _days(self, meetings: Sequence[Planned]) -> dict[str, int]:
        """The number of meetings on each day."""
        days = sorted(filter(None, map(self._day, meetings)))
        return {day: days.count(day) for day in days}

    def _nearest(self, days: Mapping[str, int]) -> str:
        """Today or else the next day with meetings; `ALL_DAYS` where there is none."""
        today = self.programme.zone().at(self.programme.now()).date().isoformat()
        return next((day for day in days if day >= today), ALL_DAYS)


def _list_of(staff: Staff) -> str:
    """The path of the page that lists a link."""
    kind, _, name = staff.scope.partition(":")
    return f"/admin/meetings/{name}" if kind == "session" else "/admin/links"


def _access(planned: Planned, known: Mapping[SessionId, Entry]) -> Access | None:
    entry = known.get(planned.session)
    return None if entry is None else entry.access


def _in_order(sheets: Sequence[Sheet], meetings: Sequence[Planned]) -> list[Sheet]:
    """Sort sheets by meeting or room, in the order of `meetings`, then by role."""
    scopes: dict[str, int] = {}
    for each in meetings:
        if each.room is not None:
            scopes.setdefault(room_scope(each.room), len(scopes))
        scopes[session_scope(each.session)] = len(scopes)
    jobs = {role: n for n, role in enumerate(FOR_SESSIONS)}

    def sort_key(row: Sheet) -> tuple[int, int]:
        return scopes[str(row["scope"])], jobs[Role(str(row["role"]))]

    return sorted(sheets, key=sort_key)
