"""Whole pages with lists in each of their states, for the style guide: the agenda, what a search found; and the status
bar of a hub's pages.

The meetings and moments are invented; the doors and templates are those of the real pages.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from aiohttp import web

from moothall.adapters.http.forwarded import remote_address
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import HUB_LINE
from moothall.adapters.programme.agenda_door import AgendaDoor
from moothall.adapters.programme.rows import AgendaRows
from moothall.adapters.search.search_door import SearchDoor
from moothall.adapters.styles.style_samples import FLOOR, NAMES, NOW, PUBLIC, framed, in_theme, sample_sentence
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.programme.agenda import AgendaNote, AgendaPart
from moothall.core.programme.changes import AgendaChange, AgendaChangeKind
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.core.search.choosing import FindChoice
from moothall.core.search.lines import FoundBy
from moothall.core.search.query import Query
from moothall.core.sessions.state import Status
from moothall.services.programme.agenda import Agenda
from moothall.services.programme.programme import Programme
from moothall.services.search.searching import Moment, Results, Searching
from moothall.services.sessions.catalogue import Entry

AGENDAS = ("meetings", "none")
SEARCHES: Mapping[str, Mapping[str, str]] = {
    "": {},
    "found": {},
    "chosen": {"room": "a", "page": "2"},
    "nothing": {"from": "2026-11-24", "to": "2026-11-24"},
}
"""The states of the page of searching: the words that are sought, with what else is asked for; no words: the form
alone.
"""
HUB_LINES = (*HUB_LINE, "lost", "missed")
"""Kinds of the bar; `lost` is what its script makes of it, `missed` is a good one with what is offered to read."""
HOUR = 3_600_000
_ROOMS = {RoomId(name): Room(id=RoomId(name), title=NAMES[SpeakerId(name)]) for name in "ab"}


class _Agenda(Agenda):
    """An agenda with texts, a note on one of its meetings, and changes."""

    def __init__(self, ui: Catalogue) -> None:
        self._ui = ui

    @property
    def texts(self) -> Mapping[str, Mapping[AgendaPart, str]]:
        words = sample_sentence(self._ui)
        return {self._ui.language: {AgendaPart.THEME: f"{words}\n\n- {words}\n- {words}"}}

    def note(self, session: SessionId) -> AgendaNote:
        return AgendaNote(statement=sample_sentence(self._ui) if session == Status.OPEN.value else "")

    def changes(self) -> tuple[AgendaChange, ...]:
        times, rooms = (HOUR, 2 * HOUR), (RoomId("a"), RoomId("b"))
        told: tuple[dict[str, object], ...] = (
            {"kind": AgendaChangeKind.NEW},
            {"kind": AgendaChangeKind.TITLE, "title": sample_sentence(self._ui)[:20]},
            {"kind": AgendaChangeKind.TIME, "starts": times, "ends": times},
            {"kind": AgendaChangeKind.ROOM, "rooms": rooms},
            {"kind": AgendaChangeKind.CANCELLED},
            {"kind": AgendaChangeKind.RESTORED},
        )
        return tuple(AgendaChange(at=NOW, session=SessionId(Status.OPEN), **each) for each in told)  # type: ignore[arg-type]  # fields of an AgendaChange by name


class _Programme(Programme):
    """A programme with two rooms, in which each meeting has an hour of its own."""

    def __init__(self, ui: Catalogue) -> None:
        self.agenda = _Agenda(ui)

    def zone(self) -> Zone:
        return UTC_ZONE

    def now(self) -> int:
        return NOW

    def room(self, room: RoomId) -> Room | None:
        return _ROOMS.get(room)

    def plan_of(self, session: SessionId) -> Planned | None:
        number = list(Status).index(Status.OPEN if session in ("cancelled", "imported") else Status(session))
        room = RoomId("ab"[number % 2])
        return Planned(session=session, title="", room=room, starts=number * HOUR, ends=(number + 1) * HOUR)


def _entries(ui: Catalogue) -> list[Entry]:
    """A meeting in each of its states, whose id is that state."""
    title = sample_sentence(ui)[:40]
    known = {"title": title, "languages": (ui.language,), "access": Access.PUBLIC}
    states = [Entry(session=SessionId(each), status=each, **known) for each in Status if each is not Status.ABSENT]  # type: ignore[arg-type]  # fields of an Entry by name
    first = msgspec.structs.replace(states[0], session=SessionId("cancelled"), cancelled=sample_sentence(ui))
    past = msgspec.structs.replace(states[-1], session=SessionId("imported"), imported=True, opened=NOW)
    return [*states, first, past]


class _Searching(Searching):
    """A search that finds the same moments whatever is sought, or none."""

    def __init__(self, ui: Catalogue) -> None:
        self._ui = ui

    async def find(
        self, text: str, choice: FindChoice, *, page: int = 1, own: bool = False
    ) -> Results:  # as the real one
        found = text in ("found", "chosen")
        moments = _moments(self._ui) if found else ()
        kinds = {
            "room": {"a": 9, "b": 4},
            "language": {self._ui.language: 9, "fr" if self._ui.language == "en" else "en": 4},
            "source": {FoundBy.PERSON.value: 2, FoundBy.MACHINE.value: 9},
        }
        return Results(
            query=Query((text,) if text else ()),
            total=47 if found else 0,
            pages=3 if found else 0,
            kinds=kinds if found else {},
            moments=moments,
            searched=7,
            similar=moments[:1],
        )


def _moments(ui: Catalogue) -> tuple[Moment, ...]:
    """A moment of each source; the first can be heard."""
    text = sample_sentence(ui)
    return tuple(
        Moment(
            session=SessionId("closed"),
            title=text[:40] if n else "",
            title_language=ui.language,
            opened=NOW if n else None,
            channel=FLOOR,
            segment=SegmentId(f"line-{n}"),
            t0=10_000 * n,
            t1=10_000 * n + 5_000,
            language=ui.language,
            source=source,
            name=NAMES[SpeakerId("a")] if n % 2 == 0 else "",
            text=text,
            marks=((4, 13),),
            sound=n == 0,
        )
        for n, source in enumerate(FoundBy)
    )


class StyleListsDoor:
    """Serves the pages."""

    def __init__(self, pages: Pages, *, served: bool) -> None:
        self._pages = pages
        self._served = served

    def routes(self) -> list[web.RouteDef]:
        """The pages' routes; empty where they aren't served."""
        shown = {
            "agenda/{state}": self.agenda,
            "search": self.search,
            "hub-line/{state}": self.hub_line,
        }
        routes = [web.get(f"/about/style/views/{path}", handler) for path, handler in shown.items()]
        return routes if self._served else []

    async def agenda(self, request: web.Request) -> web.Response:
        """The agenda, with a meeting in each of its states or with none."""
        ui, rows = language(self._pages, request), _entries(language(self._pages, request))
        listed = [] if request.match_info["state"] == "none" else rows

        async def public() -> list[Entry]:
            return listed

        door = AgendaDoor(
            pages=self._pages, rows=AgendaRows(_Programme(ui)), listed=public, public=PUBLIC, search="/search"
        )
        return _themed(await door.show(request), request)

    async def search(self, request: web.Request) -> web.Response:
        """The page of searching; the words that are sought say what was found."""
        ui = language(self._pages, request)
        door = SearchDoor(
            self._pages,
            _Searching(ui),
            gate=AddressGate(SystemClock(), SystemRandomness()),
            address_of=remote_address,
            place=lambda room: _ROOMS[room].title if room in _ROOMS else "",
            title_of=lambda _: sample_sentence(ui)[:40],
            person=lambda _: NAMES[SpeakerId("a")],
            now=lambda: NOW,
            has_links=lambda _: True,
        )
        return _themed(await door.show(request), request)

    async def hub_line(self, request: web.Request) -> web.Response:
        """The status bar of a hub's pages, of one kind."""
        ui, state = language(self._pages, request), request.match_info["state"]
        missed = {"text": ui.counted("You missed {n} minute.", 4), "address": "#", "end": 1}
        kind = "good" if state == "missed" else state
        said = {**HUB_LINE, "lost": "Reconnecting: nothing will be missed"}.get(kind)
        if said is None:
            raise web.HTTPNotFound
        text = self._pages.render(
            "display/style_hub_line.html",
            ui=ui,
            told={
                "kind": kind,
                "text": ui.text(said, **({"time": "14:02"} if "{time}" in said else {})),
                "missed": missed if state == "missed" else None,
            },
            ask="",
            session="",
            desk=state == "missed",
        )
        return framed(html(in_theme(text, request), ui))


def _themed(response: web.Response, request: web.Request) -> web.Response:
    response.text = in_theme(response.text or "", request)
    return framed(response)
