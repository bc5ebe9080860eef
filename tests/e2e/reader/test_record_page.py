"""The page of a long record: it begins with its beginning, and its parts are loaded as one reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import SegmentId, SpeakerId
from support.browser.axe import findings
from support.browser.browsing import tab
from support.halls.stage import FLOOR, Stage, ended, opened, stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINES = 650
SAVING_DATA = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
"""Then nothing is loaded but what is read."""
TEXTS = "[...document.querySelectorAll('#Lines > .line .text')].map((text) => text.textContent)"


def said(first: int, last: int) -> list[str]:
    return [f"This is line number {n} of the meeting, as it was said." for n in range(first, last)]


@asynccontextmanager
async def record() -> AsyncIterator[Stage]:
    """A closed meeting of 650 lines, with two speakers, a gap, and a line that was taken back."""
    async with stage() as on:
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"))
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId("bo"), name="Bo"))
        await on.lines(LINES)
        await on.say(
            ev.SpeakerAssigned(segments=(SegmentId("s0"), SegmentId("s500")), speaker=SpeakerId("ana")),
            ev.SpeakerAssigned(segments=(SegmentId("s300"),), speaker=SpeakerId("bo")),
            ev.GapNoted(channel=FLOOR, t0=1_210_000, t1=1_212_000, reason=ev.GapReason.SOURCE_LOST),
            opened("gone", LINES * 4_000),
            ended("gone", ""),
        )
        await on.say(ev.SessionClosed(t=LINES * 4_000 + 9_000), by=SYSTEM)
        yield on


async def test_a_record_begins_with_its_beginning_and_loads_on_as_one_reads(page: Page) -> None:
    async with record() as on:
        await page.add_init_script(SAVING_DATA)
        await page.goto(on.page)
        await expect(page.locator("#s0")).to_be_in_viewport()
        assert await page.evaluate(TEXTS) == said(0, 200)
        await expect(page.locator("#Older")).to_be_hidden()
        for last in (400, 600, 650):
            await page.locator("#Later").scroll_into_view_if_needed()
            await expect(page.locator(f"#s{last - 1}")).to_be_attached()
            assert await page.evaluate(TEXTS) == said(0, last)
        await expect(page.locator("#Later")).to_be_hidden()
        gaps = page.locator("#Lines > .gap")
        assert await gaps.count() == 1
        assert await gaps.evaluate("(gap) => [gap.previousElementSibling.id, gap.nextElementSibling.id]") == [
            "s302",
            "s303",
        ]
        assert len(on.asked) == 3


async def test_there_is_a_bar_where_it_has_something(page: Page) -> None:
    """In a wide window all that the buttons of a record lead to is in view beside the text."""
    async with record() as on:
        await page.set_viewport_size({"width": 1200, "height": 800})
        await page.goto(on.page)
        await expect(page.locator("#s0")).to_be_in_viewport()
        await expect(page.locator(".bar")).to_be_hidden()
        await page.set_viewport_size({"width": 800, "height": 800})
        await expect(page.locator(".bar").get_by_role("link", name="How I read")).to_be_visible()


async def test_the_browsers_own_search_finds_all_of_a_record(page: Page) -> None:
    async with record() as on:
        await page.goto(on.page)
        await page.locator("#s0").wait_for()
        await page.keyboard.press("Control+f")
        await expect(page.locator("#s649")).to_be_attached()
        await expect(page.locator("#s0")).to_be_in_viewport()
        assert await page.evaluate(TEXTS) == said(0, LINES)
        await page.clock.install()
        await page.goto(f"{on.page}?before=600")
        await expect(page.locator("#s400")).to_be_attached()
        await page.clock.run_for(5_000)
        await expect(page.locator("#s649")).to_be_attached()
        await expect(page.locator("#s0")).to_be_attached()
        assert await page.evaluate(TEXTS) == said(0, LINES)


async def test_a_link_to_a_line_leads_there_however_far_it_is(page: Page) -> None:
    async with record() as on:
        await page.goto(f"{on.page}?channel=floor#s500")
        await expect(page.locator("#s500")).to_be_in_viewport()
        assert page.url == f"{on.page}?channel=floor&before=600#s500"
        await page.goto("about:blank")
        await page.goto(f"{on.page}#nothing")
        await expect(page.locator("#s0")).to_be_in_viewport()
        assert page.url == f"{on.page}#nothing"


async def test_chapters_and_speakers_lead_to_their_lines(page: Page) -> None:
    async with record() as on:
        await page.add_init_script(SAVING_DATA)
        await page.goto(on.page)
        await page.get_by_text("Chapters 6", exact=True).click()
        assert await page.locator("#Contents ol > li").all_inner_texts() == [
            "0:00 This is line number 0 of the meeting, as it was said.",
            "10:00 This is line number 150 of the meeting, as it was said.",
            "20:00 This is line number 300 of the meeting, as it was said.",
            "20:10 No text from 20:10 to 20:12: the sound was lost",
            "30:12 This is line number 453 of the meeting, as it was said.",
            "40:12 This is line number 603 of the meeting, as it was said.",
        ]
        await page.get_by_role("link", name="Line at 10:00").first.click()
        await expect(page.locator("#s150")).to_be_in_viewport()
        await expect(page.locator("#s150")).to_be_focused()
        await page.get_by_text("Speakers 2", exact=True).click()
        assert await page.locator("#Contents ul > li").all_inner_texts() == ["Ana 0:00 33:20", "Bo 20:00"]
        assert await findings(page) == []
        await page.get_by_role("link", name="Line at 33:20").click()
        await expect(page.locator("#s500")).to_be_in_viewport()
        assert page.url == f"{on.page}?channel=floor&before=600#s500"


async def test_without_scripts_links_lead_through_a_record(browser: Browser) -> None:
    async with record() as on, tab(browser, java_script_enabled=False) as page:
        await page.goto(on.page)
        read: list[str] = []
        for parts in range(4):
            read += await page.locator("#Lines > .line .text").all_inner_texts()
            if parts < 3:
                await page.get_by_role("link", name="Later lines").click()
        assert read == said(0, LINES)
        await expect(page.locator("#Later")).to_be_hidden()
        await page.goto(on.page)
        await page.get_by_role("link", name="To the end").click()
        await expect(page.locator("#s649")).to_be_attached()
        await page.get_by_text("Speakers 2", exact=True).click()
        await page.get_by_role("link", name="Line at 20:00").last.click()
        await expect(page.locator("#s300")).to_be_in_viewport()
