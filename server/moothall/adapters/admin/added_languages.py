"""`/admin/languages`: the secretariat adds languages to translate into, and sees how good each translation is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web
from babel.numbers import format_decimal

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.translation.routes import Route, RouteScore
from moothall.services.translation.adding import UNITED_NATIONS, Adding, AddingLanguages, lacking
from moothall.services.translation.text_translation import Reach
from moothall.wire.languages import LanguageOffer, Wish


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
    better: str
    """MB of better models than those that are here, rounded; empty: there are none."""
    quick: bool
    """Whether this machine is quick enough for them."""


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """The languages of the United Nations that one act would add."""

    tags: list[str]
    names: str
    """In the page's language."""
    size: str
    """MB of their light models, rounded."""
    licences: str
    absent: str
    """The names of those that the list doesn't have; empty: none."""


class WayRow(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of languages on the page: how it is translated now."""

    target: str
    """The target's name in the page's language."""
    through: str
    """The names of the languages in the middle; empty: none."""
    engines: str
    """The engines and models, with their versions."""
    score: RouteScore | None
    quality: str
    """chrF2 as the page's language writes it."""
    rough: bool
    to_add: str
    """The names of languages of the list whose models would be better than this way; empty: none is known."""
    to_better: str
    """The names of languages that have better models in the list than those that are here; empty: none is known."""


class WaysFrom(msgspec.Struct, frozen=True, kw_only=True):
    """What a language is translated into now."""

    source: str
    """Its name in the page's language."""
    rows: list[WayRow]


@dataclass(eq=False, repr=False, kw_only=True)
class AddedLanguages:
    """Handlers of the page."""

    pages: StaffPages
    adding: Callable[[], AddingLanguages | None]
    """Returns what adds languages; None where none can be added."""
    registry: str
    """The addresses of the list of models, with spaces between them."""
    reach: Callable[[], Reach]
    route: Callable[[str, str], Route | None]
    """Returns the way between two languages (BCP-47)."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/languages", self.show),
            web.get("/admin/languages.json", self.progress),
            web.post("/admin/languages", self.order),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show which languages are here or can be added, how far the one that is being added is, and how good the
        translations are.
        """
        del request
        orders, ui = self._orders(), asked.ui
        now = orders.now
        return self.pages.show(
            "admin/admin_languages.html",
            asked,
            now=now,
            host=(urlsplit(self.registry.split()[0]).hostname or "") if orders.adds else "",
            adding=ui.language_name(now.language) if now.language else "",
            done=_megabytes(now.done),
            total=_megabytes(now.total),
            all_done=_megabytes(now.all_done),
            all_total=_megabytes(now.all_total),
            failures=[(ui.language_name(each.language) if each.language else "", each.said) for each in now.failures],
            rows=rows(now, ui),
            together=together(now, ui) if orders.adds and now.offers else None,
            untried=orders.adds and not any(offer.here for offer in now.offers or ()),
            ways=ways_from(self.reach(), self.route, now.offers or (), ui),
        )

    @staff_page(runs_the_house)
    async def progress(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Return how far the language that is being added is, or the tests, for the page's script."""
        del request, asked
        now = self._orders().now
        shown = {"busy": now.busy, "language": now.language, "testing": now.testing}
        said = shown | {"done": now.done, "total": now.total}
        said |= {"all_done": now.all_done, "all_total": now.all_total, "ended": now.ended, "ordered": now.ordered}
        return web.json_response(said, headers={hdrs.CACHE_CONTROL: "no-store"})

    @staff_page(runs_the_house)
    async def order(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Have the list fetched, languages added or the better models of one, or the translations tested."""
        sent = await self.pages.sent(request)
        given = self.pages.checked(sent, asked)
        orders, languages = self._orders(), sent.get("language", [])
        if "test" in given:
            orders.test()
        elif not orders.adds:
            raise AdminProblem(404, AdminText.GONE)
        elif not languages:
            orders.look()
        elif not orders.add(*languages, wish=next((each for each in Wish if each.value in given), Wish.FITTING)):
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
            better=_megabytes(offer.better) if offer.here and offer.better else "",
            quick=offer.quick,
        )
        for offer in now.offers or ()
    ]
    return sorted(found, key=lambda row: (row.name.casefold(), row.tag))


def together(now: Adding, ui: Catalogue) -> Together:
    """What one act would add of the languages of the United Nations; what is under way isn't among it."""
    offers = now.offers or ()
    found = [offer for offer in lacking(offers) if offer.language not in (now.language, *now.waiting)]
    there = {"en"} | {offer.language for offer in offers}
    return Together(
        tags=[offer.language for offer in found],
        names=ui.listed([ui.language_name(offer.language) for offer in found]),
        size=_megabytes(sum(offer.light for offer in found)),
        licences=", ".join(sorted({offer.licence for offer in found})),
        absent=ui.listed([ui.language_name(tag) for tag in UNITED_NATIONS if tag not in there]),
    )


def ways_from(
    reach: Reach, route: Callable[[str, str], Route | None], offers: Sequence[LanguageOffer], ui: Catalogue
) -> list[WaysFrom]:
    """The pairs of languages that can be translated now, by their names in the page's language, and what `offers` has
    that would be better.
    """
    known = {offer.language: offer for offer in offers}
    found = [
        WaysFrom(
            source=ui.language_name(source),
            rows=sorted(
                (_way_row(way, known, ui) for target in targets if (way := route(source, target)) is not None),
                key=lambda row: row.target.casefold(),
            ),
        )
        for source, targets in reach.ways.items()
    ]
    return sorted(found, key=lambda each: each.source.casefold())


def _way_row(way: Route, offers: Mapping[str, LanguageOffer], ui: Catalogue) -> WayRow:
    ends = [offers[tag] for tag in (way.hops[0].source, way.hops[-1].target) if tag in offers]
    # One model for the whole way is hardly bettered by another one of the same kind.
    roundabout = way.rough or len(way.hops) > 1

    def listed(found: Iterable[LanguageOffer]) -> str:
        return ui.listed([ui.language_name(offer.language) for offer in found])

    return WayRow(
        target=ui.language_name(way.hops[-1].target),
        through=ui.listed([ui.language_name(hop.target) for hop in way.hops[:-1]]),
        engines=", ".join(f"{hop.engine} {hop.version}" for hop in way.hops),
        score=way.score,
        quality="" if way.score is None else format_decimal(way.score.chrf2, locale=ui.language),
        rough=way.rough,
        to_add=listed(offer for offer in ends if roundabout and not offer.here),
        to_better=listed(offer for offer in ends if offer.here and offer.better),
    )


def _megabytes(size: int) -> str:
    return str(-(-size // 1_000_000))
