"""What is taken up: chosen at the moderator's desk, and seen by readers and on the wall at once."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import PolicyQuestionId
from support.desks.meeting import S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LISTED = (
    PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?"),
    PolicyQuestion(id=PolicyQuestionId("q2"), text="متى؟"),
)


async def test_what_is_taken_up_is_seen_at_once_and_can_be_undone(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(do.ListPolicyQuestions(questions=LISTED), by=SYSTEM)
        reader, wall = await browser.new_page(), await browser.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        await wall.goto(f"{on.running.address}/s/{S}/screen")
        await on.enter(page, Role.MODERATOR)
        await page.goto(f"{on.running.address}/moderate/{S}")
        await expect(page.locator("#Desk")).to_be_visible()
        await page.keyboard.press("1")
        await expect(page.get_by_role("button", name="Nothing is taken up")).to_be_focused()
        await page.get_by_role("button", name="2. متى؟").click()
        await expect(page.get_by_role("button", name="2. متى؟")).to_have_attribute("aria-pressed", "true")
        for shown in (reader, wall):
            await expect(shown.locator("#Topic")).to_have_text("Now: Policy question 2: \u2068متى؟\u2069")
        await on.say("s1", "It begins in May.")
        await page.get_by_label("Another topic, such as an agenda item").fill("Item 4: Budget")
        seconds = asyncio.get_running_loop().time
        began = seconds()
        await page.keyboard.press("Enter")
        spent = page.locator("#Topics li", has_text="Item 4: Budget").locator(".spent")
        await expect(spent).to_have_text(re.compile(r"^\d+:\d\d$"))
        minutes, rest = map(int, (await spent.inner_text()).split(":"))
        assert 60 * minutes + rest <= seconds() - began + 1, "it goes on meanwhile, and began with the topic"
        await expect(reader.locator("#Topic")).to_have_text("Now: \u2068Item 4: Budget\u2069")
        await page.locator("#UndoLast").click()
        await expect(reader.locator("#Topic")).to_have_text("Now: Policy question 2: \u2068متى؟\u2069")
        await reader.reload()
        await expect(reader.locator("#Topic")).to_have_text("Now: Policy question 2: \u2068متى؟\u2069")
        await page.get_by_role("button", name="Nothing is taken up").click()
        await expect(reader.locator("#Topic")).to_be_hidden()
        await expect(wall.locator("#Topic")).to_be_hidden()
        await reader.close()
        await wall.close()
