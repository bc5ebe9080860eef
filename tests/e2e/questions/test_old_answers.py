"""The way from a question to its answer in a long text, in Chromium, against the whole server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId
from support.desks.meeting import FLOOR, Meeting, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
ANSWER = SegmentId("s30")


async def long_ago(on: Meeting) -> None:
    """A question that was called before 251 lines, and marked as answered in the midst of them."""
    lines = [
        do.TypeSegment(channel=FLOOR, segment=SegmentId(f"s{n}"), text=f"Line {n}.", language="en") for n in range(251)
    ]
    await on.do(ask("a", "Why?"), by=SOMEBODY)
    await on.do(stand(InterventionStatus.QUEUED, "a"), stand(InterventionStatus.CALLED, "a"), by=MODERATOR)
    await on.do(*lines, by=Actor(Role.CAPTIONER, "c1"))
    await on.do(stand(InterventionStatus.ANSWERED, "a", segment=ANSWER), by=MODERATOR)


# unit/adapters/questions/test_asking_door.py has the link.
@pytest.mark.slow
async def test_an_old_answer_is_found_without_a_script(browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context(java_script_enabled=False) as plain:
        await long_ago(on)
        page = await plain.new_page()
        await page.goto(f"{on.running.address}/s/{S}/questions?ui=en")
        await page.get_by_role("link", name="See the answer in the text").click()
        await expect(page.locator("#s0")).to_be_in_viewport()
        assert page.url == f"{on.running.address}/s/{S}?channel={FLOOR}&ui=en&before=200#s0"
        await page.get_by_role("link", name="Newest text").click()
        await expect(page.locator("#s250")).to_be_visible()


async def test_with_scripts_it_is_found_on_the_page_that_goes_on(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await long_ago(on)
        for query in ("", "?ui=es"):
            await page.goto(f"{on.running.address}/s/{S}/questions{query}")
            await page.locator("#Answered a[data-live]").press("Enter")
            await expect(page.locator("#s0")).to_be_in_viewport()
            assert "before" not in page.url
            await expect(page.locator("#s250")).to_be_attached()
