from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.presence_texts import TURN_MS, alone, hub_name, took_part, with_us
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.hubs.presence import HubNow, Hubs

CATALOGUES = Catalogues(find_web_folder() / "locales")
EN = CATALOGUES["en"]


def hub(title: str, people: int | None = None, *, here: bool = True) -> HubNow:
    return HubNow(title=title, people=people, most=people or 0, here=here, since=0)


HUBS: Hubs = {
    "north": hub("North"),
    "north.kisumu": hub("Kisumu", 23),
    "lima": hub("Lima", 1, here=False),
}


def bare(text: str) -> str:
    return text.replace("\u2068", "").replace("\u2069", "")


def test_one_below_another_is_called_by_way_of_it() -> None:
    titles = {name: each.title for name, each in HUBS.items()}
    assert bare(hub_name("north", titles, EN)) == "North"
    assert bare(hub_name("north.kisumu", titles, EN)) == "Kisumu, by way of North"
    assert bare(hub_name("north.kisumu.port", titles, EN)) == "port, by way of Kisumu, by way of North"


def test_who_took_part_is_said_with_the_most_that_were_counted() -> None:
    said = "Groups that take part: North · Kisumu, by way of North (23 people) · Lima (1 person)"
    assert bare(took_part(HUBS, EN)) == said
    assert took_part({}, EN) == ""


def test_a_wall_shows_those_that_are_there_one_after_another() -> None:
    shown = [bare(with_us(HUBS, EN, TURN_MS * n)) for n in range(3)]
    assert shown == ["North is with us", "Kisumu is with us: 23 people", "North is with us"]
    assert with_us({"lima": HUBS["lima"]}, EN, 0) == with_us({}, EN, 0) == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("people", [1, 2, 3, 11, 23, 100])
def test_in_every_language_the_number_stands_or_is_said(language: str, people: int) -> None:
    text = with_us({"kisumu": hub("Kisumu", people)}, CATALOGUES[language], 0)
    assert alone("Kisumu") in text
    assert str(people) in text or people < 3
