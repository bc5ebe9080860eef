from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.styles.style_records import RECORDS, StyleRecordsDoor
from support.browser.style_views import shown

PAGES = Pages(find_web_folder())
DOOR = StyleRecordsDoor(PAGES, served=True)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_page_of_a_record_is_in_the_state_that_it_names(language: str) -> None:
    texts = await shown(DOOR, {name: f"record/{name}?ui={language}" for name in RECORDS})
    assert texts["versions"].count("<h2><a href=") == 3, "two versions and the text now"
    assert "<h2><a href=" not in texts["versions-none"]
    assert texts["version"].count('<li class="line') == 4
    assert "<ins>" in texts["comparison"]
    assert texts["line-mended"].count('<li>\n<p class="facts">') == 5, "four texts, and one that was declined"
    assert 'class="fate"' in texts["line-struck"]
    fates = {name: text.partition('data-fate="')[2].partition('"')[0] for name, text in texts.items()}
    assert fates["quotation"] == ""
    assert fates["quotation-mended"] == "changed"
    assert fates["quotation-some-removed"] == fates["quotation-removed"] == "removed"
    assert "<blockquote" in texts["quotation-some-removed"]
    assert "<blockquote" not in texts["quotation-removed"]


async def test_there_is_no_other_page() -> None:
    assert await shown(DOOR, {"": "record/nothing"}, status=404)


def test_they_are_served_only_where_the_setting_says_so() -> None:
    assert StyleRecordsDoor(PAGES, served=False).routes() == []
