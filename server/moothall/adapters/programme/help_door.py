"""`/help`, for readers, and `/help/hubs`, for coordinators of remote groups. A hub serves the same pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from aiohttp import web

from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages


@dataclass(eq=False, repr=False)
class HelpDoor:
    """Handlers of the help pages. `agenda`: returns the agenda's address; empty where it isn't known."""

    pages: Pages
    _: KW_ONLY
    agenda: Callable[[], str] = lambda: ""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/help", self.readers), web.get("/help/hubs", self.hubs)]

    async def readers(self, request: web.Request) -> web.Response:
        """The help page for readers."""
        return self._page(request, "agenda/help.html")

    async def hubs(self, request: web.Request) -> web.Response:
        """The help page for coordinators of groups."""
        return self._page(request, "agenda/help_hubs.html")

    def _page(self, request: web.Request, template: str) -> web.Response:
        ui = language(self.pages, request)
        query, agenda = ui.query, self.agenda()
        text = self.pages.render(
            template,
            ui=ui,
            query=query,
            agenda=agenda,
            in_language=lambda tag: f"{request.path}?ui={tag}",
        )
        return html(text, ui)
