"""A call in three languages, from the first proposal to the page of the meeting that is to answer it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from support.desks.admin import admin_house, make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WATER = "Who pays for the last mile to the villages?"
PROPOSED = (
    ("en", WATER),
    ("es", "¿Quién paga la última milla?"),
    ("ar", "من يدفع ثمن الميل الأخير؟"),
)


async def test_a_proposal_is_supported_joined_and_selected_and_its_meeting_shows_it(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with admin_house(tmp_path) as house:
        address = house.running.address
        await make(await house.secretary())
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        await page.goto(link)
        await page.goto(f"{address}/admin/policy")
        await page.get_by_text("A new call").click()
        await page.fill("#CallTitle", "What shall we ask?")
        await page.fill("#CallText", "Propose what the meetings are to answer.")
        await page.get_by_role("button", name="Make the call").click()
        await page.get_by_role("link", name="The call as everybody sees it").click()
        call = page.url.split("?")[0]
        name = call.rpartition("/")[2]

        for language, text in PROPOSED:
            visitor = await browser.new_context()
            form = await visitor.new_page()
            await form.goto(f"{call}?ui={language}")
            await form.fill("#Text", text)
            await form.select_option("#Language", language)
            await form.click("#Proposing button.main")
            await form.wait_for_url("**/asked/**")
            await visitor.close()

        # The desk of questions publishes them.
        await page.goto(f"{address}/moderate/{name}")
        for n in range(len(PROPOSED)):
            await page.locator("#Checked").get_by_role("button", name="Approve").first.click()
            await expect(page.locator("#Queued .question")).to_have_count(n + 1)

        visitor = await browser.new_context()
        reader = await visitor.new_page()
        await reader.goto(call)
        await reader.locator("#No-2 button").click()
        await reader.locator("#No-2 .mine").wait_for()
        await reader.fill("#Text", "Who pays for the last mile to villages?")
        await reader.locator("#Like a", has_text=WATER).wait_for()  # While one types, and before anything is sent.
        await visitor.close()

        await page.goto(f"{address}/admin/policy/calls/{name}/proposals/1")
        await page.get_by_label("Water board").check()
        await page.get_by_role("button", name="Make it a policy question").click()
        await page.get_by_text("Selected as a policy question").first.wait_for()
        await page.goto(f"{address}/s/water-board#More")
        await page.get_by_text("What the meeting is to answer").click()
        await page.get_by_role("link", name=WATER).click()
        await page.wait_for_url("**/policy/p-*")
        assert await page.locator("h1").inner_text() == WATER
        assert await page.get_by_role("link", name="Water board").is_visible()
