"""A page of the staff continues after its server was killed and started again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from support.desks.process import DeskHall, desk_hall
from support.halls.process import SESSION, free_port

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def sit_down(page: Page, hall: DeskHall) -> None:
    await page.goto(f"{hall.address}/enter/{hall.token}")
    await page.goto(f"{hall.address}/desk/{SESSION}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


# integration/desks/test_undo_after_kill.py has it without pages, and `test_desk.py` the press.
@pytest.mark.slow
async def test_what_was_done_before_a_kill_is_undone_by_a_press(page: Page, tmp_path: Path) -> None:
    async with desk_hall(tmp_path / "data", free_port(42)) as hall:
        await sit_down(page, hall)
        await page.locator("#s1").get_by_role("button", name="Correct").click()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("Won.")
        await page.keyboard.press("Enter")
        await expect(page.locator("#s1 p.text")).to_have_text("Won.")
        await page.locator("#s2 [data-does=pick]").check()
        await page.locator("#Give .more > summary").click()
        await page.locator("#Move select").select_option(label="The next one")
        await page.get_by_role("button", name="Move them").click()
        await expect(page.locator("#s2")).to_have_count(0)
        await hall.kill()
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "lost")
        await hall.start()
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        await page.get_by_role("button", name="Undo: Lines moved to another meeting").click()
        await expect(page.locator("#Status")).to_have_text("Undone")
        await page.reload()
        await page.get_by_role("button", name="Undo: Corrected").press("Enter")
        await expect(page.locator("#Lines .text")).to_have_text(["One.", "Two.", "Three."])
        await expect(page.locator("#Done button")).to_have_count(0)
        assert hall.texts() == ["One.", "Two.", "Three."]
