"""The front page, `/`: which meetings are on now, which are coming and which are past."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from urllib.parse import quote

import msgspec
from aiohttp import web
from babel.dates import format_date

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_rows import times_are
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone, iso_time, offset_name, time_of_day
from moothall.core.ports import Clock
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.session.state import Status
from moothall.services.sessions.catalogue import Entry

Listed = Callable[[], Awaitable[Sequence[Entry]]]
"""The sessions that anybody may read."""

LONG_PAST_MS = 12 * 3_600_000
"""A planned session without a log that should have ended so long ago isn't coming any more."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting in the list."""

    session: SessionId
    address: str
    """Empty where there is nothing to read yet."""
    title: str
    language: str
    """BCP-47 tag of the title; empty where nobody gave it one."""
    at: int | None
    """Unix ms when it began or begins."""
    moment: str
    """The same, ISO 8601 with its offset."""
    time: str
    """The same, in words; with its offset where that isn't the one of now."""
    state: str
    status: str
    languages: str
    """What is spoken, in words."""
    place: str


class Day(msgspec.Struct, frozen=True):
    """Meetings of one day."""

    name: str
    rows: tuple[Row, ...]


class FrontPage:
    """The handler of `/`. Planned sessions come from the programme, all others from the catalogue."""

    def __init__(
        self,
        pages: Pages,
        *,
        clock: Clock,
        listed: Listed,
        planned: Callable[[], Sequence[Planned]] = tuple,
        place: Callable[[RoomId], str] = str,
        known: Callable[[SessionId], Entry | None] = lambda _: None,
        groups: Callable[[], bool] = lambda: False,
    ) -> None:
        """`place` names a room; `known` tells of sessions that are not listed, so that a plan doesn't list them;
        `groups`: whether there are hubs, which have a list of their own.
        """
        self._pages = pages
        self._clock = clock
        self._listed = listed
        self._planned = planned
        self._place = place
        self._known = known
        self._groups = groups

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """The page."""
        ui, chosen = language(self._pages, request)
        entries = await self._listed()
        plans = {each.session: each for each in self._planned()}

        def rows(*statuses: Status) -> list[Row]:
            found = [entry for entry in entries if entry.status in statuses]
            return [self._row(entry, plans.get(entry.session), ui, chosen=chosen) for entry in found]

        zone, now = self._pages.zone(), self._clock.wall()
        coming = rows(Status.CREATED) + self._only_planned(plans.values(), ui)
        text = self._pages.render(
            "front.html",
            ui=ui,
            live=sorted(rows(Status.OPEN, Status.PAUSED), key=_time),
            coming=_days(sorted(coming, key=_time), ui, zone),
            past=_days(sorted(rows(Status.CLOSED), key=_time, reverse=True), ui, zone),
            times=times_are(zone, now, ui),
            groups=("/hubs" + (f"?ui={ui.language}" if chosen else "")) if self._groups() else "",
            in_language=lambda tag: f"/?ui={tag}",
        )
        return html(text, ui)

    def _only_planned(self, plans: Iterable[Planned], ui: Catalogue) -> list[Row]:
        """Those that nothing is known of but the plan."""
        since = self._clock.wall() - LONG_PAST_MS
        return [
            self._row(Entry(session=plan.session, title=plan.title, languages=plan.languages), plan, ui, chosen=False)
            for plan in plans
            if not plan.rehearsal and self._known(plan.session) is None and (plan.ends or plan.starts or since) >= since
        ]

    def _row(self, entry: Entry, plan: Planned | None, ui: Catalogue, *, chosen: bool) -> Row:
        at = entry.opened if entry.opened is not None or plan is None else plan.starts
        zone = self._pages.zone()
        moment = None if at is None else zone.at(at)
        time = "" if moment is None else time_of_day(moment)
        if moment is not None and moment.utcoffset() != zone.at(self._clock.wall()).utcoffset():
            time = f"{time} {offset_name(moment)}"
        title = entry.title.strip()
        tag = entry.languages[0] if title and entry.languages else ""
        address = "" if entry.status is Status.ABSENT else f"/s/{quote(entry.session)}"
        return Row(
            session=entry.session,
            address=f"{address}?ui={ui.language}" if address and chosen else address,
            title=title or ui.text("Meeting without a title"),
            language=tag,
            at=at,
            moment="" if moment is None else iso_time(moment),
            time=time,
            state=ui.named(f"page/state.{entry.status}"),
            status=entry.status.value,
            languages=", ".join(ui.language_name(each) for each in entry.languages),
            place=self._place(plan.room) if plan is not None and plan.room is not None else "",
        )


def _time(row: Row) -> tuple[bool, int, str]:
    """In order of time; what has none comes last."""
    return row.at is None, row.at or 0, row.session


def _days(rows: Iterable[Row], ui: Catalogue, zone: Zone) -> list[Day]:
    """The rows, which are in order of time, by day."""

    def day(row: Row) -> str:
        return "" if row.at is None else format_date(zone.at(row.at), "full", locale=ui.locale)

    return [Day(name, tuple(there)) for name, there in groupby(rows, day)]
