"""The overview of all meetings on a phone: problems come first."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.kernel.actors import Role
from support.desks.meeting import S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_worst_stands_below_one_line(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.set_viewport_size({"width": 390, "height": 800})
        await on.enter(page, Role.TECHNICIAN)
        await page.goto(f"{on.running.address}/control")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        box = await page.locator(".card").bounding_box()
        assert box is not None
        assert box["y"] <= 80
        await expect(page.locator("#Cards + #Bell")).to_have_count(1)
        await expect(page.locator("#House")).to_be_hidden()
        await page.get_by_role("button", name="Pages", exact=True).click()
        await expect(page.locator("#House")).to_be_visible()
        await expect(page.get_by_role("link", name="For a big screen")).to_be_visible()
        await page.set_viewport_size({"width": 1280, "height": 800})
        await expect(page.locator("#Cards + #Bell")).to_have_count(0)
        await expect(page.locator("#House")).to_be_visible()


SMALL = """() => [...document.querySelectorAll('.card :is(a, button, summary)')]
  .filter((each) => each.checkVisibility())
  .map((each) => [each.innerText, each.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 44 || height < 44)
  .map(([name]) => name)"""


async def test_a_tile_says_its_readers_and_delay_and_is_wide_where_it_is_alone(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Good morning.")
        await on.enter(page, Role.TECHNICIAN)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(f"{on.running.address}/control")
        await expect(page.locator(".card .readers")).to_have_text("Readers: 0")
        await expect(page.locator(".trend .since")).to_have_text(["(last 10 min)", "(last 10 min)"])
        await expect(page.locator(".trend .since").first).to_be_visible()
        box = await page.locator(".card").bounding_box()
        assert box is not None
        assert box["width"] == 480
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.keyboard.press("l")
        await page.locator(".card summary").focus()
        await page.keyboard.press("l")
        await expect(page.locator("#Status")).to_contain_text("There is nothing to be heard at the moment")
        assert [url for url in asked if url.endswith("/sound")] == [f"{on.running.address}/control/{S}/sound"]
        await page.set_viewport_size({"width": 320, "height": 800})
        await expect(page.locator(".trend .since").first, "a narrow tile has no room").to_be_hidden()
        await page.locator(".card summary").click()
        assert await page.evaluate(SMALL) == []
