"""`/admin/languages`: the secretariat adds languages to translate into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.pages.visitor_request import see_other
from moothall.services.translation.adding import Adding, AddingLanguages


class LanguageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A language on the page."""

    tag: str
    name: str
    """In the page's language."""
    own: str
    """Its own name; empty where none is known."""
    size: str
    """MB, rounded."""
    licence: str
    here: bool
    waits: bool


@dataclass(eq=False, repr=False, kw_only=True)
class AddedLanguages:
    """Handlers of the page."""

    pages: StaffPages
    adding: Callable[[], AddingLanguages | None]
    """Returns what adds languages; None where none can be added."""
    registry: str
    """The address of the list of models."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/languages", self.show),
            web.get("/admin/languages.json", self.progress),
            web.post("/admin/languages", self.order),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show which languages are here or can be added, and how far the one that is being added is."""
        del request
        now = self._orders().now
        ui = asked.ui
        return self.pages.show(
            "admin/admin_languages.html",
            asked,
            now=now,
            host=urlsplit(self.registry).hostname or "",
            adding=ui.language_name(now.language) if now.language else "",
            done=_megabytes(now.done),
            total=_megabytes(now.total),
            rows=rows(now, ui),
        )

    @staff_page(runs_the_house)
    async def progress(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Return how far the language that is being added is, for the page's script."""
        del request, asked
        now = self._orders().now
        said = {"busy": now.busy, "language": now.language, "done": now.done, "total": now.total}
        return web.json_response(said, headers={hdrs.CACHE_CONTROL: "no-store"})

    @staff_page(runs_the_house)
    async def order(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Have the list fetched, or a language added."""
        given = await self.pages.form(request, asked)
        orders, language = self._orders(), given.get("language", "")
        if not language:
            orders.look()
        elif not orders.add(language):
            raise AdminProblem(409, AdminText.CONFLICT)
        return see_other(asked.to("/admin/languages"))

    def _orders(self) -> AddingLanguages:
        adding = self.adding()
        if adding is None:
            raise AdminProblem(404, AdminText.GONE)
        return adding


def rows(now: Adding, ui: Catalogue) -> list[LanguageRow]:
    """The languages that can be added or are here, by their names in the page's language."""
    found = [
        LanguageRow(
            tag=offer.language,
            name=ui.language_name(offer.language),
            own=own_name(offer.language),
            size=_megabytes(offer.size),
            licence=offer.licence,
            here=offer.here,
            waits=offer.language in (now.language, *now.waiting),
        )
        for offer in now.offers or ()
    ]
    return sorted(found, key=lambda row: (row.name.casefold(), row.tag))


def _megabytes(size: int) -> str:
    return str(-(-size // 1_000_000))
