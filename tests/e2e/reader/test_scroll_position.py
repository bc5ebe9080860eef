"""The reader's position in Chromium: at the end or elsewhere, while text arrives, changes and goes,
and after a cut connection.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from support.browser.browsing import texts, visit
from support.halls.stage import CAPTIONER, corrected, ended, opened, stage, words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def top_of(page: Page, line: str) -> float:
    """Where a line stands in the window, px."""
    return float(await page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", line))


async def at_end(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollHeight - innerHeight - scrollY < 2"))


FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
STILL = """(end) => new Promise((done) => {
    let [at, frames] = [scrollY, 0];
    const look = () => {
        frames = scrollY === at && at <= end ? frames + 1 : 0;
        at = scrollY;
        if (frames < 10) requestAnimationFrame(look);
        else done();
    };
    look();
})"""
"""A wheel moves the page over many frames, on a busy machine with halts between them: it has come to its end once the
page stands still where the turn leads to. A press on the way would be near the end of the text, which counts as there.
"""


async def scroll_back(page: Page, by: int = 600) -> None:
    """As a reader does who looks up something; waits until the page stands still and has taken it in."""
    await page.evaluate(FRAMES)  # The page has taken in what moved it before.
    await page.mouse.move(500, 300)
    before = await page.evaluate("scrollY")
    await page.mouse.wheel(0, -by)
    await page.evaluate(STILL, max(0, before - by) + 2)
    await expect(page.locator("#Jump")).to_be_visible()


async def test_the_page_follows_and_stops_when_the_reader_looks_back(page: Page) -> None:
    async with stage() as on:
        await on.lines(60)
        await visit(page, on)
        await expect(page.locator("#s59")).to_be_in_viewport()
        await on.lines(1)
        await expect(page.locator("#s60")).to_be_in_viewport(ratio=1)
        await page.evaluate(FRAMES)  # It follows once the line is laid out.
        assert await at_end(page)
        await expect(page.locator("#Jump")).to_be_hidden()

        await scroll_back(page)
        reading = await page.evaluate("scrollY")
        await on.lines(11)
        await on.say(opened("s90", 400_000), ended("s90", "The twelfth."))
        await expect(page.locator("#Fresh")).to_have_text("12 new lines")
        assert await page.evaluate("scrollY") == reading

        await page.locator("#Fresh").click()
        await expect(page.locator("#s61")).to_be_in_viewport()
        await expect(page.locator("#s61")).to_be_focused()
        await expect(page.locator("#Fresh")).to_be_hidden()

        await scroll_back(page, 300)
        await page.locator("#Jump").press("Enter")  # a click would first scroll to it, on a slow machine to the end
        await expect(page.locator("#s90")).to_be_in_viewport()
        await expect(page.locator("#Jump")).to_be_hidden()
        await on.say(opened("s91", 404_000), ended("s91", "And it follows again."))
        await expect(page.locator("#s91")).to_be_in_viewport()


async def test_a_mended_old_line_does_not_move_what_is_read(page: Page) -> None:
    async with stage() as on:
        await on.lines(80)
        await visit(page, on)
        await scroll_back(page)
        read = await page.evaluate(
            "[...document.querySelectorAll('#Lines > li')].find((li) => li.getBoundingClientRect().top >= 0).id"
        )
        before = await top_of(page, read)
        await on.say(corrected("s52", "A much longer text than before. " * 12), by=CAPTIONER)
        await expect(page.locator("#s52 .mark")).to_have_text("Mended by a person")
        assert abs(await top_of(page, read) - before) <= 1
        await on.say(corrected("s52", "Short.", 1), by=CAPTIONER)
        await expect(page.locator("#s52 .text")).to_have_text("Short.")
        assert abs(await top_of(page, read) - before) <= 1


async def test_a_cut_link_goes_on_without_gap_or_double(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on)
        await on.say(opened("g", 10_000), words("g", 0, "cut"))
        for newest in (4, 6, 8):
            on.cut()
            if newest == 4:
                await on.say(words("g", 1, "in the middle"), ended("g", "cut in the middle"))
            await on.lines(2)
            await expect(page.locator(f"#s{newest}")).to_be_attached()
        said = [f"This is line number {n} of the meeting, as it was said." for n in range(9)]
        assert await texts(page) == [*said[:3], "cut in the middle", *said[3:]]
        assert "after=k3j9x2" in on.asked[-1]


async def test_a_server_that_refuses_is_asked_again_and_the_reader_is_told(page: Page) -> None:
    async with stage() as on:
        await on.lines(2)
        await visit(page, on)
        on.refusing = True
        on.cut()
        await expect(page.locator("#State")).to_have_text("Reconnecting: nothing will be missed")
        await expect(page.locator("#Status")).to_have_text("Reconnecting: nothing will be missed")
        await on.lines(1)
        on.refusing = False
        await expect(page.locator("#s2")).to_be_attached()  # it waits ever longer between its tries
        await expect(page.locator("#State")).to_have_text("Nothing missed")
        assert len(await texts(page)) == 3


async def test_a_long_absence_ends_with_a_snapshot_and_no_hole(page: Page) -> None:
    async with stage() as on:
        await on.lines(30)
        await visit(page, on)
        await scroll_back(page, 400)
        read = await page.evaluate(
            "[...document.querySelectorAll('#Lines > li')].find((li) => li.getBoundingClientRect().top >= 0).id"
        )
        before = await top_of(page, read)
        on.cut()
        await on.lines(600)
        await expect(page.locator("#Lines > li")).to_have_count(630)
        assert await texts(page) == [f"This is line number {n} of the meeting, as it was said." for n in range(630)]
        assert abs(await top_of(page, read) - before) <= 1


async def test_removed_text_goes_from_the_page(page: Page) -> None:
    async with stage() as on:
        await on.lines(5)
        await visit(page, on)
        first = on.offset - 9
        await on.remove(first + 4, first + 5)
        await expect(page.locator("#s2")).to_have_count(0)
        assert len(await texts(page)) == 4


# unit/web/test_scripts_as_server.py begins at each place of a meeting.
@pytest.mark.slow
async def test_who_comes_late_gets_everything(page: Page) -> None:
    async with stage() as on:
        await on.lines(450)
        await visit(page, on)
        await expect(page.locator("#s449")).to_be_in_viewport()
        await expect(page.locator("#Lines > li")).to_have_count(30)
        await scroll_back(page)
        read = await page.evaluate(
            "[...document.querySelectorAll('#Lines > li')].find((li) => li.getBoundingClientRect().top >= 0).id"
        )
        before = await top_of(page, read)
        await page.evaluate("document.getElementById('Earlier').click()")
        await expect(page.locator("#Lines > li")).to_have_count(50)
        assert abs(await top_of(page, read) - before) <= 1
        while await page.locator("#Older").is_visible():
            await page.mouse.wheel(0, -8000)
            await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert await texts(page) == [f"This is line number {n} of the meeting, as it was said." for n in range(450)]


async def test_a_link_to_an_old_line_finds_it(page: Page) -> None:
    async with stage() as on:
        await on.lines(450)
        await visit(page, on, "#s12")
        await expect(page.locator("#s12")).to_be_in_viewport()
        await expect(page.locator("#s12 .source")).to_be_visible()
        await expect(page.locator("#s13 .source")).to_be_hidden()
        await on.lines(1)
        await expect(page.locator("#Fresh")).to_have_text("1 new line")
        await expect(page.locator("#s12")).to_be_in_viewport()
