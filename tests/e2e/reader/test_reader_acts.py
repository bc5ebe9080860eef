"""A reader's acts and the page's replies: marks, keys, quotes, a late video, a screen reader, and unrecorded speech."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.signals import Unrecorded
from support.browser.browsing import CAME, PAINTED, choose, style, tab, visit
from support.browser.reading_aloud import TOLD
from support.halls.stage import CAPTIONER, FLOOR, corrected, ended, opened, partial, stage, words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AMINA = SpeakerId("amina")
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
UNDER_THE_BAR = """document.activeElement.getBoundingClientRect().bottom
    > document.querySelector('.bar').getBoundingClientRect().top"""


async def test_a_mark_stays_through_a_reload_and_leads_back(page: Page) -> None:
    async with stage() as on:
        await on.lines(80)
        await visit(page, on)
        await page.mouse.move(600, 300)
        await page.mouse.wheel(0, -1500)
        await expect(page.locator("#Jump")).to_be_visible()
        await page.locator("#Mark").click()
        marked = page.locator(".line.place")
        await expect(marked.locator(".flag")).to_have_text("My place")
        line = await marked.get_attribute("id")
        await expect(page.locator(f"#{line}")).to_be_in_viewport()
        await on.lines(150)
        await page.reload()
        await expect(page.locator("#s229")).to_be_in_viewport()
        await page.locator("#GoToPlace").click()
        await expect(page.locator(f"#{line}")).to_be_in_viewport()
        await expect(page.locator(f"#{line}")).to_be_focused()
        await page.keyboard.press("l")
        await expect(page.locator("#s229")).to_be_in_viewport()
        await page.keyboard.press("m")
        await expect(page.locator("#s229.place")).to_be_attached()
        await expect(marked).to_have_count(1)


async def test_single_keys_can_be_changed_and_switched_off(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on)
        await page.get_by_text("Keyboard shortcuts", exact=True).click()
        keys = page.locator("#Keys")
        await keys.get_by_label("Larger text").fill("x")
        await keys.get_by_label("Larger text").press("x")
        html = page.locator("html")
        assert await html.get_attribute("data-size") is None, "a key typed into a field is not meant"
        await page.locator("#Log").focus()
        await page.keyboard.press("x")
        await expect(html).to_have_attribute("data-size", "125")
        await page.keyboard.press("Control+x")
        await expect(html).to_have_attribute("data-size", "125")
        await keys.get_by_label("Use single keys").uncheck()
        await page.locator("#Log").focus()
        await page.keyboard.press("x")
        await page.reload()
        await page.get_by_text("Keyboard shortcuts", exact=True).click()
        await expect(keys.get_by_label("Use single keys")).not_to_be_checked()
        await page.locator("#Log").focus()
        await page.keyboard.press("x")
        await expect(html).to_have_attribute("data-size", "125")


async def test_the_keyboard_is_enough(page: Page) -> None:
    async with stage() as on:
        await on.lines(60)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await visit(page, on)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#s59")).to_be_in_viewport(ratio=1)
        await expect(page.locator("#Jump")).to_be_hidden()  # it is still live
        await page.keyboard.press("Tab")
        await expect(page.locator("#s59 .time")).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await expect(page.locator("#s58 .time")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator(".bar :focus")).to_have_count(1)  # all other times are passed over
        await page.keyboard.press("Shift+Tab")
        await expect(page.get_by_role("link", name="Line at 3:52")).to_be_focused()
        await page.locator("a.skip").focus()
        await page.keyboard.press("Tab")
        say = page.get_by_role("button", name="Read new lines to my screen reader")
        await expect(say).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(say).to_have_attribute("aria-pressed", "true")
        await expect(page.get_by_label("Tell my screen reader")).to_have_value("lines")
        await page.keyboard.press("Enter")
        await expect(say).to_have_attribute("aria-pressed", "false")
        for _ in range(30):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.closest('#HowIRead') !== null"):
                break
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("What I see")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator("html")).to_have_attribute("data-size", "125")
        await page.locator("#Mark").focus()
        assert await style(page.locator("#Mark"), "outlineStyle") == "solid"
        await page.keyboard.press("Enter")
        await expect(page.locator(".line.place")).to_have_count(1)
        await page.keyboard.press("Tab")
        inside = "document.activeElement.getBoundingClientRect().bottom <= innerHeight"
        assert await page.evaluate(inside), "what has the focus is in sight"


@pytest.mark.parametrize(
    "width", [320, *(pytest.param(each, marks=pytest.mark.slow) for each in (500, 640, 800, 1280))]
)
async def test_what_has_the_focus_is_not_under_the_bar(page: Page, width: int) -> None:
    """WCAG 2.4.11, with every button that the bar can have, and with those that come while somebody goes along."""
    async with stage() as on:
        await on.lines(20)
        await page.set_viewport_size({"width": width, "height": 640})
        await visit(page, on)
        bar = page.locator(".bar")
        await page.locator("#s19 .time").focus()
        low = await bar.evaluate("(bar) => bar.offsetHeight")
        await page.keyboard.press("Shift")  # by the first key the page learns that there is a keyboard
        await expect(page.locator("#Keys")).not_to_have_attribute("hidden", "")
        for n in reversed(range(19)):
            await page.keyboard.press("ArrowUp")
            await page.evaluate(SETTLED)
            assert not await page.evaluate(UNDER_THE_BAR), n
        await expect(page.locator("#Jump")).to_be_visible()
        for n in range(1, 15):
            await page.keyboard.press("ArrowDown")
            await page.evaluate(SETTLED)
            assert not await page.evaluate(UNDER_THE_BAR), n
            if n == 4:
                await on.say(ev.NotRecordedBegan(t0=90_000), by=SYSTEM)
                await expect(page.locator("#NotRecorded")).to_be_visible()
            elif n == 8:
                await on.lines(1)
                await expect(page.locator("#Fresh")).to_be_visible()
            elif n == 12:
                await page.keyboard.press("m")
                await expect(page.locator("#GoToPlace")).not_to_have_attribute("hidden", "")
            await page.evaluate(SETTLED)
            assert not await page.evaluate(UNDER_THE_BAR), n
        assert await bar.evaluate("(bar) => bar.offsetHeight") > low


async def test_the_text_waits_for_a_late_video(page: Page) -> None:
    async with stage() as on:
        await page.clock.install()
        await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))  # Then only the test makes time go by.
        await page.add_init_script(CAME)
        await visit(page, on)
        html = page.locator("html")
        await page.get_by_text("Delay the text to match my video", exact=True).click()
        await expect(page.locator("#Hear")).to_have_text("Wait for the next line, then try again.")
        await on.say(opened("a"), ended("a", "One two three four five six seven eight nine."))
        await expect(page.locator("#a")).to_be_attached()
        await page.get_by_role("button", name="Another line").click()
        await expect(page.locator("#Hear")).to_have_text(
            "When you hear “One two three four five six seven eight” in your video, press the button."
        )
        await page.clock.run_for(12_000)
        await page.get_by_role("button", name="I hear it now").click()
        await expect(page.locator("#Held")).to_have_text("Text waits 12 s")
        await expect(page.locator("#State")).to_contain_text("Text waits 12 s")
        await page.get_by_role("button", name="1 s less").click()
        await on.say(opened("b"), ended("b", "Later."))
        await on.say(opened("c"), ended("c", "Much later."))
        await expect(html).to_have_attribute("data-came", "c")  # They wait from when they came.
        await page.clock.run_for(10_000)
        await expect(page.locator("#b")).to_have_count(0)
        await page.clock.run_for(1_000)
        await expect(page.locator("#b")).to_be_attached()
        await page.reload()
        await expect(page.locator("#State")).to_contain_text("Text waits 11 s")
        await expect(page.locator("#c")).to_be_hidden()
        await page.clock.run_for(11_500)
        await expect(page.locator("#c")).to_be_visible()
        await page.get_by_text("Delay the text to match my video", exact=True).click()
        await on.say(opened("d"), ended("d", "Now."))
        await expect(html).to_have_attribute("data-came", "d")
        await page.get_by_role("button", name="Don't wait").click()
        await expect(page.locator("#d")).to_be_attached()
        await expect(page.locator("#Held")).to_have_text("The text does not wait")
        assert await page.locator("#Lines > li").count() == 4


async def test_a_moment_is_linked_and_quoted(browser: Browser) -> None:
    async with stage() as on, tab(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        await on.say(ev.SpeakerIntroduced(speaker=AMINA, name="Amina Diallo"))
        await on.say(opened("a", 61_000, speaker="amina"), ended("a", "What was said."))
        await visit(page, on)
        await page.locator("#a .time").click()
        await expect(page.locator("#a .copied")).to_have_text("Address copied")
        address = f"{on.page}?channel=floor#a"
        assert await page.evaluate("navigator.clipboard.readText()") == address
        await page.locator("#a").get_by_role("button", name="Copy quote").click()
        await expect(page.locator("#Status")).to_have_text("Quote copied")
        quote = await page.evaluate("navigator.clipboard.readText()")
        cited = f"{on.page}/cite?channel=floor&from=a&at={on.position}"
        day = await page.locator("p.date").inner_text()
        assert quote == (
            f"“What was said.” — Amina Diallo, Plenary, {day}, 1:01, state {on.position}, "
            f"Heard by a machine, unchecked, {cited}"
        )
        await page.route("**/cite.txt?*", lambda route: route.abort())
        await on.say(opened("b", 65_000, speaker="amina"), ended("b", "What came then."))
        await page.locator("#b .time").click()
        await page.locator("#b").get_by_role("button", name="Copy quote").click()
        await expect(page.locator("#Status")).to_have_text("Quote copied")
        assert await page.evaluate("navigator.clipboard.readText()") == (
            f"“What came then.” — Amina Diallo, Plenary, {day}, 1:05, Written by a machine, {address[:-1]}b"
        )
        await page.goto("about:blank")
        await page.goto(address)
        await expect(page.locator("#a .source")).to_be_visible()
        await expect(page.locator("#a").get_by_role("button", name="Copy quote")).to_be_visible()


SELECT = """([from, start, to, end]) => {
    const text = (id) => document.querySelector(`#${id} .text`).firstChild;
    getSelection().setBaseAndExtent(text(from), start, text(to), end);
}"""


async def test_selected_words_are_quoted_and_the_quotation_stays_true(browser: Browser) -> None:
    async with stage() as on, tab(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        await on.say(ev.SpeakerIntroduced(speaker=AMINA, name="Amina Diallo"))
        await on.say(opened("a", 61_000, speaker="amina"), ended("a", "Not this. We where 😀 ready."))
        await on.say(opened("b", 65_000, speaker="amina"), ended("b", "All of us. Not that."))
        await visit(page, on)
        await page.evaluate(SELECT, ["a", 10, "b", 10])
        await page.locator("#b").get_by_role("button", name="Copy quote").click()
        await expect(page.locator("#Status")).to_have_text("Quote copied")
        quote = await page.evaluate("navigator.clipboard.readText()")
        assert quote.startswith("“We where 😀 ready. All of us.” — Amina Diallo, Plenary")
        cited = quote.rpartition(" ")[2]
        assert cited == f"{on.page}/cite?channel=floor&from=a:10&to=b:10&at={on.position}"
        await on.say(corrected("a", "Not this. We were 😀 ready."), by=CAPTIONER)
        await page.get_by_role("link", name="Cite").click()
        assert page.url == f"{cited}&ui=en"
        await expect(page.locator("blockquote")).to_have_text(re.compile(r"We where 😀 ready\.\s+All of us\."))
        await expect(page.locator("[data-fate=changed]")).to_be_visible()
        await expect(page.locator("del")).to_contain_text("where")
        await expect(page.locator("ins")).to_contain_text("were")
        ready = await page.locator(".copied-text").first.inner_text()
        await page.get_by_role("button", name="Copy: Quotation with its source").click()
        await expect(page.get_by_role("status").first).to_have_text("Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == ready == quote
        await page.get_by_role("link", name="To the place in the text").click()
        await expect(page.locator("#a")).to_be_in_viewport()


async def test_a_screen_reader_is_told_speakers_and_notices_only(page: Page) -> None:
    async with stage() as on:
        await on.say(ev.SpeakerIntroduced(speaker=AMINA, name="Amina"))
        await visit(page, on)
        await choose(page, "Tell my screen reader", "Speakers and notices only")
        await page.evaluate(TOLD)
        await on.say(opened("a", speaker="amina"), words("a", 0, "One."), signals=[partial("a", 1, "two")])
        await on.say(ended("a", "One."), opened("b", speaker="amina"), ended("b", "Two."))
        await on.say(ev.GapNoted(channel=FLOOR, t0=5_000, t1=9_000, reason=ev.GapReason.SOURCE_LOST))
        await on.say(ev.NotRecordedBegan(t0=9_000), by=SYSTEM)
        await on.say(ev.NotRecordedEnded(t1=10_000), by=SYSTEM)
        await expect(page.locator("#Announcer")).to_have_text("What is said is kept again")
        assert await page.evaluate("told") == [
            "Amina: ",
            "No text from 0:05 to 0:09: the sound was lost",
            "Not recorded: what is said now is kept nowhere",
            "What is said is kept again",
        ]


async def test_what_is_not_recorded_is_shown_marked_and_then_only_that_it_was(page: Page, browser: Browser) -> None:
    async with stage() as on, await browser.new_context(java_script_enabled=False, locale="en-GB") as plain:
        await on.lines(2)
        await visit(page, on)
        await on.say(ev.NotRecordedBegan(t0=9_000), by=SYSTEM)
        await on.say(signals=[Unrecorded(channel=FLOOR, text=" سرّ بيننا", language="ar")])
        box = page.locator("#Unrecorded")
        await expect(page.locator("#NotRecorded")).to_be_visible()
        await expect(box.locator(".text")).to_have_text("سرّ بيننا")
        await expect(box.locator(".text")).to_have_attribute("dir", "rtl")
        assert await page.locator("#Lines > li").count() == 2
        await page.set_viewport_size({"width": 390, "height": 700})
        await page.reload()
        await expect(page.locator("#NotRecorded")).to_be_visible()
        await expect(page.locator(".short")).to_be_hidden()  # It says that the text is kept.
        await expect(box.locator(".text")).to_have_text("سرّ بيننا")
        await on.say(
            ev.NotRecordedEnded(t1=20_000), signals=[Unrecorded(channel=FLOOR, text="", language="ar")], by=SYSTEM
        )
        await expect(page.locator("#NotRecorded")).to_be_hidden()
        await expect(page.locator(".short")).to_be_visible()
        await expect(box).to_be_hidden()
        assert "سرّ" not in await page.content()
        await on.say(opened("late", 8_000), ended("late", "Said before it, and written late.", 9_000))
        await on.say(opened("after", 20_000), ended("after", "Recorded again.", 21_000))
        written = [
            "This is line number 0 of the meeting, as it was said.",
            "This is line number 1 of the meeting, as it was said.",
            "Said before it, and written late.",
            "Not recorded from 0:09 to 0:20",
            "Recorded again.",
        ]
        texts = "#Lines > .line > .text, #Lines > .gap"
        await expect(page.locator(texts)).to_have_text(written)
        await on.say(ev.SessionClosed(t=22_000), by=SYSTEM)
        await expect(page.locator("#State")).to_have_attribute("data-kind", "closed")
        await expect(page.locator(texts)).to_have_text(written)
        await page.reload()
        await expect(page.locator(texts)).to_have_text(written)
        without = await plain.new_page()
        for path in ("", "/read"):
            await without.goto(f"{on.address}/s/plenary{path}")
            await expect(without.locator(texts)).to_have_text(written)


async def test_struck_lines_go_and_a_mended_title_comes(page: Page) -> None:
    async with stage() as on:
        await on.lines(4)
        await visit(page, on)
        await on.say(opened("g", 16_000), words("g", 0, "In the wrong language"))
        await expect(page.locator("#Growing .text")).to_have_text("In the wrong language")
        struck = (SegmentId("s3"), SegmentId("g"))
        await on.say(le.ChannelRewound(channel=FLOOR, t=12_000, segments=struck))
        await expect(page.locator("#s3")).to_have_count(0)
        await expect(page.locator("#Growing .text")).to_have_count(0)
        elsewhere = SessionId("elsewhere")
        await on.say(le.SegmentsMovedAway(channel=FLOOR, segments=(SegmentId("s1"),), session=elsewhere), by=SYSTEM)
        await on.say(le.SegmentsMovedAway(channel=ChannelId("fr"), segments=(SegmentId("s0"),), session=elsewhere))
        await on.say(ev.SessionDescribed(title="Plenary, second part"), by=SYSTEM)
        await expect(page.locator("h1")).to_have_text("Plenary, second part")
        assert [await line.get_attribute("id") for line in await page.locator("#Lines > li").all()] == ["s0", "s2"]
        await page.reload()
        assert await page.locator("#Lines > li").count() == 2


# What a frame costs is measured by bench.
@pytest.mark.slow
async def test_a_frame_is_painted_soon(page: Page) -> None:
    """EN 301 549, 7.1.1: within 100 ms; a loaded machine gets three times as much. `bench/painting.py` measures."""
    await page.add_init_script(PAINTED)
    async with stage() as on:
        await on.lines(200)
        await visit(page, on)
        await on.say(opened("g", 800_000))
        for n in range(30):
            await on.say(words("g", 3 * n, "three more words"), signals=[partial("g", 3 * n + 3, "perhaps")])
            await expect(page.locator("#Growing .text")).to_have_text("three more words " * (n + 1) + "perhaps")
        took = sorted(await page.evaluate("window.painted"))
    assert len(took) >= 25
    assert took[len(took) // 2] <= 100
    assert took[int(len(took) * 0.9)] <= 300
