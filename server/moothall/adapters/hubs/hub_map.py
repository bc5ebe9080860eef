"""The map of hubs, and what their countries are called in the languages of the pages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from babel import Locale
from markupsafe import Markup

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogue
from moothall.adapters.pages.static_files import StaticFiles
from moothall.core.hubs.entry import Details, Hub
from moothall.core.hubs.places import Gazetteer, read_places
from moothall.core.pictures.world import Dot, world_map

LAND = "map/land.svg"
"""The shape of all land; `web/map/README.md` says whose it is."""


class HubMap:
    """Draws where hubs are. Those that can't be found stand in the list alone."""

    def __init__(self, gazetteer: Gazetteer, static: StaticFiles) -> None:
        self._gazetteer = gazetteer
        self._land = f"{static.address(LAND)}#land"

    def svg(self, hubs: Iterable[Hub], ui: Catalogue) -> Markup:
        """The map; empty where none of the hubs is found."""
        dots = []
        for hub in hubs:
            place = self._gazetteer.locate(hub.details.city, hub.details.country)
            if place is not None:
                said = (hub.title, hub.details.city, self.country(hub.details, ui))
                dots.append(Dot(place, ", ".join(f"\u2068{each}\u2069" for each in said if each)))
        return Markup(world_map(dots, self._land))  # noqa: S704  # made of numbers and escaped texts by core.pictures

    def country(self, details: Details, ui: Catalogue) -> str:
        """What a hub's country is called in the language of `ui`; as it was written where it isn't known."""
        code = self._gazetteer.country(details.country)
        if code is None:
            return details.country
        return self._gazetteer.name(code, ui.language) or str(ui.locale.territories.get(code, details.country))


@lru_cache(maxsize=2)
def read_gazetteer(text: str, source: str) -> Gazetteer:
    """A table of places out of TOML, with the names of its countries in the languages of the pages.

    Kept, as catalogues are: a hub may run beside a server, and tests start hundreds; reading it was a third of a start.
    Raises ConfigurationError that names `source`.
    """
    table = read_places(text, source)
    return Gazetteer(table, {code: _names(code) for code in table.countries})


@cache
def _names(code: str) -> tuple[str, ...]:
    """What a country is called in the languages of the pages. Bound: the countries of the table."""
    return tuple(str(name) for language in LANGUAGES if (name := Locale.parse(language).territories.get(code)))
