"""The overview of all meetings on a phone: problems come first."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.kernel.actors import Role
from support.desks.meeting import meeting

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
