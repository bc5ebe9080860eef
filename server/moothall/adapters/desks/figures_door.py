"""`/figures/{session}`: who was heard, how good the text was, how many read it, as tables with charts.

It shows only figures: no words of the meeting and no names of people. It needs no script.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

from aiohttp import web

from moothall.adapters.desks.control_socket import ROLES
from moothall.adapters.desks.figure_tables import heard_part, quality_part, readers_part
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.people_in_words import people_in_words
from moothall.adapters.pages.request_context import language, own_html
from moothall.adapters.pages.staff_frame import SEES_FIGURES, Asked, Tab, facts_of, meeting_frame
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.core.attendance.report import SessionAttendance
from moothall.core.events.question_parts import HUB
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.times import clock_time
from moothall.core.ports import Clock
from moothall.core.questions.balance import by_origin
from moothall.core.sessions.state import ON, Status
from moothall.services.control.reader_trends import ReaderTrends
from moothall.services.sessions.live_session import FindSession, LiveSession
from moothall.services.sessions.staff import MayAct, Staff


@dataclass(eq=False, repr=False)
class FiguresDoor:
    """Serves the page to those who see the control room and to those who moderate."""

    pages: Pages
    trends: ReaderTrends
    clock: Clock
    _: KW_ONLY
    find: FindSession
    staff: Callable[[web.Request], Sequence[Staff]]
    may_act: MayAct
    place: Callable[[SessionId], str]
    """Returns the title of a session's room."""
    title_of: Callable[[str], str | None]
    """Returns a hub's title; None where it isn't registered."""
    attendance: Callable[[SessionId], Awaitable[SessionAttendance | None]]
    """Returns the attendance report of a session; None where its log can't be read. Raises StorageUnavailable."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/figures/{session}", self.page)]

    async def page(self, request: web.Request) -> web.Response:
        """The page, or a sentence that says why it isn't shown."""
        ui = language(self.pages, request)
        links = self.staff(request)
        if not links:
            return own_html(self.pages.render_error(401, ErrorText.STAFF, ui=ui), ui, status=401)
        session = SessionId(request.match_info["session"])
        reaching = [each for each in links if is_name(session) and self.may_act(each, session)]
        live = await self.find(session) if any(each.role in SEES_FIGURES for each in reaching) else None
        if live is None or live.state.status is Status.ABSENT:
            return own_html(self.pages.render_error(404, ErrorText.NO_SESSION, ui=ui), ui, status=404)
        asked = Asked(path=request.path, language=ui.chosen, role=request.query.get("role", ""))
        text = self.pages.render(
            "control/figures.html",
            ui=ui,
            frame=meeting_frame(
                facts_of(live.state, self.place(session)),
                reaching,
                ui,
                self.pages.zone(),
                here=Tab.FIGURES,
                asked=asked,
            ),
            title=live.state.title.strip() or ui.text("Meeting without a title"),
            language=next(iter(live.state.languages), ""),
            made=ui.text("As of {time}", time=clock_time(self.pages.zone().at(self.clock.wall()))),
            again=asked.to(request.path),
            control=any(each.role in ROLES for each in reaching) and asked.to("/control"),
            there={"address": asked.to(f"/attendance/{quote(session)}"), "rows": await self._there(session, ui)},
            in_language=lambda tag: f"{quote(request.path)}?{urlencode({'ui': tag})}",
            **self._figures(live, ui),
        )
        return own_html(text, ui)

    async def _there(self, session: SessionId, ui: Catalogue) -> list[tuple[str, str]]:
        """Who was there, as the attendance report has it; nothing while the log can't be read."""
        try:
            made = await self.attendance(session)
        except StorageUnavailable:
            return []
        if made is None:
            return []
        rows = [(ui.text("Everybody together"), made.total)]
        if made.by_place:
            rows += [(ui.named("moderation/from.room"), made.room), (ui.text("All groups"), made.at_hubs)]
            rows.append((ui.text("Online"), made.online))
        return [(name, people_in_words(people, made.fewest, ui)) for name, people in rows]

    def _figures(self, live: LiveSession, ui: Catalogue) -> dict[str, object]:
        state, zone, since = live.state, self.pages.zone(), self.trends.since
        shares = by_origin(state.questions, state.media_now(self.clock.wall()))
        hubs = [origin.removeprefix(HUB) for origin in shares if origin.startswith(HUB)]
        # A hub may have been removed from the registry; the log still has its title.
        logged = {name: hub.title for name, hub in state.hubs.items()}
        titles = {name: self.title_of(name) or logged.get(name) or name for name in hubs}
        anew = state.status in ON and state.media_now(since) > 0
        return {
            "heard": heard_part(shares, titles, ui),
            "quality": quality_part(live.writer.quality.periods(), ui, zone),
            "readers": readers_part(self.trends.of(live.id), state.channels, ui, zone),
            "since": ui.text("They begin at {time}: the server was started then.", time=clock_time(zone.at(since)))
            if anew
            else "",
        }
