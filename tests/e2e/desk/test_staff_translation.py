"""The staff's pages in Chromium say which translation works now, and what to install for more."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from moothall.app.hall import hall
from moothall.services.translation.translating import HOW_TO_ADD
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.browser.every_page import visitor
from support.browser.translations_at_work import TO_INSTALL, into_portuguese

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SAID = "#Reach :is(p, li)"
NOBODY = "No translator is connected."
BEYOND = f"Languages of the record that nothing here translates: es. {HOW_TO_ADD}"
MARKUP = "document.getElementById('Reach').outerHTML.replaceAll(/>\\s+/g, '>')"


async def test_it_is_as_it_is_now_with_and_without_scripts(browser: Browser, tmp_path: Path) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running, visitor(browser, running) as context:
        control, admin = await context.new_page(), await context.new_page()
        await control.goto(f"{running.address}/control")
        await expect(control.locator(SAID)).to_have_text([NOBODY])
        await admin.goto(f"{running.address}/admin")
        await expect(admin.locator(SAID)).to_have_text([NOBODY])
        async with into_portuguese(running):
            await control.bring_to_front()
            await expect(control.locator(SAID)).to_have_text(["English into Portuguese (rough)", TO_INSTALL, BEYOND])
            made = await control.evaluate(MARKUP)
            await admin.reload()
            assert await admin.evaluate(MARKUP) == made
            await admin.goto(f"{running.address}/admin?ui=es")
            await expect(admin.locator(SAID)).to_have_text(["inglés a portugués (aproximado)", TO_INSTALL, BEYOND])
        await control.bring_to_front()
        await expect(control.locator(SAID)).to_have_text([NOBODY])
