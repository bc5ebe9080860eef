"""The front page, `/`: which meetings are on now, which are coming, which are overdue, and which are past."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from hashlib import sha256
from itertools import groupby
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web
from babel.dates import format_date
from msgspec.structs import replace

from moothall.adapters.http.entity_tags import is_known
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import DEFAULT_CHANNEL, SnapshotOf, html, language, page_headers
from moothall.adapters.pages.shared_pages import SharedPage, SharedPages, shared_html
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.text_languages import TextLanguage, more_than_spoken, text_languages
from moothall.adapters.reading.page_menu import text_in
from moothall.adapters.reading.page_rows import shows, times_are
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, iso_time, offset_name, time_span
from moothall.core.ports import Clock
from moothall.core.programme.plan import Expectation, Planned, RoomId, expectation
from moothall.core.sessions.state import Status
from moothall.core.views.captions import Line
from moothall.services.sessions.catalogue import Entry, ListPublic

MOST_HEARD = 12
"""How many open meetings are shown with the line that was said last. Overflow: later meetings are shown without it."""


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting in the list."""

    session: SessionId
    address: str
    """Empty when there is nothing to read yet."""
    title: str
    language: str
    """BCP-47 tag of the title; empty when none is known."""
    at: int | None
    """Unix ms at which the meeting began or is planned to begin; None when neither is known."""
    moment: str
    """`at` in ISO 8601 with its UTC offset."""
    time: str
    """`at` and, until the meeting is closed, its planned end as times of day by the clock of the page, for people;
    with their UTC offset where that differs from the offset of now.
    """
    state: str
    """The state in words; empty when the session has no log yet."""
    status: str
    languages: str
    """The spoken languages, in words."""
    readable: tuple[TextLanguage, ...] = ()
    """The languages in which the session can be read; empty where these are only the spoken languages, and of a closed
    session.
    """
    place: str = ""
    imported: bool = False
    """Whether it was held elsewhere, and imported."""
    cancelled: str | None = None
    """Why it will not be held, empty when no reason was given; None while it is to be held."""
    said: str = ""
    """The newest finished line, in the language of the page where such a text exists; empty when there is no line."""
    said_in: str = ""
    """BCP-47 tag of the language of `said`."""
    said_direction: str = ""


class Day(msgspec.Struct, frozen=True):
    """Meetings of one day."""

    name: str
    rows: tuple[SessionRow, ...]


@dataclass(eq=False, repr=False)
class FrontPage:
    """The handler of `/`. Planned sessions come from the programme, all others from the catalogue.

    `place` returns the name of a room. `known` finds sessions that are not in `listed`, so that their plan isn't listed
    either. `groups`: whether there are hubs; they have a list of their own. `snapshot_of` supplies the line that was
    said last. `readable` returns the languages in which a session can be read, given the spoken languages. `agenda`
    returns the agenda's address; empty where there is none. `search`: the address of the search; empty likewise.
    """

    pages: Pages
    _: KW_ONLY
    clock: Clock
    listed: ListPublic
    planned: Callable[[], Sequence[Planned]] = tuple
    place: Callable[[RoomId], str] = str
    known: Callable[[SessionId], Entry | None] = lambda _: None
    groups: Callable[[], bool] = lambda: False
    snapshot_of: SnapshotOf | None = None
    readable: Callable[[SessionId, Sequence[str]], Sequence[str]] = lambda _, spoken: spoken
    agenda: Callable[[], str] = lambda: ""
    search: str = ""

    def __post_init__(self) -> None:
        self._shared = SharedPages()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Answer with the front page, or with its part that says what is on, for its script: nothing where that is what
        the browser has.
        """
        ui = language(self.pages, request)
        entries = await self.listed()
        plans = {each.session: each for each in self.planned()}

        def rows(*statuses: Status) -> list[SessionRow]:
            found = [entry for entry in entries if entry.status in statuses]
            return [self._row(entry, plans.get(entry.session), ui) for entry in found]

        query = ui.query
        name = (ui.language, query)
        live = sorted(rows(Status.OPEN, Status.PAUSED), key=_time)
        live = [await self._heard(row, ui) for row in live[:MOST_HEARD]] + live[MOST_HEARD:]
        if request.query.get("part") == "live":
            make = partial(self.pages.render, "reader/_live.html", ui=ui, live=live)
            return _part(request, self._given((*name, "live"), (live,), make), ui)

        def whole() -> str:
            zone, now = self.pages.zone(), self.clock.wall()
            unbegun: dict[Expectation, list[SessionRow]] = {each: [] for each in Expectation}
            for row in rows(Status.CREATED) + self._only_planned(plans.values(), ui):
                unbegun[expectation(plans.get(row.session), now)].append(row)
            return self.pages.render(
                "reader/front.html",
                ui=ui,
                live=live,
                coming=by_day(sorted(unbegun[Expectation.COMING], key=_time), ui, zone),
                overdue=by_day(sorted(unbegun[Expectation.OVERDUE], key=_time, reverse=True), ui, zone),
                past=by_day(sorted(rows(Status.CLOSED), key=_time, reverse=True), ui, zone),
                times=times_are(zone, now, ui),
                groups=f"/hubs{query}" if groups else "",
                agenda=f"{agenda}{query}" if agenda else "",
                search=f"{self.search}{query}" if self.search else "",
                help=f"/help{query}",
                in_language=lambda tag: f"/?ui={tag}",
            )

        groups, agenda = self.groups(), self.agenda()
        if self.pages.of_the_moment:
            return html(whole(), ui)
        around = (groups, agenda, self.pages.zone(), self.pages.look())
        made_of = (live, around, *self._listed_of(entries, plans.values()))
        return shared_html(request, self._given(name, made_of, whole), ui)

    def _given(self, name: Hashable, made_of: tuple[object, ...], make: Callable[[], str]) -> SharedPage:
        """The page that was just made, or else the one that `make` makes."""
        now = self.clock.monotonic()
        page = self._shared.find(name, made_of, now)
        if page is None:
            page = self._shared.keep(name, made_of, now, make())
            self._shared.forget_in_time(self.clock.monotonic)
        return page

    @property
    def pages_made(self) -> int:
        """How many shared pages were rendered; all other requests got a copy of one of them."""
        return self._shared.made

    def _listed_of(self, entries: Iterable[Entry], plans: Iterable[Planned]) -> tuple[object, ...]:
        """All that the rows of the page are made of; the words of a meeting that is on change nothing in it."""
        known = [replace(each, offset=0) for each in entries]
        planned = [(each, self.known(each.session) is None, each.room and self.place(each.room)) for each in plans]
        unbegun = [each for each in known if each.status is Status.CREATED] + [each for each, *_ in planned]
        return known, planned, [tuple(self.readable(each.session, each.languages)) for each in unbegun]

    async def _heard(self, row: SessionRow, ui: Catalogue) -> SessionRow:
        """Return the row with the line that was said last."""
        if self.snapshot_of is None:
            return row
        found = await self.snapshot_of(row.session, Feed(channel=DEFAULT_CHANNEL))
        if found is not None and (own := text_in(found.session, ui.language)) is not None:
            found = await self.snapshot_of(row.session, Feed(channel=own)) or found
        line = None if found is None else _last(found.lines)
        if line is None:
            return row
        return msgspec.structs.replace(
            row, said=line.text.strip(), said_in=line.language, said_direction=direction(line.language)
        )

    def _only_planned(self, plans: Iterable[Planned], ui: Catalogue) -> list[SessionRow]:
        """Rows of the sessions that exist only in the programme, without rehearsals."""
        return [
            self._row(Entry(session=plan.session, title=plan.title, languages=plan.languages), plan, ui)
            for plan in plans
            if not plan.rehearsal and self.known(plan.session) is None
        ]

    def _row(self, entry: Entry, plan: Planned | None, ui: Catalogue) -> SessionRow:
        address = f"/s/{quote(entry.session)}" + ui.query
        place = self.place(plan.room) if plan is not None and plan.room is not None else ""
        row = meeting_row(entry, plan, address, ui, zone=self.pages.zone(), now=self.clock.wall(), place=place)
        tags = self.readable(entry.session, entry.languages) if entry.status is not Status.CLOSED else ()
        if not more_than_spoken(tags, entry.languages, ui):
            return row
        readable = text_languages(entry.session, tags, ui, linked=bool(row.address))
        return msgspec.structs.replace(row, readable=readable)


def _part(request: web.Request, page: SharedPage, ui: Catalogue) -> web.Response:
    """Answer with a part of the page, and with nothing where that is what the browser has."""
    tag = sha256(page.text.encode()).hexdigest()[:32]
    known = is_known(request, tag)
    answer = web.Response(status=304, headers=page_headers(ui)) if known else shared_html(request, page, ui)
    answer.headers[hdrs.ETAG] = f'"{tag}"'
    return answer


def meeting_row(
    entry: Entry, plan: Planned | None, address: str, ui: Catalogue, *, zone: Zone, now: int, place: str = ""
) -> SessionRow:
    """Make the row of a session. A session without a log has no `address` and no `state`. Times are by the clock of
    `zone`.
    """
    at = entry.opened if entry.opened is not None or plan is None else plan.starts
    moment = None if at is None else zone.at(at)
    ends = None if plan is None or entry.status is Status.CLOSED else plan.ends
    until = None if at is None or ends is None or ends <= at else zone.at(ends)
    time = time_span(moment, until)
    if moment is not None and moment.utcoffset() != zone.at(now).utcoffset():
        time = f"{time} {offset_name(moment)}"
    title, there = entry.title.strip(), entry.status is not Status.ABSENT
    return SessionRow(
        session=entry.session,
        address=address if there else "",
        title=title or ui.text("Meeting without a title"),
        language=entry.languages[0] if title and entry.languages else "",
        at=at,
        moment="" if moment is None else iso_time(moment),
        time=time,
        state=ui.named(f"page/state.{entry.status if entry.cancelled is None else 'cancelled'}") if there else "",
        status=entry.status.value,
        languages=ui.listed(ui.language_name(each) for each in entry.languages),
        place=place,
        imported=entry.imported,
        cancelled=entry.cancelled,
    )


def _last(lines: Sequence[Line]) -> Line | None:
    return next((line for line in reversed(lines) if line.t1 is not None and shows(line)), None)


def _time(row: SessionRow) -> tuple[bool, int, str]:
    """Sort key: by time; rows without a time come last."""
    return row.at is None, row.at or 0, row.session


def by_day(rows: Iterable[SessionRow], ui: Catalogue, zone: Zone) -> list[Day]:
    """Group rows, which are in order of time, by day."""

    def day(row: SessionRow) -> str:
        return "" if row.at is None else format_date(zone.at(row.at), "full", locale=ui.locale)

    return [Day(name, tuple(there)) for name, there in groupby(rows, day)]
