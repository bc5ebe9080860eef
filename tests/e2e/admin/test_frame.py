"""The frame of a text's page: text first, a bar above and one below, everything else beside the text or in a sheet."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from moothall.core.events import types as ev
from moothall.core.kernel.ids import SpeakerId
from support.browser.browsing import choose, tab, visit
from support.browser.translated_lines import TEXTS
from support.halls.stage import ended, opened, stage, words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE: ViewportSize = {"width": 390, "height": 844}
BETWEEN_THE_BARS = """(text) => {
    const box = text.getBoundingClientRect();
    const [top, bar] = ['.top', '.bar'].map((name) => document.querySelector(name).getBoundingClientRect());
    return box.top >= top.bottom && box.bottom <= bar.top;
}"""


async def test_a_phone_shows_the_newest_line_with_every_control_a_touch_away(page: Page) -> None:
    async with stage(*TEXTS) as on:
        await on.lines(120, "A line with some words in it, as many as a person says in a breath. {n}")
        await page.set_viewport_size(PHONE)
        await visit(page, on)
        newest = page.locator("#s119 .text")
        await expect(newest).to_be_in_viewport(ratio=1)
        assert await newest.evaluate(BETWEEN_THE_BARS)
        dock = "document.querySelector('.dock').offsetHeight"
        low = await page.evaluate(dock)
        await page.mouse.move(200, 300)
        await page.mouse.wheel(0, -1000)
        await expect(page.locator("#Jump")).to_be_visible()
        assert await page.evaluate(dock) == low, "one thing more makes it no higher"
        await page.locator("#Jump").click()
        bars = "document.querySelector('.top').offsetHeight + document.querySelector('.bar').offsetHeight"
        assert await page.evaluate(bars) <= 140
        side = page.locator("#More")
        await expect(side).to_be_hidden()
        await page.locator(".tool.choose").click()
        await expect(side).to_be_visible()
        await expect(page.locator("#HowIRead > summary")).to_be_focused()
        await choose(page, "Text size", "150 %")
        await expect(page.locator("html")).to_have_attribute("data-size", "150")
        above = "(text) => text.getBoundingClientRect().bottom <= More.getBoundingClientRect().top"
        assert await newest.evaluate(above), "the text is in view while its look is changed"
        await page.keyboard.press("Escape")
        await expect(side).to_be_hidden()
        assert await page.evaluate("document.activeElement.closest('#Lines') !== null"), "back at the line"
        await page.locator(".tool[href='#Languages']").click()
        await expect(page.locator("#Languages a").first).to_be_focused()
        await page.locator("#Close").click()
        await expect(side).to_be_hidden()


@pytest.mark.parametrize("query", ["", "?ui=es", "?ui=ar"])
async def test_a_title_of_five_words_is_whole_on_a_phone(query: str, page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await page.set_viewport_size(PHONE)
        await visit(page, on, query)
        await page.locator("#Title").evaluate("(title) => { title.textContent = 'Taking part from far away'; }")
        whole = "(title) => title.scrollWidth <= title.clientWidth && title.scrollHeight <= title.clientHeight"
        assert await page.locator(".top h1").evaluate(whole)


async def test_where_there_is_no_height_nothing_lies_on_the_text(page: Page) -> None:
    async with stage() as on:
        await on.lines(40)
        await page.set_viewport_size({"width": 320, "height": 256})
        await visit(page, on)
        await expect(page.locator("#s39 .text")).to_be_in_viewport(ratio=1)
        await page.locator(".tool.choose").click()
        await expect(page.get_by_label("Text size")).to_be_visible()
        for part in (".top", ".bar", "#More"):
            assert await page.locator(part).evaluate("(part) => getComputedStyle(part).position") == "static"


async def test_in_the_narrowest_window_the_panels_follow_after_the_text(page: Page) -> None:
    """320 px, as at 400 % zoom: nothing lies on the text, and new text takes nobody away from the panels."""
    async with stage() as on:
        await on.lines(40)
        await page.set_viewport_size({"width": 320, "height": 568})
        await visit(page, on)
        newest = page.locator("#s39 .text")
        await expect(newest).to_be_in_viewport(ratio=1)
        assert await newest.evaluate(BETWEEN_THE_BARS)
        await on.say(opened("s40", 500_000), ended("s40", "One more line.", 501_000))
        await expect(page.locator("#s40 .text")).to_be_in_viewport(ratio=1)
        assert await page.locator("#s40 .text").evaluate(BETWEEN_THE_BARS)
        await page.locator(".tool.choose").click()
        size = page.get_by_label("Text size")
        await expect(size).to_be_in_viewport()
        assert await page.locator("#More").evaluate("(part) => getComputedStyle(part).position") == "static"
        await on.say(opened("s41", 510_000), ended("s41", "Another line.", 511_000))
        await expect(page.locator("#s41")).to_be_attached()
        await expect(size).to_be_in_viewport()
        await expect(page.locator("#Jump")).to_be_visible()
        await page.locator("#Jump").click()
        await expect(page.locator("#s41 .text")).to_be_in_viewport(ratio=1)


async def test_without_scripts_the_page_begins_at_the_newest_line(browser: Browser) -> None:
    async with stage() as on, tab(browser, java_script_enabled=False, viewport=PHONE) as page:
        await on.lines(120)
        await on.say(opened("g", 500_000), words("g", 0, "still growing"))
        await page.goto(on.page)
        await expect(page.locator("#Growing .text")).to_be_in_viewport(ratio=1)
        await expect(page.locator("#s119 .text")).to_be_in_viewport(ratio=1)
        await expect(page.locator("#s70 .text")).not_to_be_in_viewport()
        await page.locator(".tool[href='#More']").click()
        await expect(page.get_by_role("link", name="Read at my own pace")).to_be_attached()
        await expect(page.locator(".notice")).to_be_in_viewport()


async def test_the_newest_lines_are_shown_before_the_scripts_are_there(page: Page) -> None:
    async with stage() as on:
        await on.lines(120)
        await page.set_viewport_size(PHONE)
        await page.route(re.compile(r"/page\.js"), lambda route: route.abort())
        await page.clock.install()
        await page.goto(on.page)
        await expect(page.locator("#s119 .text")).to_be_in_viewport(ratio=1)
        assert await page.locator("#s119 .text").evaluate(BETWEEN_THE_BARS)
        above = page.locator("#s100")
        await expect(above).not_to_be_in_viewport()
        await page.clock.run_for(15_000)  # they don't come
        await above.scroll_into_view_if_needed()
        await expect(above).to_be_in_viewport()


async def test_speakers_have_marks_that_stay_with_them(page: Page) -> None:
    async with stage() as on:
        everybody = ["k", "amina", "animal", "p1", "q0", "7up", "p7"]  # the sums of some are the same
        for who in everybody:
            await on.say(ev.SpeakerIntroduced(speaker=SpeakerId(who), name=f"Name of {who}"))
        await visit(page, on)
        turns = [*everybody[::-1], "amina"]
        for n, who in enumerate(turns):
            await on.say(opened(f"t{n}", n * 5_000, speaker=who), ended(f"t{n}", "Words.", n * 5_000 + 900))
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId("amina"), name="Another spelling"))
        marks = page.locator("#Lines .speaker")
        await expect(marks).to_have_count(8)
        await expect(marks.last).to_have_text("Another spelling")
        given = [str(everybody.index(who) % 6) for who in turns]
        assert [await each.get_attribute("data-mark") for each in await marks.all()] == given
        await page.reload()
        await expect(page.locator("html.live")).to_be_attached()
        assert [await each.get_attribute("data-mark") for each in await marks.all()] == given


async def test_two_lines_are_whole_above_a_bar_at_the_foot_of_the_window(page: Page) -> None:
    async with stage() as on:
        await on.say(
            opened("g"), words("g", 0, "So if the fund paid for panels rather than for towers, who would guard them?")
        )
        await page.set_viewport_size(PHONE)
        foot = "document.querySelector('.bar').getBoundingClientRect().bottom"
        for query in ("", "?read=two"):
            await visit(page, on, query)
            await expect(page.locator("#Growing .text")).to_contain_text("panels")
            assert round(await page.evaluate(foot)) == PHONE["height"], query
        await expect(page.locator(".short")).to_be_hidden()
        ends = "(part) => part.getBoundingClientRect().bottom"
        rest = await page.locator("#Reader").evaluate(ends) - await page.locator("#Growing .text").evaluate(ends)
        assert 0 <= rest <= 32, "the newest line ends where the two lines do"
        mark = "getComputedStyle(document.querySelector('#Growing > .line'), '::before').display"
        assert await page.evaluate(mark) == "none"
