"""How a reader reads: every choice of the page in Chromium, with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.adapters.reading.low_data_door import BATCH_MS
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import SegmentId, SpeakerId
from moothall.core.signals import ChannelState, Sound
from support.browser.browsing import SPACED, box, choose, style, tab, visit
from support.halls.stage import CAPTIONER, FLOOR, corrected, ended, opened, partial, stage, words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AMINA = SpeakerId("amina")


async def test_choices_hold_at_once_are_remembered_and_stand_in_the_address(page: Page) -> None:
    async with stage() as on:
        await on.lines(60)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await visit(page, on, "?channel=floor&ui=en")
        text = page.locator("#s59 .text")
        usual = float((await style(text, "fontSize"))[:-2])
        await choose(page, "Text size", "150 %")
        await choose(page, "Colours", "White on blue")
        await choose(page, "Line spacing", "Very wide")
        await choose(page, "Letters", "All equally wide")
        assert float((await style(text, "fontSize"))[:-2]) == pytest.approx(usual * 1.5)
        assert await style(page.locator("body"), "backgroundColor") in ("rgba(0, 0, 0, 0)", "rgb(11, 42, 111)")
        assert await style(page.locator("html"), "backgroundColor") == "rgb(11, 42, 111)"
        assert "monospace" in await style(text, "fontFamily")
        await expect(page.locator("#s59")).to_be_in_viewport()
        assert re.search(r"\?channel=floor&ui=en&size=150&theme=blue&spacing=wider&font=mono$", page.url)
        for link in (page.locator("#OwnPace"), page.locator(".tongues a").first):
            assert "theme=blue" in (await link.get_attribute("href") or "")

        await page.goto(f"{on.page}?theme=yellow")
        html = page.locator("html")
        assert await style(html, "backgroundColor") == "rgb(255, 233, 74)", "the address wins"
        await expect(html).to_have_attribute("data-size", "150")
        await expect(page.get_by_label("Text size")).to_have_value("150")
        await expect(page.get_by_label("Colours")).to_have_value("yellow")
        await page.goto(f"{on.address}/nothing/here")
        await expect(html).to_have_attribute("data-theme", "blue")


async def test_what_is_remembered_holds_before_the_first_paint(page: Page) -> None:
    async with stage() as on:
        await page.add_init_script('localStorage.setItem(\'moothall.choices\', \'{"theme": "dark", "size": 7}\')')
        await page.add_init_script(
            """new MutationObserver((_, watch) => {
                if (!document.body) return;
                window.first = document.documentElement.dataset.theme;
                watch.disconnect();
            }).observe(document, { childList: true, subtree: true });"""
        )
        await visit(page, on)
        assert await page.evaluate("window.first") == "dark"
        await expect(page.get_by_label("Text size")).to_have_value("100")


# unit/adapters/reading/test_page_door.py has the page as it was chosen.
@pytest.mark.slow
async def test_choices_work_without_scripts(browser: Browser) -> None:
    async with stage() as on, tab(browser, java_script_enabled=False) as page:
        await on.lines(30)
        await on.say(opened("g", 120_000), words("g", 0, "still growing"))
        await page.goto(on.page)
        await expect(page.locator("#Growing")).to_be_visible()
        await choose(page, "What I see", "Finished sentences")
        await page.get_by_label("Colours").select_option("Black on yellow")
        await page.get_by_label("Text size").select_option("200 %")
        await page.get_by_role("button", name="Apply").click()
        assert await style(page.locator("html"), "backgroundColor") == "rgb(255, 233, 74)"
        await expect(page.locator("#Growing")).to_be_hidden()
        await page.get_by_role("link", name="Read at my own pace").click()
        await expect(page.locator("html")).to_have_attribute("data-size", "200")
        await expect(page.get_by_role("heading", level=2)).to_have_text("Lines 1 to 20 of 30")
        assert len(await page.locator("#Lines .text").all()) == 20
        await page.get_by_role("link", name="Next lines (10 more)").click()
        await expect(page.locator("#Lines .text")).to_have_count(10)
        await expect(page.locator("#s29 .text")).to_be_attached()
        await expect(page.get_by_role("link", name=re.compile("Next lines"))).to_have_count(0)
        await page.get_by_role("link", name="Previous lines").click()
        await expect(page.locator("#s0 .text")).to_be_attached()
        for panel in (
            "Delay the text to match my video",
            "Keyboard shortcuts",
            "Mark my place",
            "Tell my screen reader",
        ):
            await expect(page.get_by_text(panel)).to_be_hidden()
        await page.get_by_role("link", name="To the whole text").click()
        await page.get_by_text("Something wrong?").click()
        await expect(page.get_by_role("button", name="Wrong language")).to_be_visible()


async def test_finished_sentences_and_two_lines(page: Page) -> None:
    async with stage() as on:
        await on.say(ev.SpeakerIntroduced(speaker=AMINA, name="Amina"))
        await on.lines(20)
        await visit(page, on, "?read=sentences")
        await on.say(opened("g", 80_000, speaker="amina"), words("g", 0, "Some more words"))
        await on.say(signals=[partial("g", 3, "come")])
        await expect(page.locator("#Growing .text")).to_have_text("Some more words come")
        await expect(page.locator("#Growing")).to_be_hidden()
        await choose(page, "What I see", "Two lines")
        frame, words_box = await box(page.locator("#Reader")), await box(page.locator("#Growing .text"))
        line = float((await style(page.locator("#Growing .text"), "lineHeight"))[:-2])
        assert frame["y"] < words_box["y"] < frame["y"] + frame["height"] - 16
        assert frame["height"] == pytest.approx(2 * line + 32, abs=1)
        await expect(page.locator("#s0")).not_to_be_in_viewport()
        name = page.locator("#Growing .speaker")
        assert await style(name, "display") == "inline"
        assert (await box(name))["y"] == pytest.approx(words_box["y"], abs=2)


async def test_low_data(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await on.say(opened("s3", 12_000), words("s3", 0, "Some words"))
        await page.set_viewport_size({"width": 1280, "height": 800})
        await visit(page, on, "?read=low", stream="/low")
        await on.say(words("s3", 2, "more"), signals=[partial("s3", 3, "perhaps")])
        await on.say(ended("s3", "Some words more."), opened("s4", 16_000), ended("s4", "Another."))
        on._count = 5
        await on.lines(1)
        await on.say(corrected("s1", "Mended."), by=SYSTEM)
        assert not any("/events" in path for path in on.asked)
        await expect(page.locator("#Growing")).to_be_hidden()
        await on.clock.advance(1_000)
        await on.clock.advance(BATCH_MS)
        await expect(page.locator("#s5")).to_be_attached()
        shown = [text for text in await page.locator("#Lines .text").all_text_contents() if "line number" not in text]
        assert shown == ["Mended.", "Some words more.", "Another."]
        assert await page.locator("#s5").get_attribute("data-n") == "5"
        on.cut()
        await on.lines(1)
        await expect(page.locator("#State")).to_be_visible()
        async with page.expect_response(lambda response: "/low" in response.url and "after=" in response.url):
            pass
        await on.clock.advance(1_000)
        await on.clock.advance(BATCH_MS)
        await expect(page.locator("#s6")).to_be_attached()
        async with page.expect_response(lambda response: "/events" in response.url):
            await choose(page, "What I see", "Every word")
        await expect(page.locator("#Beside"), "there is room for it").to_have_attribute("open", "")
        await on.say(opened("g", 28_000), words("g", 0, "Word by word"))
        await expect(page.locator("#Growing .text")).to_have_text("Word by word")
        await on.clock.advance(4_000)
        await on.say(signals=[ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=0)])
        await expect(page.locator("#State")).to_have_attribute("data-kind", "silence")
        async with page.expect_response(lambda response: "/low" in response.url):
            await choose(page, "What I see", "Low data: finished lines, every 40 s")
        await expect(page.locator("#State")).not_to_have_attribute("data-kind", "silence")
        await expect(page.locator("#Beside"), "it takes more than the text").not_to_have_attribute("open", "")
        assert await page.evaluate("localStorage['moothall.beside']") is None, "nobody has chosen that"
        assert await page.locator("#Lines > li").count() == 7


async def test_at_one_s_own_pace_the_place_is_remembered(page: Page) -> None:
    async with stage() as on:
        await on.lines(70)
        await page.goto(f"{on.page}/read")
        await page.get_by_role("link", name="Next lines (50 more)").click()
        await page.get_by_role("link", name="Next lines (30 more)").click()
        await expect(page.locator("#s40")).to_be_attached()
        await page.goto(f"{on.page}/read")
        await page.get_by_role("link", name="Where I stopped").click()
        await expect(page.locator("#s40")).to_be_attached()
        await expect(page.locator("#s39")).to_have_count(0)
        await on.lines(30)
        assert await page.locator("#Lines > li").count() == 20


@pytest.mark.parametrize("theme", ["dark", pytest.param("blue", marks=pytest.mark.slow)])
async def test_in_arabic_with_large_letters_nothing_runs_over_the_edge(browser: Browser, theme: str) -> None:
    async with stage(title="جلسة عامة") as on, tab(browser, viewport={"width": 320, "height": 640}) as page:
        await on.lines(3, "Donaudampfschifffahrt {n}.")
        await on.say(opened("g", language="ar"), words("g", 0, "نص عربي"))
        await visit(page, on, f"?ui=ar&size=300&spacing=wider&theme={theme}")
        for panel in await page.locator(".options details").all():
            await panel.evaluate("(panel) => (panel.open = true)")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await page.evaluate(SPACED)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        await page.goto(f"{on.page}/read?ui=ar&size=300")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_in_forced_colours_everything_that_says_something_shows(browser: Browser) -> None:
    async with stage() as on, tab(browser, forced_colors="active") as page:
        await on.lines(2)
        await visit(page, on, "?theme=yellow")
        await on.say(ev.NotRecordedBegan(t0=9_000), by=SYSTEM)
        await expect(page.locator("#NotRecorded")).to_be_visible()
        assert await style(page.locator("#s1 .text"), "color") == await style(page.locator("html"), "color")
        assert await style(page.locator("html"), "backgroundColor") != "rgb(255, 233, 74)"
        assert await style(page.locator("#Mark"), "borderTopStyle") == "solid"
        assert await style(page.locator("select").first, "appearance") == "auto", "its arrow is no gradient"


async def test_words_of_which_the_recogniser_was_not_sure_are_underlined(page: Page) -> None:
    """While the line grows, when it is finished, when the page is loaded again, and what a person changes no more."""
    said = (le.Word(" The", 0, 0), le.Word(" bored", 0, 0, 0.2), le.Word(" met", 0, 0, 0.4), le.Word(" here.", 0, 0))
    async with stage() as on:
        await visit(page, on)
        await on.say(opened("a"), le.WordsCommitted(channel=FLOOR, segment=SegmentId("a"), first=0, words=said))
        await expect(page.locator("#Growing .sure u")).to_have_text(["bored", "met"])
        await on.say(ended("a", "The bored met here."))
        doubtful = page.locator("#a .text u")
        await expect(doubtful).to_have_text(["bored", "met"])
        assert await style(doubtful.first, "textDecorationStyle") == "dotted"
        assert await style(doubtful.first, "textDecorationColor") == await style(page.locator("#a .text"), "color")
        await page.reload()
        await expect(doubtful).to_have_text(["bored", "met"])
        await on.say(corrected("a", "The board met here."), by=CAPTIONER)
        await expect(page.locator("#a .text")).to_have_text("The board met here.")
        await expect(doubtful).to_have_text(["met"])
        await page.reload()
        await expect(doubtful).to_have_text(["met"])
