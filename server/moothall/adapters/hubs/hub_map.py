"""The map of hubs, and the names of their countries in the languages of the pages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from babel import Locale
from markupsafe import Markup

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogue
from moothall.adapters.pages.static_files import StaticFiles
from moothall.core.hubs.entry import Details, Hub
from moothall.core.hubs.gazetteer import Gazetteer, read_places
from moothall.core.pictures.world import Dot, world_map

LAND = "map/land.svg"
"""The outline of all land; `web/map/README.md` names its source."""


class HubMap:
    """Draws the map of hubs. Hubs that can't be located appear only in the list."""

    def __init__(self, gazetteer: Gazetteer, static: StaticFiles) -> None:
        self._gazetteer = gazetteer
        self._land = f"{static.address(LAND)}#land"

    def svg(self, hubs: Iterable[Hub], ui: Catalogue) -> Markup:
        """The map as SVG; empty where no hub can be located."""
        dots = []
        for hub in hubs:
            place = self._gazetteer.locate(hub.details.city, hub.details.country)
            if place is not None:
                said = (hub.title, hub.details.city, self.country(hub.details, ui))
                dots.append(Dot(place, ", ".join(f"\u2068{each}\u2069" for each in said if each)))
        return Markup(world_map(dots, self._land))  # noqa: S704  # core.pictures makes it of numbers and escaped texts

    def country(self, details: Details, ui: Catalogue) -> str:
        """The name of a hub's country in the language of `ui`; as somebody wrote it where the country isn't
        recognised.
        """
        code = self._gazetteer.country(details.country)
        if code is None:
            return details.country
        return self._gazetteer.name(code, ui.language) or str(ui.locale.territories.get(code, details.country))


@lru_cache(maxsize=2)
def read_gazetteer(text: str, source: str) -> Gazetteer:
    """Parse a TOML table of places, and add the names of its countries in the languages of the pages.

    Cached, as catalogues are: a hub may run beside a server, and tests start hundreds; parsing took a third of a start.
    Raises ConfigurationError that names `source`.
    """
    table = read_places(text, source)
    return Gazetteer(table, {code: _names(code) for code in table.countries})


@cache
def _names(code: str) -> tuple[str, ...]:
    """A country's names in the languages of the pages. Bound: the countries of the table."""
    return tuple(str(name) for language in LANGUAGES if (name := Locale.parse(language).territories.get(code)))
