"""People's statements about themselves when they ask, and the figures of who is heard, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.kernel.actors import Role
from moothall.core.questions.statements import Dimension
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import SOMEBODY, ask, name

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
REMIND = """async (unheard) => {
    const root = document.querySelector('script[type=module]').src.replace(/\\/js\\/.*/, '/js/moderation/');
    if (!window.panel) {
        const { BalancePanel } = await import(`${root}balance.js`);
        const { Words } = await import(`${root}../lib/words.js`);
        window.said = [];
        const words = new Words(JSON.parse(document.getElementById('Data').textContent));
        window.panel = new BalancePanel(words, (text) => window.said.push(text));
    }
    window.panel.take({ origins: [], groups: [], unheard });
    return window.said;
}"""


async def lead(page: Page, on: Meeting, kind: str = "moderate", role: Role = Role.MODERATOR) -> None:
    await on.enter(page, role)
    await page.goto(f"{on.running.address}/{kind}/{S}?ui=en")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


# unit/adapters/questions/test_about_door.py has the form without a browser.
@pytest.mark.slow
async def test_without_scripts_something_is_said_changed_and_taken_back(browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        context = await browser.new_context(java_script_enabled=False, locale="en-GB")
        page = await context.new_page()
        await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        await page.get_by_label("Your question or comment").fill("Who is heard?")
        await expect(page.get_by_label("Stakeholder group")).to_be_hidden()
        await page.get_by_text("About you, if you like").click()
        await expect(page.get_by_label("Stakeholder group")).to_have_value("")
        await page.get_by_label("Stakeholder group").select_option("Technical community")
        await page.get_by_label("It is my first time at this meeting").check()
        await page.get_by_role("button", name="Send").click()
        about = page.get_by_role("region", name="About you")
        await expect(about).to_contain_text("You have said something about yourself.")
        await expect(page.locator("body")).not_to_contain_text("Selected: Technical community")
        await about.get_by_text("Say something else").click()
        await about.get_by_label("Gender").select_option("Woman")
        await about.get_by_role("button", name="Keep it").click()
        await expect(about).to_contain_text("You have said something about yourself.")
        await about.get_by_role("button", name="Take back what I said about myself").click()
        await expect(about).to_contain_text("You have said nothing about yourself.")
        await context.close()


async def test_who_is_heard_stands_where_the_discussion_is_led(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for number in range(12):
            await on.do(ask(f"q{number}", f"Why {number}?", origin="hub:lima" if number < 2 else "remote"), by=SOMEBODY)
        await lead(page, on)
        panel = page.locator("#Heard")
        await panel.locator("summary").click()
        places = panel.get_by_role("table", name="By place")
        await expect(places.get_by_role("row").nth(1)).to_contain_text("10")
        heads = ["Asked", "Had their turn", "Turns", "Answered", "Speaking time", "Waited"]
        await expect(places.get_by_role("columnheader")).to_have_text(heads)
        await expect(panel.get_by_role("table")).to_have_count(1)
        for number in range(6):
            await on.running.backend.balance.say(S, name(f"q{number}"), {Dimension.GROUP: "academia"})
        await on.running.backend.balance.renew(S)
        groups = panel.get_by_role("table", name="By stakeholder group")
        await expect(groups.get_by_role("row").filter(has_text="Academia")).to_contain_text("6")
        await expect(groups.get_by_role("row").filter(has_text="Media")).to_contain_text("Not shown")
        await expect(panel).to_contain_text("in sums only")
        await lead(page, on, "podium", Role.CHAIR)
        await expect(page.locator("#Heard")).to_have_count(0)
        await expect(page.locator("#UnheardPart")).to_be_hidden()


async def test_the_chair_is_reminded_and_hears_of_it_once(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on, "podium", Role.CHAIR)
        remote = {"origin": "remote", "waiting": 4, "minutes": 25}
        first = "Remote: 4 waiting, none had their turn for 25\u00a0min"
        assert await page.evaluate(REMIND, [remote]) == [first]
        await expect(page.get_by_role("region", name="Long waits").get_by_role("listitem")).to_have_text(first)
        later = [remote | {"minutes": 26}, {"origin": "hub:lima", "waiting": 3, "minutes": 15}]
        said = await page.evaluate(REMIND, later)
        assert said == [first, "Group: \u2068lima\u2069: 3 waiting, none had their turn for 15\u00a0min"]
        await expect(page.locator("#Unheard li").first).to_contain_text("26")
        assert await page.evaluate(REMIND, []) == said
        await expect(page.locator("#UnheardPart")).to_be_hidden()
