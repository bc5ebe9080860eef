"""`/admin`: meetings, rooms, links and the programme, for the secretariat, as plain HTML forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin import view
from moothall.adapters.admin.language_names import NoLanguages, read_languages
from moothall.adapters.admin.link_sheets import LinkSheets
from moothall.adapters.admin.meeting_list import MeetingList, Sought, all_meetings, sought
from moothall.adapters.admin.my_sessions_door import go_on
from moothall.adapters.admin.plan_form import LONGEST_TITLE, choices
from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page, wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.meeting_texts import reach_part, recognition_lines
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.types import Access, SoundKept, VoiceUse
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.sessions.state import State, Status
from moothall.core.sessions.who_speaks import VoicesMeasured
from moothall.services.programme.calling_off import UNDO_MS
from moothall.services.programme.house_look import HouseLook
from moothall.services.programme.programme import Programme
from moothall.services.questions.balance import BalanceFigures
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.link_terms import WantedLink
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import session_scope
from moothall.services.translation.text_translation import Reach

Chosen = TypeVar("Chosen", bound=StrEnum)


class FirstSteps(msgspec.Struct, frozen=True, kw_only=True):
    """Which of the four first steps are done; `/admin` shows them to a new secretariat."""

    named: bool
    """The conference has a name, and its time zone is known."""
    placed: bool
    """There is a room, or a meeting that is no rehearsal."""
    tested: bool
    """There is a rehearsal."""
    linked: bool
    """Somebody other than the secretariat has a link to something other than a rehearsal."""


def first_steps(look: HouseLook, programme: Programme, links: RoleLinks, entries: Sequence[Entry]) -> FirstSteps | None:
    """The first steps; None once all are done, a meeting other than a rehearsal has begun, or somebody has hidden
    them.
    """
    if look.guide_hidden or any(not each.rehearsal and each.status is not Status.CREATED for each in entries):
        return None
    planned = programme.planned()
    rehearsals = {session_scope(each.session) for each in planned if each.rehearsal}
    steps = FirstSteps(
        named=bool(look.shown.name) and programme.zone_named,
        placed=bool(programme.rooms()) or any(not each.rehearsal for each in planned),
        tested=bool(rehearsals),
        linked=any(staff.role is not Role.SECRETARIAT and staff.scope not in rehearsals for staff in links.list()),
    )
    return None if all(msgspec.structs.astuple(steps)) else steps


@dataclass(eq=False, repr=False, kw_only=True)
class AdminDoor:
    """Handlers of `/admin`, except single meetings (`meeting_door.py`) and the import (`import_door.py`).

    `entries`: lists all sessions without loading them; `reach`: which languages can be translated now; `draining`:
    whether no session may begin, because the server is being replaced; `one_copy`: whether some acts are on this
    machine's disk only, because Redis is away; `unconfirmed`: the nodes that may still hold removed words; `needs`: the
    number of access needs that nobody has dealt with.
    """

    pages: StaffPages
    programme: Programme
    sheets: LinkSheets
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    reach: Callable[[], Reach]
    recognition: Callable[[], Mapping[str, Mapping[str, float]]]
    """Returns of 100 words how many come out wrong, by the models that are connected and by language."""
    voices: VoicesMeasured
    """The most that the house allows to be measured of voices."""
    balance: BalanceFigures
    first_steps: Callable[[Sequence[Entry]], FirstSteps | None] = lambda _: None
    draining: Callable[[], bool] = lambda: False
    one_copy: Callable[[], bool] = lambda: False
    unconfirmed: Callable[[], Iterable[str]] = tuple
    needs: Callable[[], int] = lambda: 0
    adds_languages: Callable[[], bool] = lambda: False
    """Returns whether languages to translate into can be added."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin", self.overview),
            web.post("/admin/meetings", self.make_meeting),
            web.post("/admin/first-steps/rehearsal", self.rehearse),
            web.get("/admin/balance.json", self.heard),
            web.post("/admin/rooms", self.add_place),
            web.post("/admin/rooms/{room}/next", self.next_meeting),
        ]

    @staff_page(runs_the_house)
    async def overview(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show meetings and rooms at a glance, with the forms."""
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
        meetings = MeetingList(all_meetings(entries, self.programme), entries, self.programme, ui)
        places = view.place_rows(self.programme, ui)
        return self.pages.show(
            "admin/admin.html",
            asked,
            status=status,
            problem=problem,
            given=given or {},
            **meetings.values(looked_for or Sought(), ui.chosen),
            guide=self.first_steps(tuple(entries.values())),
            places=places,
            times=view.clock_of(self.programme, ui),
            zone=self.programme.zone().name,
            draining=self.draining(),
            adds_languages=self.adds_languages(),
            one_copy=self.one_copy(),
            unconfirmed=sorted(self.unconfirmed()),
            needs=self.needs(),
            choices=choices(self.programme, ui, self.voices),
            local=self.sheets.local,
            deleted=[view.named_meeting(each, self.programme, ui) for each in self._just_deleted()],
            translation=reach_part(self.reach(), ui),
            recognition=recognition_lines(self.recognition(), ui),
            suggestions=[ui.language_name(tag) for tag in self.pages.pages.catalogues.languages],
            in_language=lambda tag: f"/admin?ui={tag}",
        )

    def _just_deleted(self) -> list[Planned]:
        """Deleted meetings that can still be restored."""
        since = self.programme.now() - UNDO_MS
        return [each for each in self.programme.deleted() if each.deleted is not None and each.deleted.at >= since]

    @staff_page(runs_the_house)
    async def make_meeting(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a meeting from a title and languages; answer with the sheets of its links."""
        return await self._make(asked, await self.pages.form(request, asked))

    @staff_page(runs_the_house)
    async def rehearse(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Make a rehearsal in the language of the page, from a single button; answer with the sheets of its links."""
        given = await self.pages.form(request, asked)
        wanted = {"title": asked.ui.text(AdminText.TEST_MEETING), "languages": asked.ui.language, "rehearsal": "1"}
        return await self._make(asked, given | wanted)

    async def _make(self, asked: AdminRequest, given: dict[str, str]) -> web.Response:
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
                voice_use=_choice(VoiceUse, given.get("voice_use"), VoiceUse.ALLOWED),
                by=asked.staff[0].link,
            )
        except StorageUnavailable:
            made = refuse(RefusalCode.UNAVAILABLE, "The server can't store anything at the moment; try again.")
        if isinstance(made, Refusal):
            no = wrong(made)
            return await self._overview(asked, status=no.status, problem=asked.ui.text(no.key), given=given)
        return await self._first_links(asked, made)

    async def _first_links(self, asked: AdminRequest, planned: Planned) -> web.Response:
        """The sheets of a new meeting: its text, and the technician's link."""
        state = await self._state(planned.session)
        scope = session_scope(planned.session)
        wanted = [WantedLink(role=Role.TECHNICIAN, scope=scope)]
        if state is not None and state.access is Access.LINK:
            wanted.insert(0, WantedLink(role=Role.READER, scope=scope))
        made = await self.sheets.make(wanted, asked.ui)
        if state is not None and state.access is Access.PUBLIC:
            made.insert(0, self.sheets.public_sheet(planned, asked.ui))
        return self.sheets.show(asked, made, planned=planned)

    @staff_page(runs_the_house)
    async def heard(self, _request: web.Request, _asked: AdminRequest) -> web.Response:
        """Who was heard in the meetings that are over, as JSON for yearly figures: `{"meetings": [{"session", "closed",
        "origins", "groups"}]}`, in the order in which they were closed.
        """
        found = sorted((await self.balance.sums()).items(), key=lambda each: (each[1].closed, each[0]))
        meetings = [{"session": session, **msgspec.to_builtins(sums)} for session, sums in found]
        headers = {hdrs.CACHE_CONTROL: "no-store"}
        body = msgspec.json.encode({"meetings": meetings})
        return web.Response(body=body, content_type="application/json", headers=headers)

    @staff_page(runs_the_house)
    async def add_place(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Add a room by its name."""
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

    async def _state(self, session: SessionId) -> State | None:
        live = await self.programme.live(session)
        return None if live is None else live.state


def _choice(kind: type[Chosen], given: str | None, otherwise: Chosen) -> Chosen:
    """The value chosen in a form, or `otherwise` where the field is missing. Raises AdminProblem for a value that isn't
    offered.
    """
    try:
        return otherwise if given is None else kind(given)
    except ValueError as error:
        raise AdminProblem(400, AdminText.CONFLICT) from error
