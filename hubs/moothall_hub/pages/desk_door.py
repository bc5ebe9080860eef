"""The coordinator's desk (`/desk`): the room's questions, its people, its wall, the line, and what is kept here.

One page of plain forms. What changes by itself is asked for again by a small script (`web/js/hub/desk.js`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.admin.request import Asked, StaffPages, Wrong
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.visitor_request import number_in, see_other
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import InterventionId, NoteId, SessionId
from moothall.core.kernel.languages import is_language
from moothall.core.kernel.times import Zone
from moothall.core.ports import Clock
from moothall.core.signals import Summary
from moothall.services.sessions.role_links import Staff
from moothall.wire.hub.messages import Offered
from moothall_hub.node.preflight import Facts, look
from moothall_hub.pages import desk_texts
from moothall_hub.pages import desk_view as view
from moothall_hub.pages.local_wall import LocalWall
from moothall_hub.room import local_floor
from moothall_hub.room.local_floor import Local, Mode
from moothall_hub.room.ports import Choice, HubFacts, Line, Meetings, Wanted
from moothall_hub.room.presence import LONGEST_NOTE, MOST_PEOPLE, RoomPresence
from moothall_hub.room.questions import RoomFloor
from moothall_hub.uplink.addresses import room_address

PICK, KEEP, LANGUAGE = "pick-", "keep-", "language-"
"""What the names of check boxes begin with."""
OF_NO_SESSION = ("follow", "fetch")
"""The acts that are about no session of the programme: what is kept, and a copy that may be of an older one."""
MOST_DONE = 50
"""Questions that were decided, and are shown; the newest."""

_Act = Callable[[SessionId, str, Mapping[str, str]], Awaitable[str]]


class DeskDoor:
    """Handlers of the coordinator's desk and of its forms."""

    def __init__(
        self,
        pages: StaffPages,
        floor: RoomFloor,
        presence: RoomPresence,
        *,
        meetings: Meetings,
        wanted: Wanted,
        line: Line,
        wall: LocalWall,
        facts: Callable[[], HubFacts],
        clock: Clock,
        zone: Callable[[], Zone],
        free_bytes: Callable[[], int],
        told: Callable[[], Sequence[str]],
        doing: Callable[[SessionId], Sequence[Summary]],
    ) -> None:
        """`zone`: the room's; `free_bytes`: of the disk where the copies are; `told`: where this one is reached.

        `doing`: how a session's texts are doing, where that isn't as usual.
        """
        self._pages = pages
        self._floor = floor
        self._presence = presence
        self._meetings = meetings
        self._wanted = wanted
        self._line = line
        self._wall = wall
        self._facts = facts
        self._clock = clock
        self._zone = zone
        self._free_bytes = free_bytes
        self._told = told
        self._doing = doing
        self._acts: dict[str, _Act] = {
            "forward": self._forward,
            "best": self._best,
            "join": self._join,
            "keep": self._keep,
            "wall": self._on_wall,
            "off-wall": self._off_wall,
            "clear-wall": self._clear_wall,
            "mode": self._mode,
            "more": self._more,
            "people": self._people,
            "note": self._note,
            "read": self._read,
            "follow": self._follow,
            "fetch": self._fetch,
        }

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/desk", self.show),
            web.post("/desk", self.act),
            web.get("/staff", self.onward),
            web.get("/hub/{name}", self.onward),
        ]

    async def onward(self, request: web.Request) -> web.Response:
        """The addresses that the centre has for coordinators lead to the desk."""
        query = request.query_string
        return see_other(f"/desk?{query}" if query else "/desk")

    async def show(self, request: web.Request) -> web.Response:
        """The desk."""
        try:
            asked = self._pages.asked(request, _is_coordinator)
            return await self._show(request, asked)
        except Wrong as error:
            return self._pages.refuse(request, error)
        except StorageUnavailable:
            return self._pages.refuse(request, Wrong(503, AdminText.BUSY))

    async def act(self, request: web.Request) -> web.Response:
        """Do what a button says, and show the desk again."""
        try:
            asked = self._pages.asked(request, _is_coordinator)
            given = await self._pages.form(request, asked)
            session = SessionId(given.get("session", ""))
            name, _, what = given.get("act", "").partition(":")
            act = self._acts.get(name)
            problem = ""
            known = name in OF_NO_SESSION or any(each.session == session for each in self._meetings.programme())
            if act is not None and not known:
                raise Wrong(404, AdminText.GONE)
            if act is not None and self._pages.once(given):
                problem = await act(session, what, given)
            if problem:
                return await self._show(request, asked, session=session, problem=problem, given=given)
        except Wrong as error:
            return self._pages.refuse(request, error)
        except StorageUnavailable:
            return self._pages.refuse(request, Wrong(503, AdminText.BUSY))
        kept = {"session": session, **({"ui": asked.ui.language} if asked.chosen else {})}
        return see_other(f"/desk?{urlencode({name: value for name, value in kept.items() if value})}{_anchor(name)}")

    # The acts: each gives the key of what is wrong, or nothing

    async def _forward(self, session: SessionId, what: str, given: Mapping[str, str]) -> str:
        await self._floor.forward(session, _picked(what, given))
        return ""

    async def _best(self, session: SessionId, _: str, __: Mapping[str, str]) -> str:
        await self._floor.forward(session, local_floor.best(self._floor.floor(session)))
        return ""

    async def _join(self, session: SessionId, what: str, given: Mapping[str, str]) -> str:
        await self._floor.join(session, _picked(what, given))
        return ""

    async def _keep(self, session: SessionId, what: str, given: Mapping[str, str]) -> str:
        await self._floor.keep_here(session, _picked(what, given))
        return ""

    async def _on_wall(self, session: SessionId, what: str, given: Mapping[str, str]) -> str:
        await self._floor.put_on_wall(session, _picked(what, given), on_wall=True)
        return ""

    async def _off_wall(self, session: SessionId, what: str, given: Mapping[str, str]) -> str:
        await self._floor.put_on_wall(session, _picked(what, given), on_wall=False)
        return ""

    async def _clear_wall(self, session: SessionId, _: str, __: Mapping[str, str]) -> str:
        await self._floor.clear_wall(session)
        return ""

    async def _mode(self, session: SessionId, what: str, _: Mapping[str, str]) -> str:
        await self._floor.set_mode(session, Mode.OPEN if what == Mode.OPEN else Mode.COORDINATOR)
        return ""

    async def _more(self, session: SessionId, what: str, _: Mapping[str, str]) -> str:
        await self._presence.add(session, -1 if what == "-1" else 1)
        return ""

    async def _people(self, session: SessionId, _: str, given: Mapping[str, str]) -> str:
        people = number_in(given.get("people", "").strip(), 6)
        if people is None or people > MOST_PEOPLE:
            return desk_texts.PEOPLE_WRONG
        await self._presence.count(session, people)
        return ""

    async def _note(self, session: SessionId, _: str, given: Mapping[str, str]) -> str:
        return "" if await self._presence.leave(session, given.get("note", "")) else desk_texts.NO_ROOM

    async def _read(self, session: SessionId, what: str, _: Mapping[str, str]) -> str:
        await self._presence.read(session, NoteId(what))
        return ""

    async def _follow(self, _: SessionId, __: str, given: Mapping[str, str]) -> str:
        offered = {each.session for each in self._meetings.programme()}
        sessions = tuple(SessionId(name) for name in _named(KEEP, given) if name in offered)
        choice = Choice(
            sessions=None if given.get("which") == "today" else sessions,
            languages=tuple(tag for tag in _named(LANGUAGE, given) if is_language(tag)),
            words="words" in given,
        )
        await self._wanted.set(choice)
        return ""

    async def _fetch(self, _: SessionId, what: str, __: Mapping[str, str]) -> str:
        await self._meetings.fetch_again(SessionId(what))
        return ""

    # The page

    def _clocks(self) -> view.Clocks:
        here = self._zone()
        return view.Clocks(here, self._facts().zone or here, self._clock.wall())

    async def _show(
        self,
        request: web.Request,
        asked: Asked,
        *,
        session: SessionId | None = None,
        problem: str = "",
        given: Mapping[str, str] | None = None,
    ) -> web.Response:
        ui, clocks, choice = asked.ui, self._clocks(), self._wanted.get()
        offered = self._meetings.programme()
        about = view.chosen_session(offered, session or request.query.get("session", ""), choice, clocks)
        health, facts = self._line.health(), self._facts()
        stuck = await self._meetings.stuck()
        rows = view.programme(offered, choice, clocks, ui)
        kept = sum(bool(row["kept"]) for row in rows)
        found = look(
            Facts(
                line=health,
                free_bytes=self._free_bytes(),
                offered=len(rows),
                kept=kept,
                stuck=len(stuck),
                wall_ago=self._wall.asked_ago,
            )
        )
        for row in rows:
            kept_ui = {"ui": ui.language} if asked.chosen else {}
            row["link"] = f"/desk?{urlencode({'session': str(row['id']), **kept_ui})}"
        titles = {each.session: each.title for each in offered}
        return self._pages.show(
            "hub_desk.html",
            asked,
            status=422 if problem else 200,
            title=facts.title,
            address=facts.address,
            room=room_address(self._told()),
            problem=ui.text(problem) if problem else "",
            given=given or {},
            line=view.line(health, clocks, ui),
            checks=view.checks(found, ui),
            about=None if about is None else await self._about(about, clocks, asked),
            programme=rows,
            which="today" if choice.sessions is None else "chosen",
            words=choice.words,
            languages=view.languages(offered, choice, ui),
            stuck=[view.stuck(each, titles, ui) for each in stuck],
            most_people=MOST_PEOPLE,
            longest_note=LONGEST_NOTE,
            best=local_floor.BEST,
        )

    async def _about(self, each: Offered, clocks: view.Clocks, asked: Asked) -> dict[str, object]:
        """The session that the desk is about."""
        ui, session = asked.ui, each.session
        floor, state = self._floor.floor(session), await self._meetings.state(session)
        people = self._presence.people(session)
        done = []
        decided = [one for one in floor.questions.values() if one.stands is not Local.HERE][-MOST_DONE:]
        for one in reversed(decided):
            says, reason = view.stands(await self._floor.seen(session, one, queue=False), ui)
            done.append(view.question(one, floor, ui, says, reason))
        checked = await self._meetings.checked(session)
        notes = await self._presence.notes(session)
        base = f"/s/{quote(session)}"
        return {
            "session": session,
            "title": each.title.strip() or ui.text("Meeting without a title"),
            "title_language": view.title_language(each),
            "when": "" if each.begins is None else clocks.both(each.begins, ui),
            "doing": desk_texts.doing(state, self._doing(session), ui),
            "there": state is not None,
            "whole": ui.text(desk_texts.CHECKED_COPY if checked else desk_texts.BEING_CHECKED),
            "here": [view.question(one, floor, ui) for one in local_floor.by_support(floor)],
            "done": done,
            "mode": floor.mode.value,
            "on_wall": len(local_floor.on_wall(floor)),
            "people": None if people is None else people.people,
            "counted": "" if people is None else ui.text(desk_texts.COUNTED_AT, time=clocks.time(people.at)),
            "notes": [view.note(one, clocks, ui) for one in reversed(notes)],
            "wall": f"{base}/screen",
            "ask": asked.to(f"{base}/ask"),
            "text": asked.to(base),
            "questions": asked.to(f"{base}/questions"),
        }


def _is_coordinator(staff: Staff) -> bool:
    return staff.role is Role.HUB


def _named(prefix: str, given: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(prefix) for name in given if name.startswith(prefix)]


def _picked(what: str, given: Mapping[str, str]) -> list[InterventionId]:
    """The question that a button is about, or else those that are picked."""
    return [InterventionId(name) for name in ([what] if what else _named(PICK, given))]


def _anchor(act: str) -> str:
    """Where on the page one goes on."""
    parts = {"more": "People", "people": "People", "note": "Notes", "read": "Notes", "follow": "Programme"}
    parts |= {"fetch": "Stuck", "mode": "Questions", "clear-wall": "Wall"}
    return f"#{parts.get(act, 'Questions')}"
