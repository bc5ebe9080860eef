"""The moderator's page on a phone: the current and the next question in one screen, acts within a thumb's reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from support.browser.axe import findings
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE: ViewportSize = {"width": 390, "height": 800}
TEXT = "Who pays for the last mile where nobody can make money with it, and when is the fund open to all networks? {n}"
IN_SIGHT = """row => {
    const { left, top, bottom } = row.getBoundingClientRect();
    return [top + 4, bottom - 4].every((y) => row.contains(document.elementFromPoint(left + 8, y)));
}"""
TOUCHED_ONCE = "new Promise((done) => setTimeout(done, 601))"
"""A second touch of the same button within 600 ms counts as the first (`web/js/moderation/press.js`)."""
SIZES = "buttons => buttons.map((b) => Math.min(b.getBoundingClientRect().width, b.getBoundingClientRect().height))"


async def lead(page: Page, on: Meeting, query: str = "") -> None:
    await on.do(*(ask(f"q{n}", TEXT.format(n=n), name="Ana") for n in range(12)), by=SOMEBODY)
    await on.do(stand(InterventionStatus.QUEUED, *(f"q{n}" for n in range(7))), by=MODERATOR)
    await page.set_viewport_size(PHONE)
    await on.enter(page, Role.MODERATOR)
    await page.goto(f"{on.running.address}/moderate/{S}{query}")
    await expect(page.locator("#Queued .question")).to_have_count(7)


async def test_a_discussion_is_led_with_a_thumb(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on)
        call, answered, undo = (page.locator(f"#Thumb{name}") for name in ("Call", "Answered", "Undo"))
        await expect(answered).to_be_disabled()
        await answered.click(force=True)
        await expect(page.locator("#Status")).to_contain_text("Nothing has its turn now.")
        await expect(page.locator("#CallNext"), "it is at the foot").to_be_hidden()
        await call.click()
        await expect(page.locator("#Called #q-q0")).to_be_visible()
        assert await page.evaluate("scrollY") == 0
        box = await page.locator("#Called").bounding_box()
        assert box is not None
        assert box["y"] <= 64, "what is asked now stands below one slim bar"
        for row in ("q0", "q1", "q2", "q3"):
            assert await page.locator(f"#q-{row}").evaluate(IN_SIGHT), f"{row} is in the first screen"
        for button in (call, answered, undo, page.locator("#q-q1 [data-does=call]")):
            await expect(button).to_be_in_viewport(ratio=1)
        assert min(await page.locator("#Thumb button, #Queued .acts-of button:visible").evaluate_all(SIZES)) >= 44
        await page.evaluate(TOUCHED_ONCE)
        await expect(call).to_be_disabled()
        await expect(call, "it keeps the focus all the same").to_be_focused()
        await call.click(force=True)
        await expect(page.locator("#Status")).to_contain_text("No. 1 still has its turn.")
        await answered.click()
        await expect(page.locator("#Called .question")).to_have_count(0)
        assert len(on.live.state.questions.with_status(InterventionStatus.ANSWERED)) == 1
        await undo.click()
        await expect(page.locator("#Called #q-q0")).to_be_visible()
        await page.locator("#q-q2").get_by_role("checkbox").check()
        box = await page.locator("#Several").bounding_box()
        assert box is not None
        assert box["height"] <= 120, "the buttons for what is picked stand in one row, which scrolls"
        assert await page.locator("#q-q2").evaluate(IN_SIGHT), "what is picked stays in sight"
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert await findings(page) == []


async def test_the_rest_is_folded_and_opens_where_somebody_goes(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on)
        pages = page.get_by_role("navigation", name="Pages of the staff")
        await expect(pages).to_be_hidden()
        await page.get_by_role("button", name="Pages", exact=True).click()
        await expect(pages.get_by_role("link", name="Podium")).to_be_visible()
        await expect(page.locator("#ClearWall")).to_be_hidden()
        await page.locator("#ThumbMore").click()
        await expect(page.locator("#ClearWall")).to_be_visible()
        await expect(page.locator("#Sift")).to_be_hidden()
        await page.get_by_text("Search", exact=True).first.click()
        await expect(page.locator("#Sift [name=text]")).to_be_visible()
        await expect(page.locator("#LeaveNote")).to_be_hidden()
        await page.get_by_role("link", name="Notes among the staff").click()
        await expect(page.locator("#LeaveNote")).to_be_visible()
        await expect(page.get_by_role("heading", name="Who comes next")).to_be_visible()
        order = "() => [...document.querySelectorAll('.panels .panel')].map((panel) => panel.id)"
        assert (await page.evaluate(order))[:3] == ["Called", "Queued", "Checked"]
        strip = [
            f"#{name}Title" for name in ("Called", "Queued", "Checked", "Answered", "Others", "Done", "Notes", "Hands")
        ]
        links = "() => [...document.querySelectorAll('.jump a')].map((link) => link.hash)"
        assert await page.evaluate(links) == strip, "in the order of the parts below"
        # Turned, or in a wide window: all of it stands where it did.
        await page.set_viewport_size({"width": 1280, "height": 800})
        await expect(page.locator("#Sift [name=text]")).to_be_visible()
        await expect(page.locator("#AddTitle button")).to_have_count(0)
        await expect(page.locator("#Add")).to_be_visible()
        await expect(page.locator("#Thumb")).to_be_hidden()
        assert (await page.evaluate(order))[:3] == ["Called", "Checked", "Queued"]
        assert (await page.evaluate(links))[:3] == ["#CalledTitle", "#CheckedTitle", "#QueuedTitle"]


# Which words are in Arabic, and whether a window of 320 px has room for them, is the same in all states.
@pytest.mark.slow
@pytest.mark.parametrize("query", ["?ui=ar", "?ui=ru"])
async def test_it_fits_in_other_languages(page: Page, tmp_path: Path, query: str) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on, query)
        await page.locator("#ThumbCall").click()
        await expect(page.locator("#Called #q-q0")).to_be_visible()
        for row in ("q0", "q1", "q2", "q3"):
            assert await page.locator(f"#q-{row}").evaluate(IN_SIGHT)
        await page.set_viewport_size({"width": 320, "height": 640})
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
