from __future__ import annotations

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.styles.style_page import STATES, StyleDoor

PAGES = Pages(find_web_folder())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_state_and_kind_of_line_is_shown(language: str) -> None:
    app = web.Application()
    app.add_routes(StyleDoor(PAGES, served=True).routes())
    async with TestClient(TestServer(app)) as client, client.get(f"/about/style?ui={language}&theme=blue") as answer:
        text = await answer.text()
    assert 'data-theme="blue"' in text
    assert re.findall(r'class="state" data-kind="([\w-]+)"', text) == [
        *(kind for kind, _ in STATES),
        "off",
        "cancelled",
        "good",
        "off",
    ]
    assert {kind for kind, _ in STATES} >= {"live", "break", "lost", "closed", "silence-since"}
    assert set(re.findall(r'data-mark="(\d)"', text)) == set("012345")
    assert set(re.findall(r'data-origin="(\w+)"', text)) >= {"machine", "person", "interpreter"}
    assert ("<u>" in text) == (language != "zh"), "words in doubt; no spaces tell them there"
    for part in ("gap", "waiting", "unsaved", "unrecorded", "raised", "banner", "original", "tongues"):
        assert re.search(rf'class="(line )?{part}["\s]', text), part


def test_it_is_served_only_where_the_setting_says_so() -> None:
    assert StyleDoor(PAGES, served=False).routes() == []
