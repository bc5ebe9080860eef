"""Coordinates of hubs, from the city and country that the secretariat has noted.

The table (`config/places.toml`) has a point for each country and for some cities. Anything else has no coordinates:
nothing is guessed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.pictures.world import EarthPoint

MOST_BYTES = 1 << 20
"""Bytes of a table."""
_Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
_Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_WHAT_FITS = (
    'A table of places has [countries] such as KE = {at = [-1.29, 36.82], capital = "Nairobi"}, [names.KE] by '
    "language, and [[cities]] with name, country and at: degrees to the north and to the east."
)


class _Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: tuple[_Latitude, _Longitude]
    capital: _Name | None = None
    also: tuple[_Name, ...] = ()


class _City(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name
    country: _Code
    at: tuple[_Latitude, _Longitude]


class PlaceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table as it is written. Countries have their ISO 3166 code."""

    countries: dict[_Code, _Country] = {}
    names: dict[_Code, dict[str, _Name]] = {}
    """Countries' names by language, where they differ from those of the CLDR."""
    cities: tuple[_City, ...] = ()


def read_places(text: str, source: str) -> PlaceTable:
    """Decode a table from TOML. Raises ConfigurationError with a sentence that names `source`."""
    try:
        table = msgspec.convert(read_toml(text), PlaceTable)
    except (Unreadable, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{source} is no table of places: {error}. {_WHAT_FITS}") from error
    unknown = {*table.names, *(city.country for city in table.cities)} - table.countries.keys()
    if unknown:
        named = ", ".join(sorted(unknown))
        raise ConfigurationError(f"{source} names countries that are not among its [countries]: {named}. {_WHAT_FITS}")
    return table


class Gazetteer:
    """Finds countries and cities by the names that people write."""

    def __init__(self, table: PlaceTable, names: Mapping[str, Iterable[str]]) -> None:
        """`names`: further names of the table's countries, by code."""
        self._table = table
        self._codes: dict[str, str] = {}
        # Names in the table take precedence over those in `names`.
        for code, country in table.countries.items():
            for name in (code, *country.also, *table.names.get(code, {}).values()):
                self._codes.setdefault(folded(name), code)
        for code in table.countries:
            for name in names.get(code, ()):
                self._codes.setdefault(folded(name), code)
        self._cities: dict[str, dict[str, EarthPoint]] = {}
        """The points of cities, by folded name and then by country."""
        for city in table.cities:
            self._cities.setdefault(folded(city.name), {})[city.country] = EarthPoint(*city.at)
        for code, country in table.countries.items():
            if country.capital is not None:
                self._cities.setdefault(folded(country.capital), {}).setdefault(code, EarthPoint(*country.at))

    def country(self, name: str) -> str | None:
        """The code of the country with this name; None when the name is unknown or empty."""
        return self._codes.get(folded(name))

    def name(self, code: str, language: str) -> str | None:
        """The table's name of a country in a language; None when it has none."""
        return self._table.names.get(code, {}).get(language)

    def locate(self, city: str, country: str) -> EarthPoint | None:
        """The point of a city, or else of its country; None when both are unknown. Without a country only a city with a
        unique name is found.
        """
        known, code = self._cities.get(folded(city), {}), self.country(country)
        if code is not None:
            return known.get(code) or EarthPoint(*self._table.countries[code].at)
        return next(iter(known.values())) if len(known) == 1 and not country.strip() else None


def folded(name: str) -> str:
    """A name without what people write in different ways: case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(each for each in plain if each.isalnum())
