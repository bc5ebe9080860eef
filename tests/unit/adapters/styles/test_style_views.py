from __future__ import annotations

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.styles.style_lists import AGENDAS, HUB_LINES, SEARCHES, StyleListsDoor
from moothall.adapters.styles.style_proposals import CHECKS, LINKS, OWN_WORDS, StyleProposalsDoor
from moothall.adapters.styles.style_records import RECORDS, StyleRecordsDoor
from moothall.adapters.styles.style_views import GROUPS, OVERLAYS, PAPERS, READERS, WALLS, WIDE, StyleViewsDoor

PAGES = Pages(find_web_folder())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_view_is_shown_in_a_frame_without_its_scripts(language: str) -> None:
    app = web.Application()
    for door in (StyleViewsDoor, StyleListsDoor, StyleRecordsDoor, StyleProposalsDoor):
        app.add_routes(door(PAGES, served=True).routes())
    async with TestClient(TestServer(app)) as client:
        frames: list[str] = []
        for which in ("", "lists", "proposals"):
            async with client.get(f"/about/style/views?ui={language}&theme=dark&of={which}") as answer:
                frames += re.findall(r'<iframe class="[\w ]+" src="([^"]+)"', await answer.text())
        lists = (
            WALLS,
            OVERLAYS,
            READERS,
            GROUPS,
            PAPERS,
            HUB_LINES,
            AGENDAS,
            SEARCHES,
            RECORDS,
            CHECKS,
            OWN_WORDS,
            LINKS,
        )
        assert len(frames) == sum(map(len, lists)) + len(WIDE)
        for address in frames:
            async with client.get(address.replace("&amp;", "&")) as answer:
                text = await answer.text()
                policy = answer.headers["Content-Security-Policy"]
            assert answer.status == 200
            assert f'lang="{language}"' in text
            assert "<script" not in text
            assert "frame-ancestors 'self'" in policy
            if "overlay" not in address:
                assert 'data-theme="dark"' in text, address


async def test_the_views_are_in_the_states_that_they_name() -> None:
    async def shown(client: TestClient[web.Request, web.Application], path: str) -> str:
        async with client.get(f"/about/style/views/{path}") as answer:
            return await answer.text()

    app = web.Application()
    app.add_routes(StyleViewsDoor(PAGES, served=True).routes())
    async with TestClient(TestServer(app)) as client:
        kinds = [
            re.findall(r'id="State" data-kind="([\w-]+)"', await shown(client, f"wall/{name}"))[0] for name in WALLS
        ]
        assert kinds == ["live", "live", "live", "break", "live", "before", "cancelled", "closed"]
        assert "Question no. 1" in await shown(client, "wall/question")
        assert 'class="hands"' in await shown(client, "wall/hands")
        assert '<p class="view banner" id="NotRecorded">' in await shown(client, "wall/not-recorded")
        side = await shown(client, "overlay/question?preset=side")
        assert '--back: 85%"' in side
        assert "Amina Diallo" in side
        assert "remote, in English" in await shown(client, "reader/remote")
        assert 'aria-pressed="true"' in await shown(client, "reader/supported")
        acts = await shown(client, "reader/acts")
        assert 'class="place line' in acts
        assert 'id="Jump" hidden' not in acts
        assert (await shown(client, "reader/chapters")).count("<details open>") == 2
        assert "Now: it is your turn" in await shown(client, "reader/turn")
        beside = await shown(client, "reader/beside")
        assert 'data-show="side"' in beside
        assert (beside.count('class="original" lang="fr"'), beside.count("Being translated")) == (3, 1)
        missed = (await shown(client, "reader/missed")).partition('id="MissedHere">')[2].partition("</details>")[0]
        parts = ["Speaking now", "Now being asked", "Said last", "What happened"]
        assert re.findall("<h2>(.*)</h2>", missed) == parts
        assert 'id="VoiceOn">Stop reading<' in await shown(client, "reader/voice")
        assert 'class="away">' in await shown(client, "reader/away")
        assert 'class="side sheet open"' in await shown(client, "reader/sheet")
        assert 'data-good="no" data-kind="lost"' in await shown(client, "group/lost")
        assert (await shown(client, "sheets/a4")).count('class="qr"') == 3


def test_they_are_served_only_where_the_setting_says_so() -> None:
    assert StyleViewsDoor(PAGES, served=False).routes() == []
