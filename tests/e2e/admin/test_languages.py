"""The page on which the secretariat adds languages shows how far it is, and then that the language is here."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.services.translation.adding import AddingLanguages
from moothall.testing.language_store import MemoryLanguageStore
from support.desks.admin import admin_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_it_is_seen_how_far_a_language_is_and_when_it_is_here(page: Page, tmp_path: Path) -> None:
    store = MemoryLanguageStore("ar", "fr", "ru")
    store.better, store.quick = 62_000_000, True
    async with admin_house(tmp_path) as house:
        house.running.translation.adding = orders = AddingLanguages(store)
        working = asyncio.ensure_future(orders.run())
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        await page.goto(link)
        await page.goto(f"{house.running.address}/admin/languages")
        untried = page.get_by_text("First use of this source")
        await expect(untried).to_be_visible()
        await page.get_by_role("button", name="Look which languages there are").click()
        await expect(page.get_by_text("The list is being fetched")).to_be_visible()
        store.steps.release()
        await page.get_by_role("button", name="Add French").click()
        bar = page.get_by_role("progressbar", name="Being added: French")
        await expect(bar).to_be_visible()
        store.steps.release()
        await expect(page.locator("#Bytes")).to_have_text("10 of 32 MB")
        assert await bar.evaluate("bar => [bar.value, bar.max]") == [10_000_000, 31_500_000]
        store.steps.release()
        store.steps.release()
        await expect(page.get_by_role("row", name="French")).to_contain_text("Is here")
        await expect(untried, "it went well").to_have_count(0)
        tests = page.get_by_role("progressbar", name="The translations are being tested")
        await expect(tests).to_be_visible()
        store.steps.release()
        store.steps.release()
        await expect(page.locator("#Bytes")).to_have_text("1 of 2")
        assert await tests.evaluate("bar => [bar.value, bar.max]") == [1, 2]
        store.steps.release()
        await expect(page.get_by_role("progressbar")).to_have_count(0)
        assert store.tested == [("fr",)]
        french = page.get_by_role("row", name="French")
        await expect(french).to_contain_text("Better models: about 62 MB. This machine is quick enough for them.")
        await page.get_by_role("button", name="Take better models French").click()
        await expect(bar).to_be_visible()
        for _ in range(6):
            store.steps.release()
        await expect(french).to_contain_text("Is here")
        await expect(page.get_by_role("progressbar")).to_have_count(0)
        await expect(page.get_by_text("Better models")).to_have_count(0)
        assert store.added == ["fr", "better fr"]
        await page.get_by_role("button", name="Add all of these").click()
        whole = page.get_by_role("progressbar", name="All together: 0 of 2 languages, 0 of 63 MB")
        await expect(whole).to_be_visible()
        store.steps.release()
        await expect(page.locator("#Of")).to_have_text("All together: 0 of 2 languages, 10 of 63 MB")
        assert await page.locator("#Whole").evaluate("bar => [bar.value, bar.max]") == [10_000_000, 63_000_000]
        store.fails = "The download broke off."
        store.steps.release()
        said = ["It did not work, and can be tried again.", "Arabic was not added:", "The download broke off."]
        await expect(page.get_by_role("alert").locator("p")).to_have_text(said)
        await expect(page.locator("#Of")).to_have_text("All together: 1 of 2 languages, 32 of 63 MB")
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
