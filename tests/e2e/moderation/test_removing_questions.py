"""A question's words are removed for good, in Chromium, against the whole server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from support.desks.meeting import Meeting, S, meeting
from support.files.found import found
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
HIDDEN = "rhubarb"


async def lead(page: Page, on: Meeting, role: Role) -> None:
    await on.enter(page, role)
    await page.goto(f"{on.running.address}/moderate/{S}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


async def test_words_go_from_every_page_and_every_file_and_the_number_stays(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        await on.do(ask("a", f"Who eats {HIDDEN}?", name=f"Ana {HIDDEN}"), by=SOMEBODY)
        await on.do(ask("b", "When?"), by=SOMEBODY)
        await on.do(stand(InterventionStatus.QUEUED, "a", "b"), by=MODERATOR)
        await on.do(do.WriteAnswer(intervention=name("a"), text=f"I eat {HIDDEN}.", language="en"), by=MODERATOR)
        other, reader = await elsewhere.new_page(), await elsewhere.new_page()
        await lead(other, on, Role.MODERATOR)
        await reader.goto(f"{on.running.address}/s/{S}/questions")
        await expect(reader.locator("#Written")).to_contain_text(HIDDEN)
        await lead(page, on, Role.TECHNICIAN)
        await page.get_by_text("More No. 1", exact=True).click()
        await page.get_by_role("button", name="Remove for good No. 1", exact=True).click()
        await expect(page.get_by_role("heading", name="Remove the words of no. 1 for good?")).to_be_visible()
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.locator("#q-a")).to_contain_text(HIDDEN)
        await page.get_by_role("button", name="Remove for good No. 1", exact=True).click()
        await page.locator("#Sure").get_by_role("button", name="Remove for good").click()
        for each in (page, other):
            row = each.locator("#Answered #q-a")
            await expect(row).to_contain_text("What was written here was removed for good.")
            await expect(row).to_contain_text("No. 1")
            await expect(row).not_to_contain_text(HIDDEN)
            await expect(each.locator("#Done")).not_to_contain_text(HIDDEN)
        await expect(page.locator("#Status")).to_have_text("Removed for good")
        await expect(page.locator("#q-a, #q-a :focus").and_(page.locator(":focus"))).to_have_count(1)
        await expect(reader.locator("#Written")).to_contain_text("What was written here was removed for good.")
        await expect(reader.locator("main")).not_to_contain_text(HIDDEN)
        await expect(page.locator("#q-a").get_by_role("button")).to_have_text(
            ["More No. 1", "Restore No. 1", "Mark as rude No. 1"]
        )
        assert await other.locator("[data-does=remove]").count() == 0
        assert found(tmp_path, HIDDEN) == []
