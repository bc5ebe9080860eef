"""The captioner's page: text is seen as it is typed, never lost, and corrected by keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import Partial
from moothall.wire.engine import OtherReadings
from support.desks.meeting import FLOOR, Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def caption(page: Page, on: Meeting) -> None:
    await page.goto(f"{on.running.address}/caption/{S}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#ComposeText")).to_be_focused()


def texts(on: Meeting) -> list[str]:
    lines = sorted((line for _, line in on.live.state.segments.items() if line.whole), key=lambda line: line.t0)
    return [line.whole for line in lines]


def commit(*words: Word) -> do.CommitWords:
    """The machine's first line begins with these."""
    start = do.SegmentStart(t0=0, language="en")
    return do.CommitWords(channel=FLOOR, generation=1, segment=SegmentId("m1"), first=0, words=words, start=start)


def ended(t1: int) -> do.EndSegment:
    """That line is over."""
    return do.EndSegment(channel=FLOOR, generation=1, segment=SegmentId("m1"), t1=t1, reason=EndReason.SENTENCE)


async def test_a_captioner_types_is_killed_and_goes_on_and_mends_a_word_by_keys(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with meeting(tmp_path, "Amina Diallo") as on:
        await on.do(do.AttachEngine(channel=FLOOR, model="scripted"))
        words = (Word("The", 0, 100, 0.9), Word(" fond", 100, 200, 0.2), Word(" pays", 200, 300, 0.3))
        await on.do(commit(*words), ended(300), by=Actor(Role.ENGINE, "scripted"))
        await on.do(do.ChooseTerm(term="Internet Governance Forum", wanted=True), by=Actor(Role.TECHNICIAN, "t"))
        reader = await context.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        await on.enter(page, Role.CAPTIONER)
        await page.bring_to_front()
        await caption(page, on)
        own = page.get_by_label("Programs that send captions to Zoom")
        await expect(own).to_have_value(re.compile(r"/closedcaption\?.*key="))
        await page.keyboard.press("Alt+1")
        await page.keyboard.type("We begin. Now the intern")
        await expect(page.locator("#Suggested li")).to_have_text(["Internet Governance Forum"])
        await page.keyboard.press("Tab")
        await expect(page.locator("#ComposeText")).to_have_value("Now the Internet Governance Forum")
        await expect(reader.get_by_text("Now the Internet Governance Forum")).to_be_visible()
        await page.keyboard.type(" spea")
        await page.close()
        page = await context.new_page()
        await caption(page, on)
        await expect(page.locator("#ComposeText")).to_have_value("Now the Internet Governance Forum spea")
        await page.keyboard.type("ks.")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Lines .text").last).to_have_text("Now the Internet Governance Forum speaks.")
        await expect(page.locator("#OnWay li")).to_have_count(0)
        assert texts(on) == ["The fond pays", "We begin.", "Now the Internet Governance Forum speaks."]
        assert [line.speaker for _, line in on.live.state.segments.items() if not line.words] == ["p1", "p1"]
        await page.keyboard.press("Alt+u")
        await page.keyboard.press("Alt+u")
        await page.keyboard.type("fu")
        await on.say("m2", "The text goes on.")
        await expect(page.locator("#m2 > .text")).to_have_text("The text goes on.")
        await page.keyboard.type("nd")
        await page.keyboard.press("Enter")
        await expect(page.locator("#m1 > .text")).to_have_text("The fund pays")
        await expect(page.locator("#m1 .doubt")).to_have_text(["pays"])
        await expect(page.locator("#ComposeText"), "what is typed now is a new line").to_be_focused()
        await page.keyboard.press("Alt+u")
        await page.keyboard.type("x")
        await expect(page.locator("#m1 textarea")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.locator("#ComposeText")).to_be_focused()
        await page.keyboard.type("And")
        await page.keyboard.press("Alt+z")
        await expect(page.locator("#ComposeText")).to_have_value("Now the Internet Governance Forum speaks. And")
        await expect(page.locator("#ComposeText")).to_be_focused()
        left = ["The fund pays", "The text goes on.", "We begin."]
        assert sorted(texts(on)) == left
        # It is mended before it is sent again: what is behind the caret has its end already.
        await page.keyboard.press("Home")
        await page.keyboard.type("B")
        await expect(page.locator("#ComposeText")).to_have_value("BNow the Internet Governance Forum speaks. And")
        assert sorted(texts(on)) == left


async def test_two_captioners_hand_over_and_the_machine_goes_on(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("m1", "The machine begins.")
        other = await (await browser.new_context()).new_page()
        for each, name in ((other, "Ben"), (page, "Ann")):
            await on.enter(each, Role.CAPTIONER)
            await each.bring_to_front()
            await each.add_init_script(f"localStorage.setItem('moothall.desk.name', '\"{name}\"')")
            await caption(each, on)
        await expect(page.locator("#AirWho")).to_have_text("The machine is on air")
        await expect(page.locator("#AirTake kbd"), "what is to be pressed in the field").to_have_text("Alt+T")
        await expect(page.locator("#Listen kbd, #Again kbd, #Slower kbd")).to_have_text(["Alt+S", "Alt+R", "Alt+H"])
        await page.keyboard.press("Alt+t")
        await expect(page.locator("#AirWho")).to_have_text("You are on air")
        await expect(page.locator("#OffAir")).to_be_hidden()
        await other.bring_to_front()
        await expect(other.locator("#AirWho")).to_contain_text("Ann")
        await expect(other.locator("#OffAir")).to_be_visible()
        await other.keyboard.type("Offered by Ben. ")
        await expect(other.locator("#OnWay li")).to_have_count(0)
        await page.bring_to_front()
        await expect(page.locator("#Offered .text")).to_have_text(["Offered by Ben."])
        assert texts(on) == ["The machine begins."]
        await page.keyboard.press("Alt+o")
        await expect(page.locator("#Lines .text").last).to_have_text("Offered by Ben.")
        await expect(page.locator("#Offered li")).to_have_count(0)
        await page.keyboard.press("Alt+g")
        await expect(page.locator("#OffAir")).to_be_visible()
        await other.bring_to_front()
        await expect(other.locator("#AirWho")).to_have_text("You are on air")
        await other.keyboard.type("Ben goes on.")
        await other.keyboard.press("Enter")
        await expect(other.locator("#Lines .text").last).to_have_text("Ben goes on.")
        await other.keyboard.press("Alt+m")
        await expect(other.locator("#AirWho")).to_have_text("The machine is on air")
        await on.say("m2", "The machine goes on.")
        assert sorted(texts(on)) == ["Ben goes on.", "Offered by Ben.", "The machine begins.", "The machine goes on."]


RUNG = """window.rung = 0;
window.AudioContext = class extends AudioContext {
    createOscillator() {
        this.addEventListener('statechange', () => { document.body.dataset.bell = this.state; });
        document.body.dataset.bell = this.state;
        window.rung += 1;
        return super.createOscillator();
    }
};"""


async def test_the_second_captioner_is_rung_when_whoever_is_on_air_is_gone(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        other = await (await browser.new_context()).new_page()
        await page.add_init_script(RUNG)
        await on.enter(page, Role.CAPTIONER)
        await on.enter(other, Role.CAPTIONER)
        await other.bring_to_front()
        await caption(other, on)
        await other.keyboard.press("Alt+t")
        await expect(other.locator("#AirWho")).to_have_text("You are on air")
        await page.bring_to_front()
        await caption(page, on)
        await expect(page.get_by_label("Ring when whoever is on air writes nothing")).to_be_checked()
        await other.context.close()
        silent = page.get_by_role("alert").filter(has_text="is gone")
        await expect(silent).to_be_visible(timeout=20_000)
        await page.keyboard.type("I")
        await expect(page.locator("body")).to_have_attribute("data-bell", "running")
        await page.keyboard.press("Alt+b")
        await expect(page.get_by_label("Ring when whoever is on air writes nothing")).not_to_be_checked()
        await page.keyboard.press("Alt+t")
        await expect(silent).to_be_hidden()
        assert await page.evaluate("rung") == 1, "once"
        await page.reload()
        await expect(page.get_by_label("Ring when whoever is on air writes nothing")).not_to_be_checked()


async def test_whoever_takes_over_has_what_the_machine_heard_and_had_not_written(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(do.AttachEngine(channel=FLOOR, model="scripted"))
        await on.do(commit(Word("The fund", 0, 200)), by=Actor(Role.ENGINE, "scripted"))
        await on.enter(page, Role.CAPTIONER)
        await caption(page, on)
        rest = Partial(channel=FLOOR, segment=SegmentId("m1"), first=1, text=" pays. And wh", language="en")
        on.live.writer.signal(rest)
        await expect(page.locator("#Growing")).to_contain_text("And wh")
        await page.keyboard.press("Alt+p")
        await expect(page.locator("#Status")).to_have_text("Nothing that the machine heard waits to be written.")
        await page.keyboard.press("Alt+t")
        await expect(page.locator("#Heard .text")).to_have_text("pays. And wh")
        await expect(page.locator("#Heard .text")).to_have_attribute("lang", "en")
        await expect(page.locator("#Status")).to_contain_text("not written: pays. And wh")
        await page.keyboard.type("ile")
        await expect(page.locator("#ComposeText")).to_have_value("ile")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Alt+p")
        await expect(page.locator("#ComposeText")).to_have_value("pays. And wh")
        await expect(page.locator("#ComposeText")).to_be_focused()
        await expect(page.locator("#HeardBox")).to_be_hidden()
        assert texts(on) == ["The fund"], "it is still theirs"
        await page.keyboard.type("o else?")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Lines .text").last).to_have_text("And who else?")
        assert texts(on) == ["The fund", "pays.", "And who else?"]
        await expect(page.locator("#HeardBox")).to_be_hidden()


async def test_a_number_takes_another_reading_of_a_word_in_doubt(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(do.AttachEngine(channel=FLOOR, model="scripted"))
        words = (Word("The", 0, 100, 0.9), Word(" fond,", 100, 200, 0.2), Word(" pays", 200, 300, 0.3))
        await on.do(commit(*words), ended(300), by=Actor(Role.ENGINE, "scripted"))
        others = [
            OtherReadings(segment=SegmentId("m1"), word=1, texts=("found", "fund")),
            OtherReadings(segment=SegmentId("m1"), word=2, texts=("plays", "prays")),
        ]
        on.running.recognising.heard_otherwise(S, FLOOR, others)
        await on.enter(page, Role.CAPTIONER)
        await caption(page, on)
        await page.keyboard.press("Alt+u")
        await expect(page.locator("#Status")).to_have_text("pays, 1 plays, 2 prays")
        await page.keyboard.press("Alt+u")
        readings = page.get_by_role("list", name="Other readings")
        await expect(readings.get_by_role("button")).to_have_text(["1 found", "2 fund"])
        await expect(page.locator("#Status")).to_have_text("fond,, 1 found, 2 fund")
        await page.keyboard.press("2")
        await expect(page.locator("#m1 > .text")).to_have_text("The fund, pays")
        await expect(page.locator("#ComposeText"), "what is typed now is a new line").to_be_focused()
        await expect(readings).to_have_count(0)
        await expect(page.locator("#m1 .doubt")).to_have_text(["pays"])
        await page.keyboard.press("Alt+u")
        await page.keyboard.press("3")  # There is none: it is typed in place of the word.
        await expect(page.locator("#m1 textarea")).to_have_value("The fund, 3")
        await page.keyboard.press("Escape")
        await on.sit_down(page)
        await page.keyboard.press("d")
        await readings.get_by_role("button", name="plays").click()
        await expect(page.locator("#m1 > .text")).to_have_text("The fund, plays")
        await expect(page.locator("#m1 .doubt")).to_have_count(0)


async def test_without_a_keyboard_no_keys_are_shown(browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        phone = await (await browser.new_context(is_mobile=True, has_touch=True)).new_page()
        await on.enter(phone, Role.CAPTIONER)
        await caption(phone, on)
        await expect(phone.locator("#AirTake")).to_be_visible()
        await expect(phone.locator("kbd:visible, .keyed:visible")).to_have_count(0)
        await phone.context.close()
