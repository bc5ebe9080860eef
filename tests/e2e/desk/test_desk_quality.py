"""The quality of the text, at the desk and in the overview, while the meeting is on."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.commands import CorrectSegment
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.desks.meeting import Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def corrected(on: Meeting, line: str) -> None:
    await on.do(
        CorrectSegment(
            channel=ChannelId("floor"), segment=SegmentId(line), base_revision=0, base_words=30, text="Words."
        ),
        by=Actor(Role.CAPTIONER, "c1"),
    )


async def test_it_is_told_from_fifty_words_on_and_follows_what_happens(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context(java_script_enabled=False) as plain:
        await on.sit_down(page)
        control = await page.context.new_page()
        await control.goto(f"{on.running.address}/control")
        figure = control.locator(".card dl div", has_text="The text so far").locator("dd")
        await expect(figure).to_have_text("none yet")
        await expect(page.locator("#Quality")).to_be_hidden()
        for line in "ab":
            await on.say(line, "word " * 30)
        await expect(figure).to_contain_text("No line corrected by people · 600 words a minute · English")
        await corrected(on, "b")
        told = "50 % of lines corrected by people · 600 words a minute · English"
        await expect(figure).to_contain_text(told)
        await page.bring_to_front()
        await expect(page.get_by_role("region", name="The text so far")).to_contain_text(told)

        static = await plain.new_page()
        await on.enter(static, Role.SECRETARIAT)
        await static.goto(f"{on.running.address}/control")
        await expect(static.locator("dl")).to_contain_text(told)
        await static.goto(f"{on.running.address}/s/{S}")
        await expect(static.locator(".notice")).to_contain_text(
            "50 % of lines corrected by people · 600 words a minute"
        )
