"""Pages that show the text elsewhere, and *Something wrong?*, in Chromium with the real stream."""

from __future__ import annotations

import re

import pytest
from aiohttp import web
from playwright.async_api import BrowserContext, Page, expect

from moothall.adapters.pages.static_files import StaticFiles, find_web_folder
from moothall.core.events import types as ev
from moothall.core.kernel.ids import SpeakerId
from moothall.core.signals import LastWords, Unrecorded
from moothall.services.sessions.reports import ReportKind
from support.halls.stage import FLOOR, Stage, ended, opened, partial, stage, words
from support.links.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ANA = SpeakerId("ana")
LINE = "This is line number {n} of the meeting, as it was said. "


async def visit(page: Page, on: Stage, path: str) -> None:
    """Open one of the pages and wait until its stream is open."""
    async with page.expect_response(lambda response: "/events" in response.url):
        await page.goto(on.page + path)


async def sideways(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


async def test_the_wall_shows_words_as_they_come_and_says_how_things_stand(page: Page) -> None:
    await page.set_viewport_size({"width": 1280, "height": 720})
    async with stage(ev.SpeakerIntroduced(speaker=ANA, name="Ana")) as on:
        await on.lines(30, LINE)
        await visit(page, on, "/screen")
        newest = page.locator("#Newest")
        await expect(newest.locator(".said").last).to_contain_text("line number 29")
        await on.say(
            opened("g", 120_000, speaker="ana"), words("g", 0, "Good morning"), signals=[partial("g", 2, "every")]
        )
        await expect(newest.locator(".said").last).to_have_text("Ana Good morning every ")
        await expect(newest.locator(".rest")).to_have_text("every ")
        await expect(newest.locator(".said").last).to_be_in_viewport(ratio=1)
        await on.say(ended("g", "Good morning everybody."))
        await expect(newest.locator(".said").last).to_have_text("Ana Good morning everybody. ")
        await on.say(opened("room", 130_000), ended("room", "And now the room."))
        await expect(newest.locator(".said").last).to_have_text("Speaker not named And now the room. ")
        size = await newest.locator(".said").last.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
        assert size >= 0.07 * 720  # an inch high on a screen of 16 inches: read from 3 m
        assert await page.locator("html").evaluate("node => getComputedStyle(node).cursor") == "none"
        assert await sideways(page) == 0
        await on.say(ev.SessionDescribed(title="Second plenary"))
        await expect(page.locator("#Title")).to_have_text("Second plenary")

        await on.say(ev.NotRecordedBegan(t0=1), signals=[Unrecorded(channel=FLOOR, text="Off we go", language="en")])
        await expect(page.locator("#NotRecorded")).to_be_visible()
        await expect(page.locator("#Notice")).to_be_hidden()
        await expect(newest.locator(".moment")).to_contain_text("Off we go")
        await on.say(ev.NotRecordedEnded(t1=2), signals=[Unrecorded(channel=FLOOR, text="", language="en")])
        await expect(newest.locator(".moment")).to_have_count(0)
        await on.say(signals=[LastWords(channel=FLOOR, awaited=True)])
        await expect(page.locator("#State")).to_have_text("The last words are coming")
        on.refusing = True
        on.cut()
        await expect(page.locator("#State")).to_have_text("Reconnecting: nothing will be missed")
        on.refusing = False
        await on.say(ev.SessionClosed(t=9))
        # The page waits longer after each try that was refused.
        await expect(page.locator("#State")).to_have_text("Closed: this is the record")


async def test_paragraphs_that_stand_are_never_set_anew(page: Page) -> None:
    async with stage() as on:
        await on.lines(50, LINE)
        await visit(page, on, "/screen")
        await page.evaluate("window.last = document.getElementById('Newest').lastElementChild")
        before = await page.evaluate("window.last.textContent")
        for _ in range(4):
            await on.lines(10, LINE)
        await expect(page.locator("#Newest")).to_contain_text("line number 89")
        assert await page.evaluate("window.last.isConnected")
        after = await page.evaluate("window.last.textContent")
        assert after.startswith(before)  # it may have grown, and began where it began
        assert await page.locator("#Newest [data-line]").count() <= 60


async def test_the_wall_shows_the_newest_lines_without_a_script(context: BrowserContext) -> None:
    browser = context.browser
    assert browser is not None
    plain = await browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}, locale="ar")
    async with stage() as on:
        await on.lines(30, LINE)
        page = await plain.new_page()
        await page.goto(on.page + "/screen")
        await expect(page.locator(".said").last).to_contain_text("line number 29")
        await expect(page.locator(".said").last).to_be_in_viewport()
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await page.close()
    await plain.close()


async def test_the_overlay_has_two_lines_on_nothing_and_they_fade(page: Page) -> None:
    async with stage() as on:
        await on.lines(5, LINE)
        await visit(page, on, "/overlay?size=40&color=00ff7f&fade=1")
        box = page.locator("#Newest")
        height = await box.evaluate("node => node.getBoundingClientRect().height")
        assert 1.5 * 40 <= height <= 2 * 1.3 * 40 + 1
        style = "node => getComputedStyle(node).{}"
        assert await page.locator("body").evaluate(style.format("backgroundColor")) == "rgba(0, 0, 0, 0)"
        assert await page.locator("html").evaluate(style.format("backgroundColor")) == "rgba(0, 0, 0, 0)"
        assert await box.locator(".said").last.evaluate(style.format("color")) == "rgb(0, 255, 127)"
        await expect(page.locator("html")).to_have_class("faded")
        await on.say(opened("g", 240_000), words("g", 0, "And on it goes"))
        await expect(page.locator("html")).not_to_have_class("faded")
        await expect(box.locator("[data-line]").last).to_be_in_viewport(ratio=0.9)  # tall fonts


# What is free below the baseline of the last row until something cuts it off, and how high a row is, in em.
ROOM = """node => {
  const last = [...node.querySelectorAll('.said')].pop();
  const mark = last.appendChild(document.createElement('span'));
  mark.style.cssText = 'display: inline-block; inline-size: 0; block-size: 0';
  const baseline = mark.getBoundingClientRect().bottom;
  mark.remove();
  const { borderBottomWidth, clipPath, fontSize, lineHeight, overflowY } = getComputedStyle(node);
  const { bottom } = node.getBoundingClientRect();
  const cut = /^inset\\(\\S+ \\S+ (-?[\\d.]+)px\\)$/.exec(clipPath)?.[1] ?? 0;
  const box = overflowY === 'visible' ? innerHeight : bottom - parseFloat(borderBottomWidth);
  const ends = Math.min(box, innerHeight, clipPath === 'none' ? Infinity : bottom - cut);
  return [(ends - baseline) / parseFloat(fontSize), parseFloat(lineHeight) / parseFloat(fontSize)];
}"""


# By language: how far letters reach below the baseline, and how high they are, in the fonts that the style sheet names;
# measured, in em. The outline is 0.1 em more.
LETTERS = {"en": (0.25, 1.0), "ar": (0.5, 1.54), "zh": (0.17, 1.2)}


async def test_the_overlay_cuts_off_nothing_of_its_last_row(page: Page) -> None:
    for language, (below, high) in LETTERS.items():
        async with stage() as on:
            await on.say(opened("a", language=language), ended("a", "jpqgy " * 40))
            for query in ("size=16", "size=48", "size=200", "preset=two-lines", "preset=lower-third", "preset=side"):
                await visit(page, on, f"/overlay?{query}")
                room, row = await page.locator("#Newest").evaluate(ROOM)
                assert room >= below + 0.1, (language, query)
                assert row >= high, (language, query)


async def test_the_box_works_in_a_page_of_another_origin(page: Page) -> None:
    async with stage() as on:
        await on.lines(40, LINE)

        async def host(_: web.Request) -> web.Response:
            frame = f'<iframe src="{on.page}/embed" width="320" height="240" title="Text"></iframe>'
            return web.Response(text=f"<!doctype html><title>Host</title>{frame}", content_type="text/html")

        app = web.Application()
        app.add_routes([web.get("/", host)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = Site(runner)
        await site.start()
        try:
            async with page.expect_response(lambda response: "/events" in response.url):
                await page.goto(f"http://localhost:{runner.addresses[0][1]}/")
            frame = page.frame_locator("iframe")
            box = frame.locator("#Newest")
            await expect(box.locator("[data-line]").last).to_be_in_viewport()
            await on.say(opened("g", 240_000), ended("g", "The newest of all."))
            await expect(box.locator("[data-line]").last).to_have_text("The newest of all. ")
            await expect(box.locator("[data-line]").last).to_be_in_viewport()
            await box.hover()
            await page.mouse.wheel(0, -300)
            top = await box.evaluate("node => node.scrollTop")
            await on.say(opened("h", 244_000), ended("h", "And one more."))
            await expect(box.locator("[data-line]").last).to_have_text("And one more. ")
            assert await box.evaluate("node => node.scrollTop") == top
            assert await box.evaluate("() => document.documentElement.scrollWidth - innerWidth") == 0
        finally:
            await runner.cleanup()


async def test_a_reader_says_what_is_wrong_and_sees_what_becomes_of_it(page: Page) -> None:
    async with stage() as on:
        await on.lines(2, LINE)
        await visit(page, on, "")
        await page.get_by_text("Something wrong?").click()
        await page.get_by_role("button", name="Wrong language").click()
        became = page.locator(".became li")
        await expect(became).to_have_text("Wrong language Sent, thank you")
        tally = on.reports.tally(on.session)
        assert (tally.readers, tally.counts) == (210, {ReportKind.LANGUAGE: 1})
        on.reports.seen(on.session, ReportKind.LANGUAGE)
        await expect(became).to_have_text("Wrong language Somebody has seen it")
        on.reports.mended(on.session, ReportKind.LANGUAGE)
        await expect(became).to_have_text("Wrong language Mended, thank you")
        assert await page.evaluate("document.cookie") == ""


async def test_a_report_needs_no_script(context: BrowserContext) -> None:
    browser = context.browser
    assert browser is not None
    plain = await browser.new_context(java_script_enabled=False, locale="en-GB")
    async with stage() as on:
        page = await plain.new_page()
        await page.goto(on.page)
        await page.get_by_text("Something wrong?").click()
        await page.get_by_role("button", name="No text").click()
        await expect(page.locator(".became li")).to_have_text("No text Sent, thank you")
        on.reports.seen(on.session, ReportKind.NO_TEXT)
        await page.get_by_role("link", name="See whether it has been seen").click()
        await expect(page.locator(".became li")).to_have_text("No text Somebody has seen it")
        await page.get_by_role("link", name="Back to the text").click()
        await expect(page).to_have_title(re.compile("Plenary"))
        await page.close()
    await plain.close()


async def test_the_scripts_of_these_pages_are_small(page: Page) -> None:
    files = StaticFiles(find_web_folder())
    seen: set[str] = set()
    page.on("response", lambda response: seen.add(response.url.partition("/static/")[2].partition("/")[2]))
    async with stage() as on:
        for path in ("/screen", "/overlay", "/embed"):
            seen.clear()
            await visit(page, on, path)
            scripts = [file for name in seen if name.endswith(".js") and (file := files.get(name))]
            assert len(scripts) == 1  # the server joins them
            assert sum(len(file.packed) for file in scripts) <= 15_000
