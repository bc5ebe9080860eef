"""`/admin/meetings/…`: one meeting, for the secretariat: its plan, its state, its links."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin import view
from moothall.adapters.admin.language_names import NoLanguages, read_languages
from moothall.adapters.admin.plan_form import (
    LONGEST_TITLE,
    base_of,
    choices,
    form_time,
    losses,
    plan_fields,
    saved_by_others,
    time_of,
    wanted_plan,
)
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import recognition_lines
from moothall.adapters.pages.visitor_request import see_other
from moothall.core import commands as do
from moothall.core.events.types import Access, SealVersion
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.plan import Planned
from moothall.core.rules.making import MAX_REASON
from moothall.core.rules.notes_and_tags import MAX_QUESTION, MOST_QUESTIONS, listed
from moothall.core.sessions.roughness import unquotable_languages
from moothall.core.sessions.state import ON, State, Status
from moothall.core.sessions.who_speaks import VoicesMeasured
from moothall.services.programme import calling_off
from moothall.services.programme.meeting_plan import (
    Differing,
    change_meeting,
    clashing,
    duplicate,
    more_time,
    other_session_in_room,
    plan_of,
)
from moothall.services.programme.programme import Programme
from moothall.services.sessions.link_terms import HOUR_MS
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import room_scope, session_scope

ACTS: Mapping[str, do.AnyCommand] = {
    "open": do.OpenSession(),
    "close": do.CloseSession(),
    "reopen": do.ReopenSession(),
    "seal-checked": do.SealRecord(version=SealVersion.CHECKED),
    "seal-final": do.SealRecord(version=SealVersion.FINAL),
}
"""The command that each button of a meeting sends."""
_OF_OTHERS_TOO = frozenset({"close", "seal-checked", "seal-final"})
"""Acts that don't matter to another session in the same room."""
NO_LOSSES: Mapping[str, str] = {}
MAX_TEXT = MOST_QUESTIONS * (MAX_QUESTION + 10)
"""Characters of the field of policy questions that are read."""


@dataclass(eq=False, repr=False, kw_only=True)
class MeetingDoor:
    """Handlers of `/admin/meetings/{session}` and below."""

    pages: StaffPages
    programme: Programme
    links: RoleLinks
    recognition: Callable[[], Mapping[str, Mapping[str, float]]]
    """Returns of 100 words how many come out wrong, by the models that are connected and by language."""
    voices: VoicesMeasured
    """The most that the house allows to be measured of voices."""
    streams: Callable[[SessionId, Catalogue], Sequence[Sequence[str]]] = lambda _session, _ui: ()
    """Returns the state of each stream from which a meeting's sound is fetched, in sentences."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/meetings/{session}", self.meeting),
            web.post("/admin/meetings/{session}", self.act),
            web.post("/admin/meetings/{session}/plan", self.change_plan),
            web.post("/admin/meetings/{session}/longer", self.longer),
            web.post("/admin/meetings/{session}/standing", self.set_visibility),
            web.get("/admin/meetings/{session}/duplicate", self.ask_duplicate),
            web.post("/admin/meetings/{session}/duplicate", self.duplicate),
            web.get("/admin/meetings/{session}/delete", self.ask_delete),
            web.post("/admin/meetings/{session}/delete", self.delete),
            web.post("/admin/meetings/{session}/restore", self.restore),
            web.post("/admin/meetings/{session}/questions", self.list_questions),
        ]

    @staff_page(runs_the_house)
    async def meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show one meeting: its state, its pages, its links."""
        return await self._meeting(request, asked)

    async def _meeting(
        self,
        request: web.Request,
        asked: AdminRequest,
        *,
        problem: str = "",
        given: Mapping[str, str] | None = None,
        differing: Differing | None = None,
        asks: Mapping[str, str] = NO_LOSSES,
        refused_questions: str = "",
    ) -> web.Response:
        planned, state = await self._planned(request)
        ui, zone = asked.ui, self.programme.zone()
        room = None if planned.room is None else room_scope(planned.room)
        links = [staff for staff in self.links.list() if staff.scope in (session_scope(planned.session), room)]
        fields = plan_fields(plan_of(planned, state), zone, ui)
        kept = {} if differing is None else {"base": plan_fields(differing.now, zone, ui)["base"]}
        return self.pages.show(
            "admin/admin_meeting.html",
            asked,
            frame=view.settings_frame(asked, state, self.programme),
            status=409 if differing else 400 if problem else 200,
            problem=problem,
            asks=[ui.text(each) for each in asks.values()],
            sure=" ".join(asks),
            plan=fields | dict(given or {}) | kept,
            meanwhile=saved_by_others(differing, self.programme, ui, self.voices),
            choices=choices(self.programme, ui, self.voices, state.voice_use),
            recognition=recognition_lines(self.recognition(), ui),
            kept=fields["sound"],
            measured=fields["voice_use"],
            begun=state.status is not Status.CREATED,
            over=state.status is Status.CLOSED,
            unchecked=bool(unquotable_languages(line for _, line in state.segments.items() if not line.gone)),
            cancelled=state.cancelled,
            reason=MAX_REASON,
            listed=state.listed,
            imported=bool(planned.source),
            meeting=view.meeting_row(planned, state, self.programme, ui),
            grounds=[state.ground] if state.ground else [],
            originals=view.original_rows(state, ui),
            clashes=[view.named_meeting(each, self.programme, ui) for each in clashing(self.programme, state.id)],
            times=view.clock_of(self.programme, ui),
            streams=self.streams(planned.session, ui),
            questions=[each.text for each in state.notes_and_tags.questions],
            refused_questions=refused_questions,
            pages=view.jobs(planned.session, Role.SECRETARIAT, ui),
            links=view.link_rows(links, self.links, self.programme, ui),
            hours=self.links.after_close_ms // HOUR_MS,
            roles=view.role_choices(ui, readers=state.access is Access.LINK),
            act=_next_act(state.status),
            other_session=None if state.status in ON else other_session_in_room(self.programme, planned.session),
            without_text=self.programme.closing.without_text(planned.session),
            scope=session_scope(planned.session),
            opened=state.status in ON,
        )

    @staff_page(runs_the_house)
    async def change_plan(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Change the title and languages; until the meeting is over also its room, readers, sound and planned end, and
        until it begins its start.

        What sends readers away or deletes sound is done only when the form confirms it (`sure`). Where two people
        changed the same field, the later one is shown both versions. `then=day` redirects to the table of the day on
        which the meeting now begins.
        """
        given = await self.pages.form(request, asked)
        planned, state = await self._planned(request)
        base = base_of(given, plan_of(planned, state))
        text = given.get("languages", "")[:200]
        before = plan_fields(base, self.programme.zone(), asked.ui)["languages"]
        languages = base.languages if text == before else await read_languages(text)
        if isinstance(languages, NoLanguages):
            return await self._meeting(request, asked, problem=languages.said(asked.ui), given=given)
        wanted = wanted_plan(given, base, languages, self.programme.zone())
        if isinstance(wanted, str):
            return await self._meeting(request, asked, problem=asked.ui.text(wanted), given=given)
        asks = losses(base, wanted) if state.status in ON else {}
        if not asks.keys() <= set(given.get("sure", "").split()):
            return await self._meeting(request, asked, given=given, asks=asks)
        done = await change_meeting(self.programme, planned.session, base, wanted, by=asked.staff[0].link)
        if isinstance(done, Differing):
            problem = asked.ui.text(AdminText.MEANWHILE)
            return await self._meeting(request, asked, problem=problem, given=given, differing=done)
        if done is not None and done.first_know is not None:
            problem = asked.ui.text(AdminText.PLACE_TAKEN, title=f"\u2068{done.first_know.title}\u2069")
            return await self._meeting(request, asked, problem=problem, given=given)
        if done is not None and done.code is RefusalCode.INVALID:
            return await self._meeting(request, asked, problem=asked.ui.text(AdminText.TIMES), given=given)
        # The meeting was dragged to a cell of the table.
        if done is None and given.get("then") == "day" and wanted.starts is not None:
            day = self.programme.zone().at(wanted.starts).date().isoformat()
            return see_other(f"{asked.to('/admin', day=day)}#Meetings")
        return self._back(asked, planned, done)

    @staff_page(runs_the_house)
    async def longer(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Extend a running meeting by ten minutes. Each press of the button adds ten more."""
        given = await self.pages.form(request, asked)
        planned, _ = await self._planned(request)
        refused = await more_time(self.programme, planned.session) if self.pages.once(given) else None
        return self._back(asked, planned, refused)

    @staff_page(runs_the_house)
    async def set_visibility(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Cancel a meeting that has not begun (`act=cancel`, optionally with `reason`) or reinstate it (`reinstate`);
        remove it from public lists (`hide`), or put it back there (`list`).
        """
        given = await self.pages.form(request, asked)
        planned, _ = await self._planned(request)
        name, by, act = planned.session, asked.staff[0].link, given.get("act", "")
        refused: Refusal | None
        if act == "cancel":
            refused = await calling_off.cancel(self.programme, name, given.get("reason", "")[:MAX_REASON], by=by)
        elif act == "reinstate":
            refused = await calling_off.reinstate(self.programme, name, by=by)
        elif act in ("hide", "list"):
            refused = await calling_off.list_or_hide(self.programme, name, listed=act == "list", by=by)
        else:
            raise AdminProblem(400, AdminText.CONFLICT)
        return self._back(asked, planned, refused)

    @staff_page(runs_the_house)
    async def ask_duplicate(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the form for another meeting with the same settings."""
        planned, state = await self._planned(request)
        return self._duplicate(asked, planned, state, {})

    def _duplicate(
        self, asked: AdminRequest, planned: Planned, state: State, given: Mapping[str, str], problem: str = ""
    ) -> web.Response:
        fields = {"title": state.title, "starts": form_time(planned.starts, self.programme.zone())}
        return self.pages.show(
            "admin/admin_duplicate.html",
            asked,
            status=400 if problem else 200,
            problem=problem,
            meeting=view.meeting_row(planned, state, self.programme, asked.ui),
            plan=fields | dict(given),
            times=view.clock_of(self.programme, asked.ui),
        )

    @staff_page(runs_the_house)
    async def duplicate(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Plan another meeting with the same settings."""
        given = await self.pages.form(request, asked)
        planned, state = await self._planned(request)
        title = " ".join(given.get("title", "").split())
        if not 0 < len(title) <= LONGEST_TITLE:
            return self._duplicate(asked, planned, state, given, asked.ui.text(AdminText.TITLE))
        starts = time_of(given, "starts", planned.starts, self.programme.zone())
        if isinstance(starts, str):
            return self._duplicate(asked, planned, state, given, asked.ui.text(starts))
        if not self.pages.once(given):
            return see_other(asked.to("/admin"))
        by = asked.staff[0].link
        made = await duplicate(self.programme, planned.session, title=title, starts=starts, by=by)
        return self._back(asked, planned, made) if isinstance(made, Refusal) else self._back(asked, made, None)

    @staff_page(runs_the_house)
    async def ask_delete(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Ask for confirmation before a meeting that never began is deleted."""
        planned, state = await self._planned(request)
        return self.pages.show(
            "admin/admin_delete.html",
            asked,
            meeting=view.meeting_row(planned, state, self.programme, asked.ui),
            begun=state.status is not Status.CREATED,
            times=view.clock_of(self.programme, asked.ui),
        )

    @staff_page(runs_the_house)
    async def delete(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Delete a meeting; for a minute `/admin` offers to restore it."""
        await self.pages.form(request, asked)
        planned, _ = await self._planned(request)
        refused = await calling_off.delete(self.programme, planned.session, by=asked.staff[0].link)
        if refused is not None:
            raise wrong(refused)
        return see_other(asked.to("/admin"))

    @staff_page(runs_the_house)
    async def restore(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Restore a deleted meeting."""
        await self.pages.form(request, asked)
        session = SessionId(request.match_info["session"])
        refused = await calling_off.restore(self.programme, session, by=asked.staff[0].link)
        if refused is not None:
            raise wrong(refused)
        return see_other(asked.to(f"/admin/meetings/{session}"))

    @staff_page(runs_the_house)
    async def list_questions(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Replace the policy questions of a meeting, one on each line. Questions that stay on the list keep their
        marks.
        """
        given = await self.pages.form(request, asked)
        planned, state = await self._planned(request)
        before = state.notes_and_tags.questions
        wanted = listed(given.get("questions", "")[:MAX_TEXT].splitlines(), before)
        command = do.ListPolicyQuestions(questions=wanted)
        refused = (
            None if wanted == before else await self.programme.send(planned.session, command, by=asked.staff[0].link)
        )
        if refused is not None and refused.code is RefusalCode.INVALID:
            problem = asked.ui.text(AdminText.POLICY)
            return await self._meeting(request, asked, problem=problem, refused_questions=given.get("questions", ""))
        return self._back(asked, planned, refused)

    @staff_page(runs_the_house)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Open, close or reopen a meeting, or seal its text."""
        given = await self.pages.form(request, asked)
        planned, _ = await self._planned(request)
        command = ACTS.get(given.get("act", ""))
        if command is None:
            raise AdminProblem(400, AdminText.CONFLICT)
        other = other_session_in_room(self.programme, planned.session)
        if other is not None and given.get("act") not in _OF_OTHERS_TOO and given.get("other_session") != other.session:
            # The page says that another session is on, with a button to continue.
            return await self._meeting(request, asked)
        closes = isinstance(command, do.CloseSession)
        if closes and self.programme.closing.without_text(planned.session) and not given.get("without_text"):
            return await self._meeting(request, asked)  # So it is with sound that would have no text.
        refused = await self.programme.send(planned.session, command, by=asked.staff[0].link)
        return self._back(asked, planned, refused)

    def _back(self, asked: AdminRequest, planned: Planned, refused: Refusal | None) -> web.Response:
        """Redirect to the meeting's page. Raises AdminProblem where the act was refused."""
        if refused is not None:
            raise wrong(refused)
        return see_other(asked.to(f"/admin/meetings/{planned.session}"))

    async def _planned(self, request: web.Request) -> tuple[Planned, State]:
        name = request.match_info["session"]
        planned = await self.programme.known(SessionId(name)) if is_name(name) else None
        live = None if planned is None or planned.deleted is not None else await self.programme.live(planned.session)
        if planned is None or live is None:
            raise AdminProblem(404, AdminText.GONE)
        return planned, live.state


def _next_act(status: Status) -> str:
    return {Status.CREATED: "open", Status.CLOSED: "reopen"}.get(status, "close")
