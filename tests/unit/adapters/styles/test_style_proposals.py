from __future__ import annotations

import re

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.styles.style_proposals import CHECKS, LINKS, OWN_WORDS, StyleProposalsDoor
from moothall.core.proposals.own_words import OwnFate
from support.browser.style_views import shown

PAGES = Pages(find_web_folder())
DOOR = StyleProposalsDoor(PAGES, served=True)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_for_checking_has_rows_proposals_a_refusal_or_nothing_left(language: str) -> None:
    texts = await shown(DOOR, {name: f"check/{name}?ui={language}" for name in CHECKS})
    rows = {name: text.partition('<ol id="ToCheck"')[2].count("<li id=") for name, text in texts.items()}
    assert rows == {"lines": 6, "refused": 6, "proposals": 6, "done": 0}
    assert 'role="alert"' in texts["refused"]
    assert texts["proposals"].count('<li id="Proposal') == 2
    assert ('<bdi class="unsure"' in texts["lines"]) == (language != "zh"), "no spaces tell words there"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_own_words_have_a_proposal_of_each_fate(language: str) -> None:
    texts = await shown(DOOR, {name: f"own-words/{name}?ui={language}" for name in OWN_WORDS})
    fates = {name: {*re.findall(r'class="proposed" data-fate="(\w+)"', text)} for name, text in texts.items()}
    assert fates == {"early": set(), "none": set(), **{key: {*OwnFate} for key in ("open", "refused", "over")}}
    assert 'value="propose"' in texts["open"]
    assert 'value="propose"' not in texts["early"] + texts["over"]
    assert 'role="alert"' in texts["refused"]
    assert '<p class="warning">' in texts["open"], "a line was mended since"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_links_to_own_words_are_there_made_refused_or_for_nobody(language: str) -> None:
    texts = await shown(DOOR, {name: f"speaker-links/{name}?ui={language}" for name in LINKS})
    assert {name: text.count('value="make"') for name, text in texts.items()} == {
        **dict.fromkeys(("there", "made", "refused"), 2),
        "none": 0,
    }
    assert texts["there"].count('value="revoke"') == 1
    assert "https://moothall.example/own-words/style/enter/" in texts["made"]
    assert 'role="alert"' in texts["refused"]


def test_they_are_served_only_where_the_setting_says_so() -> None:
    assert StyleProposalsDoor(PAGES, served=False).routes() == []
