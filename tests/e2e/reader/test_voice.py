"""A voice of the browser reads finished lines aloud, once somebody has started it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from support.browser.browsing import visit
from support.browser.translated_lines import TEXTS
from support.halls.stage import CAPTIONER, corrected, ended, opened, stage, words
from support.sessions.splitting import split, timed

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SPEECH = """() => {
    window.said = [];
    class Utterance extends EventTarget { constructor(text) { super(); this.text = text; } }
    class Speech extends EventTarget {
        paused = false;
        voices = [['near', 'en-GB', true], ['far', 'es', false]]
            .map(([name, lang, localService]) => ({ name, lang, localService }));
        getVoices() { return this.voices; }
        speak(spoken) { said.push([spoken.text, spoken.voice.name, spoken.rate]); this.now = spoken; }
        over() { this.now.dispatchEvent(new Event('end')); }
        cancel() {}
        pause() { this.paused = true; }
        resume() { this.paused = false; }
    }
    window.SpeechSynthesisUtterance = Utterance;
    Object.defineProperty(window, 'speechSynthesis', { value: new Speech() });
}"""
"""A browser with two voices, one of which sends the text away; a text is over when the test says so."""


async def test_each_finished_line_is_read_once_as_it_is_by_then_and_none_that_comes_too_late_or_was_removed(
    page: Page,
) -> None:
    async with stage() as on:
        await page.add_init_script(f"({SPEECH})()")
        await on.lines(2)
        await visit(page, on)
        await page.get_by_text("Read aloud", exact=True).click()
        await on.say(opened("a", 20_000), ended("a", "Before it was started."))
        await page.locator("#a").wait_for()
        await page.locator("#VoiceOn").click()
        await expect(page.locator("#VoiceOn")).to_have_text("Stop reading")
        await page.locator("#VoiceRate").fill("1.5")
        await on.say(opened("b", 24_000), ended("b", "It is on."))
        await page.locator("#b").wait_for()
        assert await page.evaluate("said") == [["It is on.", "near", 1.5]]
        removed = (0, 0)
        for n in range(8):
            await on.say(opened(f"c{n}", 30_000 + n), ended(f"c{n}", f"Line {n}."))
            removed = (on.offset - 1, on.offset) if n == 3 else removed
        await expect(page.locator("#VoiceSaid")).to_have_text("Left out, to keep up: 2")
        await page.evaluate("speechSynthesis.over()")
        assert (await page.evaluate("said"))[1:] == [["Line 2.", "near", 1.5]]
        await on.remove(*removed)
        await on.say(corrected("c4", "Line 4, mended."), by=CAPTIONER)
        await expect(page.locator("#c4 .text")).to_have_text("Line 4, mended.")
        await expect(page.locator("#c3")).to_have_count(0)
        await page.evaluate("speechSynthesis.over()")
        assert (await page.evaluate("said"))[2:] == [["Line 4, mended.", "near", 1.5]]
        await page.locator("#VoicePause").click()
        await expect(page.locator("#VoicePause")).to_have_text("Go on")
        await page.locator("#VoiceOn").click()
        await expect(page.locator("#VoiceOn")).to_have_text("Start")


async def test_what_is_split_off_a_line_is_read_once_and_behind_its_first_part(page: Page) -> None:
    async with stage() as on:
        await page.add_init_script(f"({SPEECH})()")
        await visit(page, on)
        await page.get_by_text("Read aloud", exact=True).click()
        await page.locator("#VoiceOn").click()
        for n, name in enumerate("ab"):
            await on.say(opened(name, 1_000 + n), words(name, 0, " Who? I do."), ended(name, " Who? I do."))
        await on.say(opened("c", 4_000), ended("c", "So be it."))
        await page.locator("#c").wait_for()
        for name in "ab":  # The first is being read, and the other one waits.
            await on.say(*split(name, f"{name}-part", timed(1_000, "Who?"), timed(1_200, "I", "do.")))
        await page.locator("#b-part").wait_for()
        for _ in range(5):
            await page.evaluate("speechSynthesis.over()")
        assert [text for text, _, _ in await page.evaluate("said")] == ["Who? I do.", "Who?", "I do.", "So be it."]


async def test_a_voice_that_sends_the_text_away_is_asked_for(page: Page) -> None:
    async with stage(*TEXTS) as on:
        await page.add_init_script(f"({SPEECH})()")
        await visit(page, on, "?channel=mt-es")
        await page.get_by_text("Read aloud", exact=True).click()
        await expect(page.locator("#VoiceSaid")).to_have_text("This device has no voice for this language.")
        await expect(page.locator("#VoiceOn")).to_be_disabled()
        await page.get_by_label("Allow voices that send the text to their maker").check()
        await expect(page.locator("#VoiceOn")).to_be_enabled()
