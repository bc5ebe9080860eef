"""`/agenda`: the public agenda, to read, print and subscribe to. It has only public sessions, and needs no script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.event_data import DescribedEvent, event_data
from moothall.adapters.pages.request_context import HttpProblem, html, language, page_headers, refusal
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.programme.calendar_feed import FeedMeeting, calendar
from moothall.adapters.programme.rows import SHOWN_CHANGES, AgendaRows, ChangeDay, PublicSession, title_of
from moothall.adapters.reading.page_menu import can_typeset
from moothall.adapters.reading.page_rows import times_are
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.sessions.state import Status
from moothall.services.sessions.catalogue import ListPublic


@dataclass(eq=False, repr=False, kw_only=True)
class AgendaDoor:
    """Handlers of the agenda and its calendars. `public`: the server's public address, without a slash at its end.
    `search`: the address of the search; empty where there is none. `policy`: whether there are policy questions, or
    calls for them.
    """

    pages: Pages
    rows: AgendaRows
    listed: ListPublic
    public: str
    search: str = ""
    policy: Callable[[], bool] = lambda: False

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/agenda", self.show),
            web.get("/agenda.ics", self.calendar),
            web.get("/agenda/{session}.ics", self.calendar_of_one),
        ]

    async def show(self, request: web.Request) -> web.Response:
        """The agenda as a page."""
        ui = language(self.pages, request)
        query = ui.query
        try:
            sessions = self.rows.public(await self.listed())
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        programme = self.rows.programme
        newest, earlier = _cut(self.rows.changes(sessions, ui))
        days = self.rows.days(sessions, ui, query, programme.now())
        text = self.pages.render(
            "agenda/agenda.html",
            ui=ui,
            query=query,
            search=f"{self.search}{query}" if self.search else "",
            policy=f"/policy{query}" if self.policy() else "",
            parts_written=self.rows.parts(ui, self.pages.catalogues.languages),
            tabs=[day for day in days if day.name],
            days=sorted(days, key=lambda day: day.past),  # past days last, so that today or the next day comes first
            changes=newest,
            earlier=earlier,
            times=times_are(programme.zone(), programme.now(), ui),
            in_language=lambda tag: f"/agenda?ui={tag}",
            book={"languages": self.rows.texts_of(sessions, ui), "pdf": can_typeset()},
            events=event_data(*(self._described(each, ui) for each in sessions)),
        )
        return html(text, ui)

    async def calendar(self, request: web.Request) -> web.Response:
        """All public sessions that have a time, as iCalendar."""
        return await self._calendar(request, None)

    async def calendar_of_one(self, request: web.Request) -> web.Response:
        """One public session as iCalendar; 404 where it has no time."""
        return await self._calendar(request, request.match_info["session"])

    async def _calendar(self, request: web.Request, session: str | None) -> web.Response:
        ui = language(self.pages, request)
        try:
            found = self.rows.public(await self.listed())
        except StorageUnavailable:
            return refusal(HttpProblem(503, ErrorText.UNAVAILABLE), self.pages, ui)
        changed = {change.session: change.at for change in reversed(self.rows.programme.agenda.changes())}
        events = [
            self._event(each, each.starts, changed.get(each.entry.session, 0), ui)
            for each in found
            if each.starts is not None and session in (None, each.entry.session)
        ]
        if session is not None and not events:
            return refusal(HttpProblem(404, ErrorText.NO_SESSION), self.pages, ui)
        name = "agenda" if session is None else session
        headers = {**page_headers(ui), hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.ics"'}
        text = calendar(events, ui.text("Agenda"))
        response = web.Response(text=text, content_type="text/calendar", charset="utf-8", headers=headers)
        response.enable_compression()
        return response

    def _described(self, each: PublicSession, ui: Catalogue) -> DescribedEvent:
        return DescribedEvent(
            address=f"{self.public}/s/{each.entry.session}",
            title=title_of(each.entry, ui),
            languages=each.entry.languages,
            starts=each.starts,
            ends=each.entry.closed if each.plan is None or each.plan.ends is None else each.plan.ends,
            place=self.rows.place(each.plan),
            cancelled=each.entry.cancelled is not None,
            record=each.entry.status is Status.CLOSED,
        )

    def _event(self, each: PublicSession, starts: int, changed: int, ui: Catalogue) -> FeedMeeting:
        entry, plan = each.entry, each.plan
        spoken = ui.listed(ui.language_name(tag) for tag in entry.languages)
        said = (f"{ui.text('Languages that are spoken')}: {spoken}" if spoken else "", each.statement)
        return FeedMeeting(
            uid=f"{entry.session}@{urlsplit(self.public).hostname or 'moothall'}",
            stamp=max(changed, plan.made if plan is not None else 0) or starts,
            starts=starts,
            ends=None if plan is None or plan.starts is None else plan.ends,
            title=title_of(entry, ui),
            place=self.rows.place(plan),
            address=f"{self.public}/s/{entry.session}",
            description="\n".join(filter(None, said)),
            cancelled=entry.cancelled is not None,
        )


def _cut(days: Sequence[ChangeDay]) -> tuple[list[ChangeDay], list[ChangeDay]]:
    """Split the days of changes: the newest, with about `SHOWN_CHANGES` lines in all, and the earlier ones."""
    newest: list[ChangeDay] = []
    for number, day in enumerate(days):
        if newest and sum(len(each.lines) for each in newest) + len(day.lines) > SHOWN_CHANGES:
            return newest, list(days[number:])
        newest.append(day)
    return newest, []
