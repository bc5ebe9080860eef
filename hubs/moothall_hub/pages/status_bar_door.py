"""The status bar on every page of a hub: the state of the uplink, and what was missed. Scripts get it by `GET /uplink`.

In the coordinator's browser it also links back to the desk.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from aiohttp import hdrs, web
from markupsafe import Markup

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import HUB_LINE
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.kernel.times import time_of_day
from moothall.services.sessions.reader_access import ASKER
from moothall_hub.uplink.status_bar import MISSED, CopyOf, StatusBar, UplinkOf, status_bar


class StatusBarDoor:
    """Renders the status bar for every page, and handles `GET /uplink`."""

    def __init__(self, pages: Pages, *, uplink: UplinkOf, copy: CopyOf) -> None:
        self._pages = pages
        self._uplink = uplink
        self._copy = copy
        pages.status_bar(self.markup)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/uplink", self.now)]

    async def now(self, request: web.Request) -> web.Response:
        """Answer with `{"kind", "text", "missed": {"text", "address", "end"} or null}`, for the query's session and
        channel.
        """
        ui = language(self._pages, request)
        told = self._told(request.query.get("session", ""), request.query.get("channel", ""), ui)
        return web.json_response(told, headers={hdrs.CACHE_CONTROL: "no-store"})

    def markup(self, ui: Catalogue, session: str, channel: str = "") -> Markup:
        """Render the status bar of a page. `session` and `channel` are empty where the page shows no session or no
        text.
        """
        told = self._told(session, channel, ui)
        named = {"session": session, "channel": channel, "ui": ui.language}
        ask = {name: value for name, value in named.items() if value}
        desk = any(staff.role is Role.HUB for staff in ASKER.get())
        values = {"told": told, "ask": f"/uplink?{urlencode(ask)}", "session": session, "desk": desk}
        text = self._pages.render("hub/_hub_status_bar.html", ui=ui, **values)
        return Markup(text)  # noqa: S704  # a template made it, and escaped all values

    def _told(self, name: str, text: str, ui: Catalogue) -> dict[str, object]:
        session = SessionId(name) if is_name(name) else None
        channel = ChannelId(text) if is_name(text) else None
        found = status_bar(self._uplink(), None if session is None else self._copy(session), channel)
        told: dict[str, object] = {"kind": found.kind, "text": self._sentence(found, ui), "missed": None}
        if found.missed is not None and session is not None:
            span = {"from": found.missed.begin, "to": found.missed.end}
            query = urlencode({**span, **ui.kept})
            told["missed"] = {
                "text": ui.counted(MISSED, found.missed.minutes),
                "address": f"/s/{quote(session)}/missed?{query}",
                "end": found.missed.end,
            }
        return told

    def _sentence(self, found: StatusBar, ui: Catalogue) -> str:
        if found.since is None or "{time}" not in HUB_LINE[found.kind]:
            return ui.text(HUB_LINE[found.kind])
        moment = self._pages.zone().at(found.since)
        return ui.text(HUB_LINE[found.kind], time=time_of_day(moment))
