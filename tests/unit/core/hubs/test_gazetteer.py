"""The locations of hubs, found from written cities and countries."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.hubs.gazetteer import Gazetteer, folded, read_places
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.pictures.world import EarthPoint

TABLE = """
[countries]
KE = {at = [-1.29, 36.82], capital = "Nairobi"}
CI = {at = [6.83, -5.29], capital = "Yamoussoukro", also = ["Ivory Coast"]}
CR = {at = [9.93, -84.08], capital = "San José"}
US = {at = [38.91, -77.04]}
[names.CI]
en = "Côte d\u2019Ivoire"
[[cities]]
name = "Kisumu"
country = "KE"
at = [-0.09, 34.77]
[[cities]]
name = "San Jose"
country = "US"
at = [37.34, -121.89]
"""
NAIROBI, KISUMU = EarthPoint(-1.29, 36.82), EarthPoint(-0.09, 34.77)
GAZETTEER = Gazetteer(read_places(TABLE, "places.toml"), {"KE": ("Kenya", "كينيا"), "XX": ("Nowhere",)})


@pytest.mark.parametrize(
    ("city", "country", "found"),
    [
        ("Kisumu", "Kenya", KISUMU),
        ("KISUMU ", "كينيا", KISUMU),
        ("Nairobi", "ke", NAIROBI),
        ("Garissa", "Kenya", NAIROBI),
        ("", "Kenya", NAIROBI),
        ("Kisumu", "", KISUMU),
        ("Kisumu", "Atlantis", None),
        ("", "Atlantis", None),
        ("", "", None),
        ("", "Nowhere", None),
        ("San José", "Costa Rica", None),
        ("San José", "CR", EarthPoint(9.93, -84.08)),
        ("San José", "US", EarthPoint(37.34, -121.89)),
        ("San José", "", None),
        ("Abidjan", "COTE D'IVOIRE", EarthPoint(6.83, -5.29)),
        ("", "ivory coast", EarthPoint(6.83, -5.29)),
    ],
)
def test_a_place_is_found_by_what_is_written_and_never_guessed(
    city: str, country: str, found: EarthPoint | None
) -> None:
    assert GAZETTEER.locate(city, country) == found


def test_names_of_countries_are_the_tables_own() -> None:
    assert GAZETTEER.country("Côte d'Ivoire") == "CI"
    assert GAZETTEER.name("CI", "en") == "Côte d\u2019Ivoire"
    assert GAZETTEER.name("CI", "fr") is None
    assert GAZETTEER.name("KE", "en") is None


def test_names_are_compared_without_case_accents_and_signs() -> None:
    assert folded("Côte d\u2019Ivoire") == folded(" COTE D'IVOIRE ") == "cotedivoire"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[countries", "is no table of places"),
        ("[countries]\nKE = {at = [91, 0]}", "is no table of places"),
        ("[countries]\nkenya = {at = [1, 0]}", "is no table of places"),
        ("[countries]\nKE = {at = [1, 0], colour = 1}", "is no table of places"),
        ("[names.KE]\nen = 'Kenya'", "names countries that are not among its"),
        ("[[cities]]\nname = 'Kisumu'\ncountry = 'KE'\nat = [0, 34]", "KE"),
    ],
)
def test_a_table_that_is_wrong_is_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_places(text, "places.toml")


def test_the_table_that_is_shipped_has_the_members_and_observers_of_the_united_nations() -> None:
    shipped = Path(__file__).parents[4] / "config" / "places.toml"
    table = read_places(shipped.read_text("utf-8"), shipped.name)
    assert len(table.countries) == 193 + 2
    assert all(names.keys() == {"ar", "zh", "en", "fr", "ru", "es", "pt"} for names in table.names.values())
