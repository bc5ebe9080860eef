from __future__ import annotations

import re

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import HUB_LINE
from moothall.adapters.styles.style_lists import HUB_LINES, StyleListsDoor
from moothall.core.sessions.state import Status
from support.browser.style_views import shown

PAGES = Pages(find_web_folder())
DOOR = StyleListsDoor(PAGES, served=True)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_agenda_has_a_meeting_in_each_state(language: str) -> None:
    texts = await shown(DOOR, {name: f"agenda/{name}?ui={language}" for name in ("meetings", "none")})
    meetings = texts["meetings"]
    assert {*re.findall(r'<li id="\w+" data-status="(\w+)"', meetings)} == {*Status} - {Status.ABSENT}
    assert meetings.count(' class="cancelled"') == 1
    for part in ("written", "changes", "access", "ics"):
        assert f'class="{part}"' in meetings, part
    assert '<div class="nothing">' in texts["none"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_search_finds_something_or_nothing(language: str) -> None:
    asked = {"form": "", "found": "&q=found", "chosen": "&q=chosen&room=a&page=2", "nothing": "&q=nothing"}
    texts = await shown(DOOR, {name: f"search?ui={language}{query}" for name, query in asked.items()})
    assert 'id="Found"' not in texts["form"]
    assert texts["found"].count("<mark>") == 5, "one for each source, and what is similar"
    assert 'class="chosen"' in texts["chosen"]
    assert 'rel="prev"' in texts["chosen"]
    assert '<p class="nothing">' in texts["nothing"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_status_bar_of_a_hub_has_each_kind(language: str) -> None:
    texts = await shown(DOOR, {name: f"hub-line/{name}?ui={language}" for name in HUB_LINES})
    kinds = {name: re.findall(r'id="HubLine" data-kind="([\w-]+)"', text) for name, text in texts.items()}
    assert kinds == {**{name: [name] for name in (*HUB_LINE, "lost")}, "missed": ["good"]}
    assert "14:02" in texts["down"]
    assert 'id="HubMissed" hidden' in texts["good"]
    assert 'id="HubMissed" data-end' in texts["missed"]


async def test_there_is_no_other_page() -> None:
    assert await shown(DOOR, {"": "hub-line/nothing"}, status=404)


def test_they_are_served_only_where_the_setting_says_so() -> None:
    assert StyleListsDoor(PAGES, served=False).routes() == []
