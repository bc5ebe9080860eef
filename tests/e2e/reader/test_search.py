"""A newcomer finds in another language what somebody said, and comes to the line, without and with scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from integration.search.test_search import LINES, meeting, settings
from moothall.app.hall import hall

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("scripts", [False, True])
async def test_from_the_front_page_to_the_line(browser: Browser, tmp_path: Path, scripts: bool) -> None:
    async with hall(settings(tmp_path)) as running:
        await meeting(running, "forum", *(f"Line number {n}." for n in range(250)), *LINES)
        context = await browser.new_context(java_script_enabled=scripts, viewport={"width": 320, "height": 640})
        page = await context.new_page()
        await page.goto(f"{running.address}/?ui=fr")
        await page.get_by_role("link", name="Rechercher dans ce qui a été dit").click()
        await page.get_by_role("searchbox").fill("fosse numerique")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=2)).to_have_text("1 ligne trouvée")
        await expect(page.locator("mark")).to_have_text(["fossé", "numérique"])
        await page.get_by_role("heading", level=3).get_by_role("link").click()
        await expect(page.locator("#l251")).to_be_in_viewport()
        await expect(page.locator("#l251")).to_contain_text("Le fossé numérique est large.")
        assert "ui=fr" in page.url
        await context.close()
