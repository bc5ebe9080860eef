"""Pages opened at the last release stay usable while this release replaces it: their streams continue, the files that
they load later exist, and their forms are accepted.

Slow: it runs two programs. `unit/adapters/reading/test_page_door.py` tests what a page of another release gets.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from support.desks.process import DeskHall
from support.halls.process import SESSION, free_port
from support.releases.release import unpacked

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]
BEFORE = "0.2.0"


async def opened(page: Page, address: str, faults: list[str]) -> Page:
    page.on("pageerror", lambda error: faults.append(f"{address}: {error}"))
    page.on(
        "response",
        lambda answer: (
            faults.append(f"{answer.url}: {answer.status}")
            if "/static/" in answer.url and answer.status >= 400
            else None
        ),
    )
    await page.goto(address)
    return page


async def test_pages_of_the_last_release_go_on_at_this_one(page: Page, tmp_path: Path) -> None:
    before, faults = unpacked(BEFORE, tmp_path / "release"), list[str]()
    hall = DeskHall(tmp_path / "data", free_port(48))
    await hall.prepare()
    hall.settings |= before.environment
    await hall.start()
    try:
        here, context = f"{hall.address}/s/{SESSION}", page.context
        desk = await opened(page, f"{hall.address}/enter/{hall.token}", faults)
        await desk.goto(f"{hall.address}/desk/{SESSION}")
        await expect(desk.locator("#Stands")).to_have_attribute("data-kind", "live")
        reader = await opened(await context.new_page(), f"{here}?ui=en", faults)
        await expect(reader.locator("#s3")).to_contain_text("Three.")
        form = await opened(await context.new_page(), f"{here}/ask?ui=en", faults)
        await form.get_by_label("Your question or comment").fill("Does an open page outlive its server?")
        loaded = await reader.evaluate("document.querySelector('script[src]').src")
        await hall.stop()
        for name in before.environment:
            del hall.settings[name]
        await hall.start()
        await expect(desk.locator("#Stands")).to_have_attribute("data-kind", "live", timeout=30_000)
        await desk.locator("#s1").get_by_role("button", name="Correct").click()
        await desk.keyboard.press("Control+A")
        await desk.keyboard.type("Won.")
        await desk.keyboard.press("Enter")
        await expect(reader.locator("#s1")).to_contain_text("Won.", timeout=30_000)
        assert await reader.evaluate("document.querySelector('script[src]').src") == loaded, "it was not loaded anew"
        await reader.get_by_text("Something wrong?").click()
        await reader.get_by_role("button", name="Wrong language").click()
        await expect(reader.locator("#Report [role=status]")).to_contain_text("Wrong language")
        await reader.locator("#HowIRead > summary").click()
        await reader.get_by_label("Tell my screen reader").select_option("Finished lines")
        await desk.locator("#s2").get_by_role("button", name="Correct").click()
        await desk.keyboard.press("Control+A")
        await desk.keyboard.type("Two and a half.")
        await desk.keyboard.press("Enter")
        await expect(reader.locator("#s2")).to_contain_text("Two and a half.")
        await form.get_by_role("button", name="Send").click()
        await expect(form.get_by_role("status")).to_contain_text("Being checked")
        await form.goto(f"{here}?ui=en")
        assert await form.evaluate("document.querySelector('script[src]').src") != loaded, "the server is another one"
        assert faults == []
    finally:
        await hall.stop()
    assert hall.texts() == ["Won.", "Two and a half.", "Three."]
