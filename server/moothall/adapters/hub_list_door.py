"""`/hubs`: the groups that take part, for everybody; and a page of thanks to be printed."""

from __future__ import annotations

from aiohttp import web

from moothall.adapters import hub_view as view
from moothall.adapters.page_asking import html, language
from moothall.adapters.pages import Pages
from moothall.services.hubs import Hubs


class HubListDoor:
    """Serves both."""

    def __init__(self, pages: Pages, hubs: Hubs) -> None:
        self._pages = pages
        self._hubs = hubs

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/hubs", self.list), web.get("/hubs/thanks", self.thanks)]

    async def list(self, request: web.Request) -> web.Response:
        """Who takes part, where, and how many people now."""
        return self._show(request, "hubs.html", "/hubs", took_part=False)

    async def thanks(self, request: web.Request) -> web.Response:
        """Who took part, for how long, and with how many people."""
        return self._show(request, "hubs_thanks.html", "/hubs/thanks", took_part=True)

    def _show(self, request: web.Request, template: str, path: str, *, took_part: bool) -> web.Response:
        ui, chosen = language(self._pages, request)
        found = [(hub, self._hubs.people(hub.name)) for hub in self._hubs.list()]
        hubs = [(hub, people) for hub, people in found if not took_part or hub.here_ms or hub.most or people]
        text = self._pages.render(
            template,
            ui=ui,
            hubs=[view.public_row(hub, people, ui) for hub, people in hubs],
            query=f"?ui={ui.language}" if chosen else "",
            in_language=lambda tag: f"{path}?ui={tag}",
        )
        return html(text, ui)
