"""`/admin`: meetings, places, links and the programme, for the secretariat. Plain HTML forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin import view
from moothall.adapters.admin.language_names import NoLanguages, read_languages
from moothall.adapters.admin.meeting_list import MeetingList, Sought, sought
from moothall.adapters.admin.my_sessions_door import go_on
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.staff_frame import Tab, facts_of, meeting_frame, reaches
from moothall.adapters.pages.translation_texts import reach_part
from moothall.adapters.pages.visitor_request import see_other
from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.plan import Planned, RoomId, in_order
from moothall.core.rules.staff import MAX_QUESTION, MOST_QUESTIONS, listed
from moothall.core.session.state import ON, State, Status
from moothall.services.programme.meeting_plan import change_plan, on_beside
from moothall.services.programme.programme import Programme
from moothall.services.questions.balance import Balance
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.link_terms import FOR_EVER, HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import HALL, RoleLinks, Staff, room_scope, session_scope
from moothall.services.sessions.role_links import ROLES as LINK_ROLES
from moothall.services.translation.text_translation import Reach

ACTS: Mapping[str, do.AnyCommand] = {
    "open": do.OpenSession(),
    "close": do.CloseSession(),
    "reopen": do.ReopenSession(),
}
"""What a button of a meeting does."""
MAX_TEXT = MOST_QUESTIONS * (MAX_QUESTION + 10)
"""Characters of the field of policy questions that are looked at."""
SOUND = (SoundKept.UNTIL_CHECKED, SoundKept.NONE, SoundKept.PUBLISHED)
"""What may become of the sound, in the order in which it is offered."""

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(eq=False, repr=False, kw_only=True)
class AdminDoor:
    """Handlers of `/admin`, but for the import (`import_door.py`).

    `entries` tells of every session without loading it; `public` is the address that links and codes say, with
    no slash at its end; `reach` is what can be translated now; `key` is the id of the key that signs records;
    `draining` says whether no session may begin, since the server is being replaced; `one_copy` whether acts are on the
    disk of this machine alone, since Redis is away; `unconfirmed` names nodes that may still hold what was removed;
    `needs` counts what people need and nobody has dealt with.
    """

    pages: StaffPages
    programme: Programme
    links: RoleLinks
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    public: str
    qr_svg: view.QrSvg
    reach: Callable[[], Reach]
    balance: Balance
    key: str
    draining: Callable[[], bool] = lambda: False
    one_copy: Callable[[], bool] = lambda: False
    unconfirmed: Callable[[], Iterable[str]] = tuple
    needs: Callable[[], int] = lambda: 0

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/admin", self.overview),
            web.post("/admin/meetings", self.make_meeting),
            web.get("/admin/meetings/{session}", self.meeting),
            web.post("/admin/meetings/{session}", self.act),
            web.post("/admin/meetings/{session}/plan", self.change_plan),
            web.post("/admin/meetings/{session}/questions", self.list_questions),
            web.get("/admin/balance.json", self.heard),
            web.post("/admin/rooms", self.add_place),
            web.post("/admin/rooms/{room}/next", self.next_meeting),
            web.post("/admin/links", self.make_link),
            web.post("/admin/links/{link}/replace", self.replace_link),
            web.post("/admin/links/{link}/revoke", self.revoke_link),
            web.post("/admin/links/{link}/free", self.free_link),
            web.post("/admin/signed-in/{pseudonym}/end", self.sign_out),
        ]

    @staff_page(runs_the_house)
    async def overview(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Everything at a glance, with the forms."""
        return await self._overview(asked, looked_for=sought(request.query))

    async def _overview(
        self,
        asked: AdminRequest,
        *,
        status: int = 200,
        problem: str = "",
        given: Mapping[str, str] | None = None,
        looked_for: Sought | None = None,
    ) -> web.Response:
        ui = asked.ui
        entries = {entry.session: entry for entry in await self.entries() if entry.status is not Status.ABSENT}
        planned = {each.session: each for each in self.programme.planned()}
        others = [view.planned_of(entry) for session, entry in entries.items() if session not in planned]
        meetings = MeetingList(in_order([*planned.values(), *others]), entries, self.programme, ui)
        places = view.place_rows(self.programme, ui)
        links = [staff for staff in self.links.list() if not staff.scope.startswith("session:")]
        return self.pages.show(
            "admin.html",
            asked,
            status=status,
            problem=problem,
            given=given or {},
            **meetings.values(looked_for or Sought()),
            places=places,
            times=view.clock_of(self.programme, ui),
            zone=self.programme.zone().name,
            draining=self.draining(),
            one_copy=self.one_copy(),
            unconfirmed=sorted(self.unconfirmed()),
            needs=self.needs(),
            links=view.link_rows(links, self.links, self.programme, ui),
            hours=self.links.after_close_ms // HOUR_MS,
            signed=view.signed_rows(self.links, self.programme, ui),
            access=[{"value": each.value, "name": ui.named(f"admin/access.{each}")} for each in Access],
            sound=[{"value": each.value, "name": ui.named(f"admin/sound.{each}")} for each in SOUND],
            roles=self._roles(asked, readers=False),
            translation=reach_part(self.reach(), ui),
            suggestions=[ui.language_name(tag) for tag in self.pages.pages.catalogues.languages],
            in_language=lambda tag: f"/admin?ui={tag}",
        )

    @staff_page(runs_the_house)
    async def make_meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """A meeting from a title and languages; answers with its links."""
        given = await self.pages.form(request, asked)
        title = " ".join(given.get("title", "").split())
        languages = await read_languages(given.get("languages", "")[:200])
        room = RoomId(given.get("place", ""))
        if not 0 < len(title) <= view.LONGEST_TITLE:
            return await self._overview(asked, status=400, problem=asked.ui.text(AdminText.TITLE), given=given)
        if isinstance(languages, NoLanguages):
            return await self._overview(asked, status=400, problem=languages.said(asked.ui), given=given)
        if not self.pages.once(given):
            return see_other(asked.to("/admin"))
        rehearsal = "rehearsal" in given
        planned = Planned(
            session=await self.programme.free_name(f"{'rehearsal ' if rehearsal else ''}{title}"),
            room=room if self.programme.room(room) is not None else None,
            title=title,
            languages=languages,
            rehearsal=rehearsal,
        )
        try:
            made = await self.programme.make(
                planned,
                access=_choice(Access, given.get("access"), Access.PUBLIC),
                sound=_choice(SoundKept, given.get("sound"), SoundKept.UNTIL_CHECKED),
                young_people="young_people" in given,
                by=asked.staff[0].link,
            )
        except StorageUnavailable:
            made = refuse(RefusalCode.UNAVAILABLE, "The server can't store anything at the moment; try again.")
        if isinstance(made, Refusal):
            no = wrong(made)
            return await self._overview(asked, status=no.status, problem=asked.ui.text(no.key), given=given)
        return await self._first_links(asked, made)

    async def _first_links(self, asked: AdminRequest, planned: Planned) -> web.Response:
        """The sheets of a meeting that was just made: the text, and the technician's link."""
        state = await self._state(planned.session)
        sheets = []
        if state is not None and state.access is Access.PUBLIC:
            address = f"{self.public}/s/{planned.session}"
            sheets.append(view.public_sheet(planned, address, asked.ui, self.qr_svg))
        elif state is not None and state.access is Access.LINK:
            sheets.append(await self._new_sheet(asked, Role.READER, session_scope(planned.session), ""))
        sheets.append(await self._new_sheet(asked, Role.TECHNICIAN, session_scope(planned.session), ""))
        return self._sheets(asked, sheets, planned)

    @staff_page(runs_the_house)
    async def meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """One meeting: how it stands, its pages, its links."""
        return await self._meeting(request, asked)

    async def _meeting(
        self, request: web.Request, asked: AdminRequest, *, problem: str = "", given: Mapping[str, str] | None = None
    ) -> web.Response:
        planned, state = await self._planned(request)
        room = None if planned.room is None else room_scope(planned.room)
        links = [staff for staff in self.links.list() if staff.scope in (session_scope(planned.session), room)]
        return self.pages.show(
            "admin_meeting.html",
            asked,
            frame=meeting_frame(
                facts_of(state, self.programme.room_title(planned.session)),
                [staff for staff in asked.links if reaches(staff, planned.session, planned.room)],
                asked.ui,
                self.programme.zone(),
                here=Tab.SETTINGS,
                asked=asked.place,
            ),
            status=400 if problem else 200,
            problem=problem,
            plan=view.plan_fields(planned, state, self.programme.zone(), asked.ui) | dict(given or {}),
            begun=state.status is not Status.CREATED,
            imported=bool(planned.source),
            meeting=view.meeting_row(planned, state, self.programme, asked.ui),
            times=view.clock_of(self.programme, asked.ui),
            questions=[each.text for each in state.notes_and_tags.questions],
            pages=view.jobs(planned.session, Role.SECRETARIAT, asked.ui),
            links=view.link_rows(links, self.links, self.programme, asked.ui),
            hours=self.links.after_close_ms // HOUR_MS,
            roles=self._roles(asked, readers=state.access is Access.LINK),
            act=_next_act(state.status),
            beside=None if state.status in ON else on_beside(self.programme, planned.session),
            scope=session_scope(planned.session),
            opened=state.status in ON,
        )

    @staff_page(runs_the_house)
    async def change_plan(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Another title, other languages and, until the meeting begins, other times."""
        given = await self.pages.form(request, asked)
        planned, state = await self._planned(request)
        languages = await read_languages(given.get("languages", "")[:200])
        if isinstance(languages, NoLanguages):
            return await self._meeting(request, asked, problem=languages.said(asked.ui), given=given)
        wanted = view.wanted_plan(given, planned, state, languages, self.programme.zone())
        if isinstance(wanted, str):
            return await self._meeting(request, asked, problem=asked.ui.text(wanted), given=given)
        refused = await change_plan(self.programme, wanted, by=asked.staff[0].link)
        if refused is not None and refused.code is RefusalCode.INVALID:
            return await self._meeting(request, asked, problem=asked.ui.text(AdminText.TIMES), given=given)
        if refused is not None:
            raise wrong(refused)
        return see_other(asked.to(f"/admin/meetings/{planned.session}"))

    @staff_page(runs_the_house)
    async def list_questions(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Replace the policy questions of a meeting, one a line; questions that stay on the list keep their marks."""
        given = await self.pages.form(request, asked)
        planned, state = await self._planned(request)
        before = state.notes_and_tags.questions
        wanted = listed(given.get("questions", "")[:MAX_TEXT].splitlines(), before)
        command = do.ListPolicyQuestions(questions=wanted)
        refused = (
            None if wanted == before else await self.programme.send(planned.session, command, by=asked.staff[0].link)
        )
        if refused is not None and refused.code is RefusalCode.INVALID:
            raise AdminProblem(400, AdminText.POLICY)
        if refused is not None:
            raise wrong(refused)
        return see_other(asked.to(f"/admin/meetings/{planned.session}"))

    @staff_page(runs_the_house)
    async def heard(self, _request: web.Request, _asked: AdminRequest) -> web.Response:
        """Who was heard in the meetings that are over, for the figures of a year, as JSON for machines:
        `{"meetings": [{"session", "closed", "origins", "groups"}]}`, the first to be closed first.
        """
        found = sorted((await self.balance.sums()).items(), key=lambda each: (each[1].closed, each[0]))
        meetings = [{"session": session, **msgspec.to_builtins(sums)} for session, sums in found]
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        body = msgspec.json.encode({"meetings": meetings})
        return web.Response(body=body, content_type="application/json", headers=headers)

    @staff_page(runs_the_house)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Open, close or reopen a meeting."""
        given = await self.pages.form(request, asked)
        planned, _ = await self._planned(request)
        command = ACTS.get(given.get("act", ""))
        if command is None:
            raise AdminProblem(400, AdminText.CONFLICT)
        beside = on_beside(self.programme, planned.session)
        if beside is not None and given.get("act") != "close" and given.get("beside") != beside.session:
            return await self._meeting(request, asked)  # It says so, and has a button for it.
        refused = await self.programme.send(planned.session, command, by=asked.staff[0].link)
        if refused is not None:
            raise wrong(refused)
        return see_other(asked.to(f"/admin/meetings/{planned.session}"))

    @staff_page(runs_the_house)
    async def add_place(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """A place from its name."""
        given = await self.pages.form(request, asked)
        made = await self.programme.add_room(given.get("title", ""))
        if isinstance(made, Refusal):
            return await self._overview(asked, status=400, problem=asked.ui.text(AdminText.PLACE))
        return see_other(asked.to("/admin"))

    @staff_page(runs_the_house)
    async def next_meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Close the running session of a room, and start the next."""
        given = await self.pages.form(request, asked)
        await go_on(self.programme, RoomId(request.match_info["room"]), given, by=asked.staff[0].link)
        return see_other(asked.to("/admin"))

    @staff_page(runs_the_house)
    async def make_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """A link for a job; answers with its sheet, the only time that it is shown."""
        given = await self.pages.form(request, asked)
        role = _choice(Role, given.get("role"), Role.TECHNICIAN)
        scope = given.get("scope", HALL)
        if role not in LINK_ROLES or (role is Role.READER and not scope.startswith("session:")):
            raise AdminProblem(400, AdminText.CONFLICT)
        terms = view.wanted_terms(given, role, scope, self.programme.zone(), self.programme.now())
        if isinstance(terms, str):
            raise AdminProblem(400, terms)
        if not self.pages.once(given):
            return see_other(asked.to("/admin"))
        return self._sheets(asked, [await self._new_sheet(asked, role, scope, given.get("label", ""), terms)], None)

    @staff_page(runs_the_house)
    async def replace_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """A new address for a link that was lost; answers with its sheet."""
        given = await self.pages.form(request, asked)
        staff = self.links.get(request.match_info["link"])
        if staff is None:
            raise AdminProblem(404, AdminText.GONE)
        if not self.pages.once(given):
            return see_other(asked.to("/admin"))
        address = self._address(staff, await self.links.replace(staff.link))
        return self._sheets(asked, [view.sheet(staff, address, self.programme, asked.ui, self.qr_svg)], None)

    @staff_page(runs_the_house)
    async def revoke_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Ask whether a link is to end, and end it; answers with what became of it."""
        given = await self.pages.form(request, asked)
        staff = self.links.get(request.match_info["link"])
        if staff is None:
            raise AdminProblem(404, AdminText.GONE)
        (row,) = view.link_rows([staff], self.links, self.programme, asked.ui)
        gone = given.get("sure") == "yes"
        if gone:
            await self.links.revoke(staff.link)
        kind, _, name = staff.scope.partition(":")
        of_meeting = kind == "session"
        return self.pages.show(
            "admin_revoke.html",
            asked,
            link=row,
            hours=self.links.after_close_ms // HOUR_MS,
            gone=gone,
            back=f"/admin/meetings/{name}" if of_meeting else "/admin",
            back_name=asked.ui.text("All about this meeting" if of_meeting else "Running the meetings"),
        )

    @staff_page(runs_the_house)
    async def free_link(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Let another browser be the one of a link for one browser."""
        await self.pages.form(request, asked)
        staff = self.links.get(request.match_info["link"])
        if staff is None:
            raise AdminProblem(404, AdminText.GONE)
        await self.links.free(staff.link)
        kind, _, name = staff.scope.partition(":")
        return see_other(asked.to(f"/admin/meetings/{name}" if kind == "session" else "/admin"))

    @staff_page(runs_the_house)
    async def sign_out(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """End what somebody's sign-in gives, in all their browsers."""
        await self.pages.form(request, asked)
        if not await self.links.sign_out(request.match_info["pseudonym"]):
            raise AdminProblem(404, AdminText.GONE)
        return see_other(asked.to("/admin"))

    async def _new_sheet(
        self, asked: AdminRequest, role: Role, scope: str, label: str, terms: LinkTerms = FOR_EVER
    ) -> dict[str, object]:
        staff, token = await self.links.create(role, scope, label, terms)
        return view.sheet(staff, self._address(staff, token), self.programme, asked.ui, self.qr_svg)

    def _address(self, staff: Staff, token: str) -> str:
        session = staff.scope.removeprefix("session:")
        return f"{self.public}/s/{session}?key={token}" if staff.role is Role.READER else f"{self.public}/enter/{token}"

    def _sheets(self, asked: AdminRequest, sheets: list[dict[str, object]], planned: Planned | None) -> web.Response:
        pages = [] if planned is None else view.jobs(planned.session, Role.SECRETARIAT, asked.ui)
        return self.pages.show(
            "admin_sheets.html",
            asked,
            sheets=sheets,
            pages=pages,
            meeting=planned and planned.session,
            key=self.key,
        )

    def _roles(self, asked: AdminRequest, *, readers: bool) -> list[dict[str, str]]:
        offered = [role for role in Role if role in LINK_ROLES and (role is not Role.READER or readers)]
        return [{"value": role.value, "name": asked.ui.named(f"admin/role.{role}")} for role in offered]

    async def _state(self, session: SessionId) -> State | None:
        live = await self.programme.live(session)
        return None if live is None else live.state

    async def _planned(self, request: web.Request) -> tuple[Planned, State]:
        name = request.match_info["session"]
        planned = await self.programme.known(SessionId(name)) if is_name(name) else None
        state = None if planned is None else await self._state(planned.session)
        if planned is None or state is None:
            raise AdminProblem(404, AdminText.GONE)
        return planned, state


def _next_act(status: Status) -> str:
    return {Status.CREATED: "open", Status.CLOSED: "reopen"}.get(status, "close")


def _choice(kind: type[Choice], given: str | None, otherwise: Choice) -> Choice:
    """What was chosen in a form; raises AdminProblem for what it doesn't offer."""
    try:
        return otherwise if given is None else kind(given)
    except ValueError as error:
        raise AdminProblem(400, AdminText.CONFLICT) from error
