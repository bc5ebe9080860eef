"""`/admin/agenda`, where the secretariat writes the agenda's texts, and `/admin/access-needs`, where it reads access
needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from babel.dates import format_datetime

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.http.limits import MAX_BODY_BYTES
from moothall.adapters.pages.catalogues import own_name
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.programme.needs_door import about_in_words
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.access_needs import DAY_MS, KEEP_MS
from moothall.core.programme.agenda import LONGEST_PART, LONGEST_STATEMENT, AgendaNote, AgendaPart
from moothall.core.programme.plan import Planned
from moothall.services.programme.access_needs import AccessNeeds
from moothall.services.programme.programme import Programme

MOST_BYTES = len(AgendaPart) * LONGEST_PART * 12
"""The most bytes of the texts in the form: one character takes up to 12 bytes there."""
PART_LONG = "A part has at most {n} characters. Nothing was saved; what you wrote is still here."
STATEMENT_LONG = "What is said of access has at most {n} characters. Nothing was saved."


@dataclass(eq=False, repr=False, kw_only=True)
class AgendaDeskDoor:
    """Handlers of both, for the secretariat only."""

    pages: StaffPages
    programme: Programme
    needs: AccessNeeds

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/agenda", self.texts),
            web.post("/admin/agenda", self.write),
            web.get("/admin/meetings/{session}/agenda", self.note),
            web.post("/admin/meetings/{session}/agenda", self.annotate),
            web.get("/admin/access-needs", self.list_needs),
            web.post("/admin/access-needs/{need}", self.settle),
        ]

    @staff_page(runs_the_house)
    async def texts(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """The form with the agenda's texts in one language."""
        language = self._language(request.query.get("text", ""), asked)
        return self._texts(asked, language, saved="saved" in request.query)

    @staff_page(runs_the_house)
    async def write(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Store the texts of one language."""
        larger = request.clone(client_max_size=MOST_BYTES + MAX_BODY_BYTES)
        given = await self.pages.form(larger, asked)
        language = self._language(given.get("text", ""), asked)
        parts = {part: given.get(part.value, "") for part in AgendaPart}
        if not await self.programme.agenda.write(language, parts):
            problem = asked.ui.text(PART_LONG, n=LONGEST_PART)
            return self._texts(asked, language, given=given, problem=problem)
        return see_other(asked.to("/admin/agenda", text=language, saved="1"))

    def _language(self, wanted: str, asked: AdminRequest) -> str:
        return wanted if wanted in self.pages.pages.catalogues.languages else asked.ui.language

    def _texts(
        self,
        asked: AdminRequest,
        language: str,
        *,
        given: Mapping[str, str] | None = None,
        problem: str = "",
        saved: bool = False,
    ) -> web.Response:
        ui, kept = asked.ui, self.programme.agenda.texts
        there = kept.get(language, {})
        return self.pages.show(
            "agenda/admin_agenda.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            saved=saved,
            language=language,
            languages=[
                {
                    "tag": tag,
                    "name": own_name(tag),
                    "here": tag == language,
                    "written": tag in kept,
                    "address": asked.to("/admin/agenda", text=tag),
                }
                for tag in self.pages.pages.catalogues.languages
            ],
            parts=[
                {
                    "name": part.value,
                    "title": ui.named(f"agenda/part.{part}"),
                    "text": there.get(part, "") if given is None else given.get(part.value, ""),
                }
                for part in AgendaPart
            ],
            most=LONGEST_PART,
        )

    @staff_page(runs_the_house)
    async def note(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """The form for the access statement of one session."""
        planned = await self._planned(request)
        return self._note(asked, planned, self.programme.agenda.note(planned.session))

    @staff_page(runs_the_house)
    async def annotate(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Store the access statement of one session."""
        given = await self.pages.form(request, asked)
        planned = await self._planned(request)
        note = AgendaNote(statement=given.get("statement", ""))
        if not await self.programme.agenda.annotate(planned.session, note):
            problem = asked.ui.text(STATEMENT_LONG, n=LONGEST_STATEMENT)
            return self._note(asked, planned, note, problem=problem)
        return see_other(asked.to(f"/admin/meetings/{planned.session}"))

    def _note(self, asked: AdminRequest, planned: Planned, note: AgendaNote, *, problem: str = "") -> web.Response:
        return self.pages.show(
            "agenda/admin_agenda_note.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            session=planned.session,
            title=(title := planned.title.strip()) or asked.ui.text("Meeting without a title"),
            title_language=planned.languages[0] if title and planned.languages else "",
            note=note,
            most=LONGEST_STATEMENT,
        )

    async def _planned(self, request: web.Request) -> Planned:
        name = request.match_info["session"]
        planned = await self.programme.known(SessionId(name)) if is_name(name) else None
        if planned is None:
            raise AdminProblem(404, AdminText.GONE)
        return planned

    @staff_page(runs_the_house)
    async def list_needs(self, _request: web.Request, asked: AdminRequest) -> web.Response:
        """List the access needs, unsettled ones first."""
        zone = self.programme.zone()
        rows = []
        for need in self.needs.all():
            plan = None if need.session is None else self.programme.plan_of(need.session)
            at = format_datetime(zone.at(need.at), "medium", locale=asked.ui.locale)
            about = about_in_words(need, "" if plan is None else plan.title, asked.ui)
            rows.append({"need": need, "at": at, "about": about})
        return self.pages.show("agenda/admin_access_needs.html", asked, rows=rows, days=KEEP_MS // DAY_MS)

    @staff_page(runs_the_house)
    async def settle(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Mark an access need as dealt with or as open again, or delete it."""
        given = await self.pages.form(request, asked)
        need, act = request.match_info["need"], given.get("act", "")
        if act not in ("dealt-with", "open", "delete"):
            raise AdminProblem(400, AdminText.CONFLICT)
        if act == "delete":
            done = await self.needs.delete(need)
        else:
            done = await self.needs.deal_with(need, dealt_with=act == "dealt-with")
        if not done:
            raise AdminProblem(404, AdminText.GONE)
        return see_other(asked.to("/admin/access-needs"))
