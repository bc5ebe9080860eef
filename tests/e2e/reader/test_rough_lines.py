"""Lines in a language in which the engine's model is rough: the page and a wall that are open name it as they come, and
no more once somebody has sealed the record as checked.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.events.types import SealVersion
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId
from support.browser.translated_lines import IN_SPANISH, TEXTS, TRANSLATOR, made, made_again
from support.desks.meeting import FLOOR, S, meeting
from support.halls.stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CAPTIONER = Actor(Role.CAPTIONER, "c")
SECRETARIAT = Actor(Role.SECRETARIAT, "s")
ROUGH = "Rough, not for quoting: English"


async def test_who_reads_is_told_that_lines_are_rough(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        wall = await page.context.new_page()
        await page.goto(f"{on.running.address}/s/{S}")
        await wall.goto(f"{on.running.address}/s/{S}/screen")
        notice = page.locator("#Notices").get_by_text("The machine gets many words wrong in these languages: English.")
        await expect(notice).to_have_count(0)
        await on.do(do.AttachEngine(channel=FLOOR, model="whisper-base", rough=("en",)))
        await on.say("r-1", "Hum.")
        await expect(page.locator("#r-1 .source")).to_have_text("Written by a machine: rough, not for quoting")
        await expect(notice).to_have_count(1)
        await expect(page.locator("#Rough")).to_have_text(ROUGH)
        await expect(wall.locator("#Notice")).to_contain_text(ROUGH)
        fix = do.CorrectSegment(channel=FLOOR, segment=SegmentId("r-1"), base_revision=0, base_words=1, text="Hm.")
        await on.do(fix, by=CAPTIONER)
        await expect(notice).to_have_count(0)
        # The page learns that the line was rough from its address, and that it is so again from the undone correction.
        await page.reload()
        await expect(page.locator("#r-1 .source")).to_have_text("Written by a machine")
        await on.do(msgspec.structs.replace(fix, base_revision=1, text="Hum.", unmended=True), by=CAPTIONER)
        await expect(page.locator("#r-1 .source")).to_have_text("Written by a machine: rough, not for quoting")
        await page.reload()
        await expect(page.locator("#r-1")).to_have_attribute("data-rough", "true")
        await expect(notice).to_have_count(1)
        await on.do(do.CloseSession(), by=SECRETARIAT)
        await on.do(do.SealRecord(version=SealVersion.CHECKED), by=SECRETARIAT)
        await expect(page.locator("#r-1 .source")).to_have_text("Written by a machine")
        await expect(notice).to_have_count(0)
        await expect(wall.locator("#Notice")).not_to_contain_text(ROUGH)


async def test_a_translation_gives_the_gist_only_until_its_original_is_mended(page: Page) -> None:
    way = "en>es"
    async with stage(*TEXTS) as on:
        await on.lines(2)
        await on.say(*made("s0", 0, "Uno.", route=way), by=TRANSLATOR)
        await page.goto(f"{on.page}{IN_SPANISH}&sources=yes")
        source, notices = page.locator("#s1-mt-es .source"), page.locator("#Notices")
        await expect(notices).not_to_contain_text("gist")
        await on.say(*made("s1", 4_000, "Dos.", route=way, rough=True), by=TRANSLATOR)
        await expect(source).to_contain_text("gist")
        await expect(notices).to_contain_text("gist")
        # A person mends the original, and its translation reads as before.
        await on.say(made_again("s1", "Dos.", route=way), by=TRANSLATOR)
        await expect(source).not_to_contain_text("gist")
        await expect(notices).not_to_contain_text("gist")
