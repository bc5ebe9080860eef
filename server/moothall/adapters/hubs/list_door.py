"""`/hubs`: the groups that take part, for everybody; and a page of thanks to be printed."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from moothall.adapters.hubs import view
from moothall.adapters.hubs.hub_map import HubMap
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages
from moothall.core.hubs.entry import Details, Hub
from moothall.services.hubs.registry import Hubs

Row = tuple[str, Details, int | None, int, int, int]
"""What is shown of a hub, as values."""


class HubListDoor:
    """Serves both. A page stays made until something of it changes: of a thousand groups it takes 25 ms, and anybody
    may ask for it.
    """

    def __init__(self, pages: Pages, hubs: Hubs, world: HubMap | None = None) -> None:
        """`world`: draws where they are; None where no map is wanted."""
        self._pages = pages
        self._hubs = hubs
        self._world = world
        # Bound: two pages in each language of the interface, named in the address or not.
        self._made: dict[tuple[str, str, str], tuple[Sequence[Row], str]] = {}

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/hubs", self.list), web.get("/hubs/thanks", self.thanks)]

    async def list(self, request: web.Request) -> web.Response:
        """Who takes part, where, and how many people now."""
        ui = language(self._pages, request)
        found = self._hubs.listed()
        shown = [(hub.title, hub.details, people, 0, 0, 0) for hub, people in found]
        return self._show("hub/hubs.html", "/hubs", found, shown, ui)

    async def thanks(self, request: web.Request) -> web.Response:
        """Who took part, for how long, and with how many people."""
        ui = language(self._pages, request)
        found = [(hub, people) for hub, people in self._hubs.listed() if hub.here_ms or hub.most or people]
        shown = [(hub.title, hub.details, people, hub.here_ms, hub.most, hub.people_ms) for hub, people in found]
        return self._show("hub/hubs_thanks.html", "/hubs/thanks", found, shown, ui)

    def _show(
        self,
        template: str,
        path: str,
        found: Sequence[tuple[Hub, int | None]],
        shown: Sequence[Row],
        ui: Catalogue,
    ) -> web.Response:
        known, text = self._made.get((template, ui.language, ui.chosen), (None, ""))
        if known != shown:
            text = self._pages.render(
                template,
                ui=ui,
                hubs=[view.public_row(hub, people, ui, self._country(hub, ui)) for hub, people in found],
                map=self._world and self._world.svg((hub for hub, _ in found), ui),
                query=ui.query,
                in_language=lambda tag: f"{path}?ui={tag}",
            )
            self._made[template, ui.language, ui.chosen] = (shown, text)
        return html(text, ui)

    def _country(self, hub: Hub, ui: Catalogue) -> str | None:
        return None if self._world is None else self._world.country(hub.details, ui)
