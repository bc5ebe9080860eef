"""Readers see whose text it is: a tool's line has the tool's name, and the page says when the machine stands in."""

from __future__ import annotations

import msgspec
import pytest
from playwright.async_api import Page, expect

from moothall.core.events import lines as le
from support.browser.translated_lines import IN_SPANISH, TEXTS, TRANSLATOR, made
from support.halls.stage import CAPTIONER, FLOOR, ended, opened, stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AWAY = "Machine text while the captioner is away"
SENT = "Sent by an outside tool: StenoCo"


async def test_readers_see_whose_text_it_is_live_and_on_a_page_that_is_made_anew(page: Page) -> None:
    async with stage() as on:
        await page.goto(on.page)
        tool = le.AirChanged(channel=FLOOR, source=le.AirSource.TOOL, t=1_000, t0=0, tool="StenoCo")
        line = msgspec.structs.replace(opened("t", 2_000, origin=le.Origin.PERSON), tool="StenoCo")
        await on.say(tool, line, ended("t", "We thank Kenya."), by=CAPTIONER)
        await expect(page.locator("#t .source")).to_have_text(SENT)
        await expect(page.locator("#State")).not_to_contain_text(AWAY)
        machine = le.AirChanged(channel=FLOOR, source=le.AirSource.MACHINE, t=9_000, t0=8_000)
        await on.say(machine, by=CAPTIONER)
        await expect(page.locator("#State")).to_contain_text(AWAY)
        await expect(page.locator("#Status")).to_have_text(AWAY)
        await page.reload()
        await expect(page.locator("#State")).to_contain_text(AWAY)
        await expect(page.locator("#t .source")).to_have_text(SENT)
        plain = await (await page.request.get(on.page)).text()
        assert AWAY in plain
        assert SENT in plain


async def test_a_translation_of_a_tools_line_names_it_too(page: Page) -> None:
    async with stage(*TEXTS) as on:
        await page.goto(f"{on.page}{IN_SPANISH}")
        line, end = made("t", 2_000, "Agradecemos a Kenia.")
        assert isinstance(line, le.SegmentOpened)
        await on.say(msgspec.structs.replace(line, tool="StenoCo"), end, by=TRANSLATOR)
        said = page.locator("#t-mt-es .source")
        await expect(said).to_have_text(f"Translated by a machine from English through Portuguese · {SENT}")
        await page.reload()
        await expect(said).to_have_text(f"Translated by a machine from English through Portuguese · {SENT}")
