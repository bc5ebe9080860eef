"""The map of hubs, and the names of its countries."""

from __future__ import annotations

from pathlib import Path

from moothall.adapters.hubs.hub_map import HubMap, read_gazetteer
from moothall.adapters.hubs.view import place
from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.static_files import StaticFiles, find_web_folder
from moothall.core.hubs.entry import Details, Hub
from moothall.core.hubs.gazetteer import read_places

WEB = find_web_folder()
UI = Catalogues(WEB / "locales")
TEXT = (Path(__file__).parents[4] / "config" / "places.toml").read_text("utf-8")
TABLE = read_places(TEXT, "places.toml")
WORLD = HubMap(read_gazetteer(TEXT, "places.toml"), StaticFiles(WEB))


def hub(title: str, city: str = "", country: str = "") -> Hub:
    return Hub(name="h", title=title, link="l", details=Details(city=city, country=country))


def test_a_hub_that_is_found_is_a_dot_and_one_that_is_not_is_none() -> None:
    made = WORLD.svg([hub("Kisumu & <Library>", "Kisumu", "Kenya"), hub("Elsewhere", "Atlantis")], UI["fr"])
    assert made.count("<circle") == 1
    assert "<title>\u2068Kisumu &amp; &lt;Library&gt;\u2069, \u2068Kisumu\u2069, \u2068Kenya\u2069</title>" in made
    assert "/map/land.svg#land" in made
    assert WORLD.svg([hub("Elsewhere")], UI["en"]) == ""


def test_countries_are_called_as_the_united_nations_call_them_where_the_table_says_so() -> None:
    assert WORLD.country(Details(country="Suisse"), UI["en"]) == "Switzerland"
    assert WORLD.country(Details(country="Turkey"), UI["en"]) == "Türkiye"
    assert WORLD.country(Details(country="Russia"), UI["fr"]) == "Fédération de Russie"
    assert WORLD.country(Details(country="Atlantis"), UI["en"]) == "Atlantis"
    assert WORLD.country(Details(), UI["en"]) == ""


def test_every_country_of_the_table_is_found_by_its_name_in_every_language() -> None:
    for code in TABLE.countries:
        for language in LANGUAGES:
            name = WORLD.country(Details(country=code), UI[language])
            assert name not in ("", code), (code, language)
            assert WORLD.country(Details(country=name), UI[language]) == name, (code, language)


def test_a_place_has_its_country_in_the_readers_language() -> None:
    assert place(hub("K", "Kisumu", "Kenya"), "كينيا") == "Kisumu, كينيا"
    assert place(hub("K", "Kisumu", "Kenya")) == "Kisumu, Kenya"
