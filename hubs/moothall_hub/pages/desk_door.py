"""The coordinator's desk (`/desk`): the meeting's text, the room's questions, its people, its wall, and the uplink.

It is one page of plain forms. Its text is updated as on a wall; a small script (`web/js/hub/desk.js`) requests the
other parts that change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.displays.display_door import newest_lines
from moothall.adapters.pages.request_context import HttpProblem, SnapshotOf
from moothall.adapters.pages.request_context import asked as asked_text
from moothall.adapters.pages.visitor_request import see_other
from moothall.adapters.reading.page_menu import text_in
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.ids import InterventionId, NoteId, SessionId
from moothall.core.kernel.languages import is_language
from moothall.core.kernel.times import Zone
from moothall.core.ports import Clock
from moothall.core.signals import Summary
from moothall.services.sessions.reports import ReportKind, Reports
from moothall.wire.hubs.messages import Offered
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.node.preflight import Facts, look
from moothall_hub.pages import desk_texts
from moothall_hub.pages import desk_view as view
from moothall_hub.pages.local_wall import LocalWall
from moothall_hub.pages.setup_door import coordinates
from moothall_hub.room import local_questions
from moothall_hub.room.local_questions import Local, Mode
from moothall_hub.room.ports import ChosenSessions, HubFacts, Meetings, Uplink
from moothall_hub.room.presence import LONGEST_NOTE, MOST_PEOPLE, RoomPresence
from moothall_hub.room.questions import RoomQuestions
from moothall_hub.uplink.addresses import room_address

PICK, KEEP, LANGUAGE = "pick-", "keep-", "language-"
"""Prefixes of the names of check boxes."""
OF_NO_SESSION = ("follow", "fetch")
"""The acts that are not about a session of the programme: the choice of sessions, and a copy that may be of an older
session."""
MOST_DONE = 50
"""The most decided questions that are shown, the newest."""


@dataclass(eq=False, repr=False)
class CoordinatorDeskDoor:
    """Handlers of the coordinator's desk and of its forms.

    `zone` is the room's time zone; `free_bytes` are those of the disk that holds the copies; `told` gives this hub's
    addresses, the best one first.

    `doing` gives the unusual states of a session's texts; `snapshot_of` the texts that are copied here; `reports` are
    the room's readers' reports that something is wrong with a text.
    """

    pages: StaffPages
    local: RoomQuestions
    presence: RoomPresence
    _: KW_ONLY
    meetings: Meetings
    wanted: ChosenSessions
    uplink: Uplink
    wall: LocalWall
    facts: Callable[[], HubFacts]
    clock: Clock
    zone: Callable[[], Zone]
    free_bytes: Callable[[], int]
    told: Callable[[], Sequence[str]]
    doing: Callable[[SessionId], Sequence[Summary]]
    snapshot_of: SnapshotOf
    reports: Reports

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/desk", self.show),
            web.post("/desk", self.act),
            web.get("/staff", self.onward),
            web.get("/hub/{name}", self.onward),
        ]

    async def onward(self, request: web.Request) -> web.Response:
        """Redirect the addresses that the centre has for coordinators to the desk."""
        # It is passed on undecoded, since decoded text may not be allowed in a header.
        query = request.rel_url.raw_query_string
        return see_other(f"/desk?{query}" if query else "/desk")

    @staff_page(coordinates)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the desk."""
        return await self._show(request, asked)

    @staff_page(coordinates)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Carry out the act of a button, and show the desk again."""
        given = await self.pages.form(request, asked)
        session = SessionId(given.get("session", ""))
        name, _, what = given.get("act", "").partition(":")
        known = name in OF_NO_SESSION or any(each.session == session for each in self.meetings.programme())
        if not known:
            raise AdminProblem(404, AdminText.GONE)
        problem = await self._do(name, what, session, given) if self.pages.once(given) else ""
        if problem:
            return await self._show(request, asked, session=session, problem=problem, given=given)
        kept = {"session": session, **asked.ui.kept}
        return see_other(f"/desk?{urlencode({name: value for name, value in kept.items() if value})}{_anchor(name)}")

    async def _do(self, act: str, what: str, session: SessionId, given: Mapping[str, str]) -> str:
        """Carry out the act of a button. Return the key of the text that says what is wrong; empty when nothing is."""
        match act:
            case "forward":
                await self.local.forward(session, _picked(what, given))
            case "best":
                await self.local.forward(session, local_questions.best(self.local.of(session)))
            case "join":
                await self.local.join(session, _picked(what, given))
            case "keep":
                await self.local.keep_here(session, _picked(what, given))
            case "wall" | "off-wall":
                await self.local.put_on_wall(session, _picked(what, given), on_wall=act == "wall")
            case "clear-wall":
                await self.local.clear_wall(session)
            case "mode":
                await self.local.set_mode(session, Mode.OPEN if what == Mode.OPEN else Mode.COORDINATOR)
            case "more":
                await self.presence.add(session, -1 if what == "-1" else 1)
            case "people":
                people = number_in(given.get("people", "").strip(), 6)
                if people is None or people > MOST_PEOPLE:
                    return desk_texts.PEOPLE_WRONG
                await self.presence.count(session, people)
            case "note":
                return "" if await self.presence.leave(session, given.get("note", "")) else desk_texts.NO_ROOM
            case "read":
                await self.presence.read(session, NoteId(what))
            case "follow":
                await self.wanted.set(self._choice(given))
            case "seen" | "mended" if what in set(ReportKind):
                (self.reports.seen if act == "seen" else self.reports.mended)(session, ReportKind(what))
            case "fetch":
                await self.meetings.fetch_again(SessionId(what))
            case _:
                pass
        return ""

    def _choice(self, given: Mapping[str, str]) -> SessionChoice:
        """Build the coordinator's choice from the form."""
        offered = {each.session for each in self.meetings.programme()}
        sessions = tuple(SessionId(name) for name in _named(KEEP, given) if name in offered)
        return SessionChoice(
            sessions=None if given.get("which") == "today" else sessions,
            languages=tuple(tag for tag in _named(LANGUAGE, given) if is_language(tag)),
            words="words" in given,
            chosen=True,
        )

    # The page

    def _clocks(self) -> view.Clocks:
        here = self.zone()
        return view.Clocks(here, self.facts().zone or here, self.clock.wall())

    async def _show(
        self,
        request: web.Request,
        asked: AdminRequest,
        *,
        session: SessionId | None = None,
        problem: str = "",
        given: Mapping[str, str] | None = None,
    ) -> web.Response:
        ui, clocks, choice = asked.ui, self._clocks(), self.wanted.get()
        offered = self.meetings.programme()
        about = view.chosen_session(offered, session or request.query.get("session", ""), choice, clocks)
        health, facts = self.uplink.health(), self.facts()
        stuck = await self.meetings.stuck()
        rows = view.programme(offered, choice, clocks, ui)
        kept = sum(bool(row["kept"]) for row in rows)
        found = look(
            Facts(
                uplink=health,
                free_bytes=self.free_bytes(),
                offered=len(rows),
                kept=kept,
                stuck=len(stuck),
                wall_ago=self.wall.asked_ago,
            )
        )
        for row in rows:
            row["link"] = f"/desk?{urlencode({'session': str(row['id']), **ui.kept})}"
        titles = {each.session: each.title for each in offered}
        shown = None if about is None else await self._about(about, clocks, asked)
        room, checks = room_address(self.told()), view.checks(found, ui)
        untranslated = view.untranslated(offered, choice)
        waiting = 0 if about is None else len(self.local.of(about.session).with_status(Local.HERE))
        wants = view.wants(
            ui,
            alone=room is None,
            checks=found,
            untranslated=untranslated,
            notes=0 if about is None else view.unread(await self.presence.notes(about.session)),
            questions=waiting,
        )
        return self.pages.show(
            "hub/hub_desk.html",
            asked,
            status=422 if problem else 200,
            title=facts.title,
            address=facts.address,
            room=room,
            wants=wants,
            untranslated=untranslated,
            reported=[] if about is None else view.reported(self.reports.tally(about.session), ui),
            text=None if about is None else await self._text(request, about.session, asked),
            problem=ui.text(problem) if problem else "",
            given=given or {},
            uplink=view.uplink(health, clocks, ui),
            checks=checks,
            about=shown,
            programme=rows,
            which="today" if choice.sessions is None else "chosen",
            words=choice.words,
            languages=view.languages(offered, choice, ui),
            stuck=[view.stuck(each, titles, ui) for each in stuck],
            most_people=MOST_PEOPLE,
            longest_note=LONGEST_NOTE,
            best=local_questions.BEST,
        )

    async def _text(self, request: web.Request, session: SessionId, asked: AdminRequest) -> Mapping[str, object] | None:
        """The newest lines, in the coordinator's own language if that text is copied here; None without any text."""
        try:
            wanted = await asked_text(request, self.snapshot_of, "", session)
            own = text_in(wanted.snapshot.session, asked.ui.language)
            if own is not None:
                wanted = await asked_text(request, self.snapshot_of, own, session)
        except HttpProblem:
            return None
        return newest_lines(wanted, asked.ui, self.clock.wall())

    async def _about(self, each: Offered, clocks: view.Clocks, asked: AdminRequest) -> dict[str, object]:
        """The values of the page for the session that the desk shows."""
        ui, session = asked.ui, each.session
        local, state = self.local.of(session), await self.meetings.state(session)
        people = self.presence.people(session)
        done = []
        decided = [one for one in local.by_id.values() if one.stands is not Local.HERE][-MOST_DONE:]
        for one in reversed(decided):
            says, reason = view.stands(await self.local.seen(session, one, queue=False), ui)
            done.append(view.question(one, local, ui, says, reason))
        checked = await self.meetings.checked(session)
        notes = await self.presence.notes(session)
        base = f"/s/{quote(session)}"
        return {
            "session": session,
            "title": each.title.strip() or ui.text("Meeting without a title"),
            "title_language": view.title_language(each),
            "when": "" if each.begins is None else clocks.both(each.begins, ui),
            "doing": desk_texts.doing(state, self.doing(session), ui),
            "there": state is not None,
            "whole": ui.text(desk_texts.CHECKED_COPY if checked else desk_texts.BEING_CHECKED),
            "here": [view.question(one, local, ui) for one in local_questions.by_support(local)],
            "done": done,
            "mode": local.mode.value,
            "on_wall": len(local_questions.on_wall(local)),
            "people": None if people is None else people.people,
            "counted": "" if people is None else ui.text(desk_texts.COUNTED_AT, time=clocks.time(people.at)),
            "notes": [view.note(one, clocks, ui) for one in reversed(notes)],
            "wall": f"{base}/screen",
            "ask": asked.to(f"{base}/ask"),
            "text": asked.to(base),
            "questions": asked.to(f"{base}/questions"),
        }


def _named(prefix: str, given: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(prefix) for name in given if name.startswith(prefix)]


def _picked(what: str, given: Mapping[str, str]) -> list[InterventionId]:
    """The question that belongs to a button, or else those whose check boxes are set."""
    return [InterventionId(name) for name in ([what] if what else _named(PICK, given))]


def _anchor(act: str) -> str:
    """The part of the page to which the browser jumps after an act."""
    parts = {"more": "People", "people": "People", "note": "Notes", "read": "Notes", "follow": "Programme"}
    parts |= {"fetch": "Stuck", "mode": "Questions", "clear-wall": "Wall", "seen": "Now", "mended": "Now"}
    return f"#{parts.get(act, 'Questions')}"
