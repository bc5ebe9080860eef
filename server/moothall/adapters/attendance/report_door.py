"""`/attendance/{session}` and `/attendance`: who was there, of a meeting and of a year, and the staff's acts about it.

The report of a meeting is for the staff until the secretariat releases it. All numbers come from
`core/attendance/report.py`; the rule by which each was counted stands beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, newest, read_upload, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.attendance import files
from moothall.adapters.attendance.report_view import session_values, waiting_values, year_values
from moothall.adapters.attendance.texts import AttendanceText
from moothall.adapters.http.form_guard import FIELD
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, html, language, own_html, refusal
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core import commands as do
from moothall.core.attendance.badges import MOST_BYTES as MOST_BADGES
from moothall.core.attendance.badges import count_badges
from moothall.core.attendance.report import SessionAttendance, YearAttendance, year_of
from moothall.core.events.attendance import CountSource
from moothall.core.kernel.actors import Role
from moothall.core.kernel.command import Command
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import BadgesRefused, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import RollEntryId, SessionId, is_name
from moothall.core.rules.attendance import LONGEST_NAME, LONGEST_REPRESENTING
from moothall.core.rules.authority import COMMANDS, STAFF_ROLES
from moothall.core.sessions.roll import RollStatus
from moothall.core.sessions.state import State
from moothall.services.attendance.acts import AttendanceActs
from moothall.services.attendance.reports import AttendanceReports
from moothall.services.sessions.staff import MayAct, Staff, opens_admin

SEES = frozenset(role for role in STAFF_ROLES if do.CountPeople in COMMANDS[role]) | {Role.RAPPORTEUR}
"""Roles that see a report before its release."""
_DIGITS = 6


@dataclass(eq=False, repr=False, kw_only=True)
class AttendanceDoor:
    """Handlers of both pages. `readable`: whether the requester may read a session."""

    pages: StaffPages
    reports: AttendanceReports
    acts: AttendanceActs
    may_act: MayAct
    readable: Callable[[SessionId], Awaitable[bool]]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/attendance", self.year),
            web.get("/attendance.csv", self.year_csv),
            web.get("/attendance.json", self.year_json),
            web.get("/attendance/{session}", self.session),
            web.get("/attendance/{session}/report.csv", self.session_csv),
            web.get("/attendance/{session}/report.json", self.session_json),
            web.post("/attendance/{session}/count", self.count),
            web.post("/attendance/{session}/badges", self.badges),
            web.post("/attendance/{session}/roll", self.arrange),
            web.post("/attendance/{session}/release", self.release),
        ]

    # A year

    async def year(self, request: web.Request) -> web.Response:
        """The report of a year; the newest where the query names none."""
        ui = language(self.pages.pages, request)
        try:
            years = await self.reports.years()
            year = _chosen(request, years)
            links = self._links(request, opens_admin)
            waiting = await self.reports.waiting() if links else ()
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages.pages, ui)
        zone, query = self.pages.pages.zone(), urlencode({"year": year.year, **ui.kept})
        text = self.pages.pages.render(
            "attendance/attendance_year.html",
            ui=ui,
            query=ui.query,
            years=[(each.year, _year_path(each.year, ui)) for each in years],
            files=f"?{query}",
            waiting=waiting_values(waiting, ui, zone),
            in_language=lambda tag: f"/attendance?{urlencode({'year': year.year, 'ui': tag})}",
            **year_values(year, ui, zone),
        )
        return (own_html if links else html)(text, ui)

    async def year_csv(self, request: web.Request) -> web.Response:
        """The report of a year as a table."""
        return await self._year_file(request, lambda year: files.year_csv(year, self.pages.pages.zone()), "csv")

    async def year_json(self, request: web.Request) -> web.Response:
        """The report of a year as data."""
        return await self._year_file(request, files.as_json, "json")

    async def _year_file(
        self, request: web.Request, made: Callable[[YearAttendance], bytes], ending: str
    ) -> web.Response:
        try:
            year = _chosen(request, await self.reports.years())
        except StorageUnavailable:
            ui = language(self.pages.pages, request)
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages.pages, ui)
        return files.file(made(year), f"attendance-{year.year}.{ending}", own=False)

    # A session

    async def session(self, request: web.Request) -> web.Response:
        """The report of a session; for the staff with the forms for their acts."""
        return await self._session(request)

    async def session_csv(self, request: web.Request) -> web.Response:
        """The report of a session as a table."""
        zone = self.pages.pages.zone()
        return await self._session_file(request, lambda made: files.session_csv(made, zone), "csv")

    async def session_json(self, request: web.Request) -> web.Response:
        """The report of a session as data."""
        return await self._session_file(request, files.as_json, "json")

    async def _session_file(
        self, request: web.Request, written: Callable[[SessionAttendance], bytes], ending: str
    ) -> web.Response:
        ui = language(self.pages.pages, request)
        try:
            made = await self._made(request)
        except HttpProblem as problem:
            return refusal(problem, self.pages.pages, ui)
        name = f"attendance-{made.session}.{ending}"
        return files.file(written(made), name, own=not made.released)

    async def _session(self, request: web.Request, problem: str = "", given: str = "") -> web.Response:
        ui = language(self.pages.pages, request)
        try:
            made = await self._made(request)
            links = self._links(request, lambda staff: self._sees(staff, made.session))
            state = await self.acts.state(made.session) if links else None
        except HttpProblem as wrong_request:
            return refusal(wrong_request, self.pages.pages, ui)
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages.pages, ui)
        name, zone = quote(made.session), self.pages.pages.zone()
        path = f"/attendance/{name}"
        values = session_values(made, ui, zone) | {
            "session": made.session,
            "query": ui.query,
            "path": path,
            "back": f"/s/{name}{ui.query}",
            "year": "" if made.opened is None else _year_path(zone.at(made.opened).year, ui),
            "problem": ui.text(problem) if problem else "",
            "given": given,
            "in_language": lambda tag: f"{path}?{urlencode({'ui': tag})}",
        }
        if not links or state is None:
            text = self.pages.pages.render("attendance/attendance_report.html", ui=ui, staff=None, **values)
            return html(text, ui) if made.released else own_html(text, ui)
        asked = self.pages.asked(request, lambda staff: self._sees(staff, made.session))
        staff = _staff_values(state, asked, ui)
        return self.pages.show(
            "attendance/attendance_report.html", asked, status=400 if problem else 200, staff=staff, **values
        )

    async def _made(self, request: web.Request) -> SessionAttendance:
        """The report of the session that a request names, as the requester may see it. Raises HttpProblem."""
        session = SessionId(request.match_info["session"])
        try:
            sees = is_name(session) and bool(self._links(request, lambda staff: self._sees(staff, session)))
            may = sees or (is_name(session) and await self.readable(session))
            made = await self.reports.of(session) if may else None
        except StorageUnavailable as error:
            raise HttpProblem(503, ErrorText.UNAVAILABLE) from error
        if made is None:
            raise HttpProblem(404, ErrorText.NO_SESSION)
        if not sees and not (made.released and made.closed is not None):
            raise HttpProblem(404, AttendanceText.NOT_RELEASED)
        return made

    # Acts

    async def count(self, request: web.Request) -> web.Response:
        """Take a count of the people on site that somebody typed: `people`, and `corrects`."""
        return await self._act(request, do.CountPeople, self._count)

    async def _count(self, request: web.Request, session: SessionId, asked: AdminRequest) -> Refusal | str | None:
        fields = await self.pages.form(request, asked)
        people = number_in(fields.get("people", "").strip(), _DIGITS)
        if people is None:
            return AttendanceText.COUNT
        command = do.CountPeople(people=people, source=CountSource.TYPED, corrects="corrects" in fields)
        answer = await self.acts.by_staff(session, asked.staff[0], command)
        invalid = answer is not None and answer.code is RefusalCode.INVALID
        return AttendanceText.COUNT if invalid else answer

    async def badges(self, request: web.Request) -> web.Response:
        """Count a file of badges. Nothing of it is kept but the number."""
        return await self._act(request, do.CountPeople, self._badges)

    async def _badges(self, request: web.Request, session: SessionId, asked: AdminRequest) -> Refusal | str | None:
        sent, data = await read_upload(request, MOST_BADGES)
        fields = newest({name: [value] for name, value in sent.items()})
        self.pages.check(asked, fields.get(FIELD, ""))
        try:
            people = count_badges(data)
        except BadgesRefused as error:
            raise AdminProblem(400, AdminText.FILE, str(error)) from error
        command = do.CountPeople(people=people, source=CountSource.BADGES, corrects="corrects" in fields)
        return await self.acts.by_staff(session, asked.staff[0], command)

    async def arrange(self, request: web.Request) -> web.Response:
        """The attendance list: `act` opens or closes it, makes it `final`, or corrects or strikes an `entry`."""
        return await self._act(request, do.ArrangeRoll, self._arrange)

    async def _arrange(self, request: web.Request, session: SessionId, asked: AdminRequest) -> Refusal | str | None:
        fields = await self.pages.form(request, asked)
        entry = RollEntryId(fields.get("entry", ""))
        commands: dict[str, do.AttendanceCommand] = {
            "open": do.ArrangeRoll(open=True),
            "close": do.ArrangeRoll(open=False),
            "final": do.FinaliseRoll(),
        }
        if (act := fields.get("act", "")) in commands:
            return await self.acts.by_staff(session, asked.staff[0], commands[act])
        if act == "strike":
            return await self.acts.strike(session, asked.staff[0], entry)
        if act != "correct":
            raise AdminProblem(400, AdminText.FORM)
        state = await self.acts.state(session)
        known = None if state is None else state.attendance.entries.get(entry)
        command = do.SignRoll(
            entry=entry,
            name=fields.get("name", ""),
            representing=fields.get("representing", ""),
            group="" if known is None else known.group,
            region="" if known is None else known.region,
        )
        return await self.acts.by_staff(session, asked.staff[0], command)

    async def release(self, request: web.Request) -> web.Response:
        """Release the report: `act=release`, or take that back: `act=withhold`."""
        return await self._act(request, do.ReleaseAttendance, self._release)

    async def _release(self, request: web.Request, session: SessionId, asked: AdminRequest) -> Refusal | str | None:
        fields = await self.pages.form(request, asked)
        if fields.get("act") not in ("release", "withhold"):
            raise AdminProblem(400, AdminText.FORM)
        command = do.ReleaseAttendance(released=fields["act"] == "release")
        return await self.acts.by_staff(session, asked.staff[0], command)

    async def _act(
        self,
        request: web.Request,
        command: type[Command],
        carry_out: Callable[[web.Request, SessionId, AdminRequest], Awaitable[Refusal | str | None]],
    ) -> web.Response:
        """Carry out an act of those who may send a command, and show the report again; with a sentence where something
        that was typed does not fit.
        """
        session = SessionId(request.match_info["session"])

        def may(staff: Staff) -> bool:
            return command in COMMANDS[staff.role] and is_name(session) and self.may_act(staff, session)

        try:
            asked = self.pages.asked(request, may)
            answer = await carry_out(request, session, asked)
            if isinstance(answer, Refusal):
                raise wrong(answer)
        except AdminProblem as error:
            return self.pages.refuse(request, error)
        except StorageUnavailable:
            return self.pages.refuse(request, AdminProblem(503, AdminText.BUSY))
        if isinstance(answer, str):
            return await self._session(request, answer)
        return see_other(asked.to(f"/attendance/{quote(session)}"))

    def _sees(self, staff: Staff, session: SessionId) -> bool:
        return staff.role in SEES and self.may_act(staff, session)

    def _links(self, request: web.Request, allowed: Callable[[Staff], bool]) -> tuple[Staff, ...]:
        """The requester's links that are allowed; none for a stranger."""
        try:
            return self.pages.asked(request, allowed).staff
        except AdminProblem:
            return ()


def _year_path(year: int, ui: Catalogue) -> str:
    return f"/attendance?{urlencode({'year': year, **ui.kept})}"


def _chosen(request: web.Request, years: tuple[YearAttendance, ...]) -> YearAttendance:
    """The year that a request names, or the newest; an empty one where there is none."""
    wanted = number_in(request.query.get("year", ""), 4)
    if wanted is None:
        return years[0] if years else year_of(0, ())
    return next((each for each in years if each.year == wanted), year_of(wanted, ()))


def _staff_values(state: State, asked: AdminRequest, ui: Catalogue) -> dict[str, object]:
    """What those who work in the meeting may do, and the entries of a list that is not final."""
    roles = {staff.role for staff in asked.staff}

    def allowed(command: type[Command]) -> bool:
        return any(command in COMMANDS[role] for role in roles)

    attendance = state.attendance
    arranges = allowed(do.ArrangeRoll)
    return {
        "counts": allowed(do.CountPeople),
        "counted": bool(attendance.counts),
        "arranges": arranges and not state.young_people and attendance.roll is not RollStatus.FINAL,
        "corrects": allowed(do.SignRoll),
        "finalises": allowed(do.FinaliseRoll) and bool(attendance.entries),
        "releases": allowed(do.ReleaseAttendance),
        "open": attendance.roll is RollStatus.OPEN,
        "listed": attendance.roll is not RollStatus.NONE,
        "sign_in": f"/s/{quote(state.id)}/sign-in-sheet{ui.query}",
        "entries": sorted(attendance.entries.items(), key=lambda each: each[1].name.casefold()) if arranges else [],
        "most_name": LONGEST_NAME,
        "most_representing": LONGEST_REPRESENTING,
    }
