from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogue
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.styles.staff_styles import StaffStyleDoor
from moothall.core.hubs.entry import Hub
from moothall.services.control.standing import Standing

PAGES = Pages(find_web_folder())


async def shown(part: str, language: str) -> str:
    app = web.Application()
    app.add_routes(StaffStyleDoor(PAGES, served=True).routes())
    address = f"/about/style/{part}?ui={language}&theme=blue"
    async with TestClient(TestServer(app)) as client, client.get(address) as answer:
        assert answer.status == 200
        text = await answer.text()
    assert 'data-theme="blue"' in text
    assert len(re.findall(r'<ul class="tabs">.*?</ul>', text, re.DOTALL)[0].split("<li>")) == 10, "the frame's tabs"
    return text


def data_of(text: str) -> dict[str, object]:
    found = re.search(r'id="Data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    told: dict[str, object] = json.loads(found[1])
    return told


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_control_room_has_a_tile_in_each_state_and_each_kind_of_chart(language: str) -> None:
    text = await shown("control", language)
    cards = data_of(text)["cards"]
    assert isinstance(cards, list)
    assert {card["stands"] for card in cards} == {*Standing} - {Standing.CLOSED}, "no tile is of a closed meeting"
    assert re.findall(r'id="Tile-(\w+)"', text) == [card["key"] for card in cards]
    assert text.count("<table>") == 3
    assert {*re.findall(r'<svg class="picture (\w+)"', text)} == {"bars", "lines"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_discussion_has_a_turn_and_rows_in_each_panel(language: str) -> None:
    text = await shown("questions", language)
    news = data_of(text)["news"]
    assert isinstance(news, dict)
    assert news["called"] == "q1"
    assert news["turn"] is not None
    assert {row["status"] for row in news["items"]} == {"called", "being-checked", "queued", "answered", "later"}
    assert re.findall(r'class="panel" id="(\w+)"', text) == ["Called", "Checked", "Queued", "Answered", "Others"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_desk_has_lines_with_words_in_doubt(language: str) -> None:
    told = data_of(await shown("text", language))
    certain, snapshot = told["certain"], told["snapshot"]
    assert isinstance(certain, dict)
    assert isinstance(snapshot, dict)
    lines = {line["segment"]: line for line in snapshot["lines"]}
    for segment, words in certain.items():
        assert "".join(text for text, _ in words) == lines[segment]["text"]
        assert {p for _, p in words} >= {0.3}
    assert sum(line["t1"] is None for line in lines.values()) == 1


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_timetable_has_each_kind_of_cell(language: str) -> None:
    text = await shown("timetable", language)
    assert {*re.findall(r'class="meeting" data-kind="(\w+)"', text)} == {"live", "idle", "cancelled", "break"}
    assert 'rowspan="2"' in text
    assert re.search(r'<td [^>]*class="free"', text)
    assert 'class="clash"' in text


def test_they_are_served_only_where_the_setting_says_so() -> None:
    assert StaffStyleDoor(PAGES, served=False).routes() == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_forms_have_what_warns_what_destroys_and_each_verdict_of_a_microphone(language: str) -> None:
    text = await shown("forms", language)
    verdicts = set(re.findall(r'class="verdict" data-kind="(\w+)"', text))
    assert verdicts == {"off", "waiting", "dead", "hum", "quiet", "loud", "ready"}
    assert text.count('role="meter"') == 3
    for part in ("warning", "saved", "hint", "grave", "badge", "held", "big stop"):
        assert f'class="{part}"' in text, part


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_captioner_has_a_field_in_each_state_and_the_podium_its_buttons(language: str) -> None:
    text = await shown("caption", language)
    assert re.findall(r'id="Field-(\w+)"', text) == ["yours", "apart", "off", "heard"]
    assert text.count('class="compose"') == 1, "the others are copies of it"
    text = await shown("podium", language)
    for part in ("Now", "Timer", "Taken", "Answered", "Later", "Next"):
        assert f'id="{part}"' in text, part


async def test_the_map_has_those_groups_whose_place_is_known() -> None:
    drawn = list[str]()

    def map_of(hubs: Iterable[Hub], _: Catalogue) -> str:
        drawn.extend(hub.details.city for hub in hubs)
        return "a map"

    app = web.Application()
    app.add_routes(StaffStyleDoor(PAGES, served=True, map_of=map_of).routes())
    async with TestClient(TestServer(app)) as client, client.get("/about/style/control") as answer:
        assert '<figure class="map">' in await answer.text()
    assert {"Nairobi", "Suva"} <= {*drawn}
