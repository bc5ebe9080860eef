"""`/admin`: the meetings, places, links and the programme, for the secretariat. Plain HTML forms."""

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
from moothall.adapters.admin.plan_form import LONGEST_TITLE, choices
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.translation_texts import reach_part
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId, in_order
from moothall.core.session.state import State, Status
from moothall.services.programme.calling_off import UNDO_MS
from moothall.services.programme.programme import Programme
from moothall.services.questions.balance import Balance
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.link_terms import FOR_EVER, HOUR_MS, LinkTerms
from moothall.services.sessions.role_links import HALL, RoleLinks, Staff, session_scope
from moothall.services.sessions.role_links import ROLES as LINK_ROLES
from moothall.services.translation.text_translation import Reach

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(eq=False, repr=False, kw_only=True)
class AdminDoor:
    """Handlers of `/admin`, but for single meetings (`meeting_door.py`) and the import (`import_door.py`).

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
        gone = {each.session for each in self.programme.deleted()}
        others = [view.planned_of(entry) for name, entry in entries.items() if name not in planned and name not in gone]
        meetings = MeetingList(in_order([*planned.values(), *others]), entries, self.programme, ui)
        places = view.place_rows(self.programme, ui)
        links = [staff for staff in self.links.list() if not staff.scope.startswith("session:")]
        return self.pages.show(
            "admin.html",
            asked,
            status=status,
            problem=problem,
            given=given or {},
            **meetings.values(looked_for or Sought(), ui.language if asked.chosen else ""),
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
            choices=choices(self.programme, ui),
            local=view.local_address(self.public),
            deleted=[view.named_meeting(each, self.programme, ui) for each in self._just_deleted()],
            roles=view.role_choices(ui, readers=False),
            translation=reach_part(self.reach(), ui),
            suggestions=[ui.language_name(tag) for tag in self.pages.pages.catalogues.languages],
            in_language=lambda tag: f"/admin?ui={tag}",
        )

    def _just_deleted(self) -> list[Planned]:
        """What can be taken back."""
        since = self.programme.now() - UNDO_MS
        return [each for each in self.programme.deleted() if each.deleted is not None and each.deleted.at >= since]

    @staff_page(runs_the_house)
    async def make_meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """A meeting from a title and languages; answers with its links."""
        given = await self.pages.form(request, asked)
        title = " ".join(given.get("title", "").split())
        languages = await read_languages(given.get("languages", "")[:200])
        room = RoomId(given.get("place", ""))
        if not 0 < len(title) <= LONGEST_TITLE:
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
            local=view.local_address(self.public),
        )

    async def _state(self, session: SessionId) -> State | None:
        live = await self.programme.live(session)
        return None if live is None else live.state


def _choice(kind: type[Choice], given: str | None, otherwise: Choice) -> Choice:
    """What was chosen in a form; raises AdminProblem for what it doesn't offer."""
    try:
        return otherwise if given is None else kind(given)
    except ValueError as error:
        raise AdminProblem(400, AdminText.CONFLICT) from error
