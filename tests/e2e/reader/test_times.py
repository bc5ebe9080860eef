"""Times on the pages: in the conference's zone, whatever makes the markup, and on the front page
also in the reader's own.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from moothall.core.kernel.times import Zone
from support.halls.stage import ended, opened, stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KATHMANDU = Zone("Asia/Kathmandu", ZoneInfo("Asia/Kathmandu"))
"""45 minutes off the hour."""


async def test_a_line_has_the_conferences_time_whoever_shows_it(browser: Browser) -> None:
    context = await browser.new_context(timezone_id="America/New_York", locale="en-GB")
    async with stage(zone=KATHMANDU) as on:
        page = await context.new_page()
        async with page.expect_response(lambda response: "/events" in response.url):
            await page.goto(on.page)
        await on.say(opened("a", 61_500), ended("a", "It came while the page was open."))
        time = page.locator("#Lines time")
        by_script = (await time.get_attribute("datetime"), await time.get_attribute("title"))
        await page.reload()
        by_server = (await time.get_attribute("datetime"), await time.get_attribute("title"))
        assert by_script == by_server
        assert str(by_server[0]).endswith("+05:45")
        assert str(by_server[1]).endswith(" UTC+5:45")
    await context.close()


@pytest.mark.parametrize(("where", "shown"), [("America/New_York", True), ("Asia/Kathmandu", False)])
async def test_the_front_page_shows_a_readers_own_time_beside(browser: Browser, where: str, shown: bool) -> None:
    context = await browser.new_context(timezone_id=where, locale="en-GB")
    async with stage(zone=KATHMANDU) as on:
        page = await context.new_page()
        await page.goto(f"{on.address}/")
        await expect(page.locator("#Times")).to_have_text("Times are Kathmandu time, UTC+5:45.")
        await page.wait_for_load_state("load")
        beside = page.locator(".own-time")
        await expect(beside).to_have_count(1 if shown else 0)
        if shown:
            time = page.locator("time")
            ours = await page.evaluate(
                """at => new Intl.DateTimeFormat("en", {
                    timeZone: "America/New_York", weekday: "short",
                    hour: "2-digit", minute: "2-digit", hourCycle: "h23",
                }).format(new Date(at))""",
                await time.get_attribute("datetime"),
            )
            await expect(beside).to_have_text(f"({ours} for you)")
    await context.close()
