"""`/hubs`: the public list of groups that take part; and `/hubs/thanks`, a page of thanks to print."""

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

HubRow = tuple[str, Details, int | None, int, int, int]
"""What a page shows of a hub, as values to compare: title, details, people now, ms of presence, most people, people ×
ms."""


class HubListDoor:
    """Serves both pages. A rendered page is cached until something on it changes: rendering a thousand groups takes 25
    ms, and anybody may ask for it.
    """

    def __init__(self, pages: Pages, hubs: Hubs, world: HubMap | None = None) -> None:
        """`world`: draws the map of hubs; None where no map is wanted."""
        self._pages = pages
        self._hubs = hubs
        self._world = world
        # Bound: two pages in each language of the interface, times whether the address names the language.
        self._made: dict[tuple[str, str, str], tuple[Sequence[HubRow], str]] = {}

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/hubs", self.list), web.get("/hubs/thanks", self.thanks)]

    async def list(self, request: web.Request) -> web.Response:
        """List who takes part, where, and how many people are there now."""
        ui = language(self._pages, request)
        found = self._named()
        shown = [(hub.title, hub.details, people, 0, 0, 0) for hub, people in found]
        return self._show("hub/hubs.html", "/hubs", found, shown, ui)

    async def thanks(self, request: web.Request) -> web.Response:
        """List who took part, for how long, and with how many people."""
        ui = language(self._pages, request)
        found = [(hub, people) for hub, people in self._named() if hub.here_ms or hub.most or people]
        shown = [(hub.title, hub.details, people, hub.here_ms, hub.most, hub.people_ms) for hub, people in found]
        return self._show("hub/hubs_thanks.html", "/hubs/thanks", found, shown, ui)

    def _named(self) -> Sequence[tuple[Hub, int | None]]:
        return [(hub, people) for hub, people in self._hubs.listed() if not hub.details.unlisted]

    def _show(
        self,
        template: str,
        path: str,
        found: Sequence[tuple[Hub, int | None]],
        shown: Sequence[HubRow],
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
