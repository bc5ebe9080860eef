"""Who is proposed as the speaker of a line, and who agreed that their voice is recognised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from moothall.core.commands import Ask, SetSpeaker, SetStatus
from moothall.core.events.lines import EndReason
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId, SegmentId, SpeakerId
from moothall.wire.engine import ForgetVoice, LearnVoice
from support.desks.meeting import FLOOR, S, meeting
from support.halls.process import CLOCK
from support.memory.acting_engine import engine_at

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Q = InterventionId("q")
STAFF = Actor(Role.TECHNICIAN, "t1")
AGAIN = re.compile(r"\bagain\b")
"""The class of a line that goes on a paragraph."""
CLICK_WORD = """([line, word]) => {
  const text = document.querySelector(`#${line} .text`);
  const range = document.createRange();
  const node = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  while (node.nextNode()) {
    const at = node.currentNode.data.indexOf(word);
    if (at < 0) continue;
    range.setStart(node.currentNode, at + 1);
    range.setEnd(node.currentNode, at + 2);
    const { x, y, width, height } = range.getBoundingClientRect();
    text.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: x + width / 2, clientY: y + height / 2 }));
    return;
  }
}"""


async def test_a_proposed_name_is_accepted_or_refused_by_one_key_and_agreeing_is_a_box(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path, "Amina", voices=True) as on:
        ask = Ask(intervention=Q, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="x", name="Amina")
        await on.do(ask, by=STAFF)
        for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
            await on.do(SetStatus(interventions=(Q,), status=status), by=STAFF)
        await on.do(SetSpeaker(channel=FLOOR, speaker=None), by=STAFF)
        await on.say("s1", "Order, please.")
        await on.sit_down(page)
        proposed = page.locator("#s1 .proposed")
        await expect(proposed).to_contain_text("Amina\u2069? Called from the queue")
        await page.locator("#s1").focus()
        await page.keyboard.press("z")
        await expect(proposed).to_have_count(0)
        assert on.speaker("s1") is None
        await on.say("s2", "I thank you.")
        await expect(page.locator("#s2 .proposed")).to_be_visible()
        assert on.speaker("s2") is None, "nobody is named without a press"
        await page.locator("#s1").focus()
        await page.keyboard.press("y")
        await expect(page.locator("#s2 .speaker")).to_have_text("Amina")
        await expect(page.locator("#s2 .proposed")).to_have_count(0)
        assert on.speaker("s2") == "p1"

        box = page.get_by_role("group", name="They agreed that their voice is recognised").get_by_label("Amina")
        await box.check()
        noted = page.locator("#Done li", has_text="Noted who agreed that their voice is recognised")
        await expect(noted).to_have_count(1)
        assert on.live.state.voices == {SpeakerId("p1")}
        await box.uncheck()
        await expect(noted).to_have_count(2)
        assert on.live.state.voices == set()


async def test_from_a_voice_to_a_name_that_readers_see_and_a_line_that_is_split_at_the_desk(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with (
        meeting(tmp_path, "Amina", "Ben", voices=True) as on,
        engine_at(on.running.recognising, on.live, CLOCK) as engine,
    ):
        await on.sit_down(page)
        reader = await context.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        amina = page.get_by_role("group", name="They agreed that their voice is recognised").get_by_label("Amina")
        await amina.check()
        await on.do(SetSpeaker(channel=FLOOR, speaker=SpeakerId("p1")), by=STAFF)
        await engine.say("l1", "Good morning all", 0)
        assert await engine.told(1) == [LearnVoice(attachment=1, voice=1, segment=SegmentId("l1"))]
        await engine.learnt(1, 2_700)
        await on.do(SetSpeaker(channel=FLOOR, speaker=None), by=STAFF)
        await engine.say("l2", "Somebody else speaks", 4_000, EndReason.SPEAKER)
        await engine.say("l3", "And I speak again", 8_000)
        await engine.hears("l3", 1, 2_500)

        # By the voice she is proposed at the desk and nowhere else; one key publishes it.
        await expect(page.locator("#l3 .proposed")).to_contain_text("Amina\u2069? By the voice")
        await expect(reader.locator("#Lines .text")).to_have_count(3)
        named = reader.locator("#l3 .speaker:not(.unnamed)")
        await expect(named).to_have_count(0)
        await page.locator("#l3").focus()
        await page.keyboard.press("y")
        await expect(named).to_have_text("Amina")
        await expect(reader.locator("#l3")).not_to_have_class(AGAIN)

        # A line is split at the word that was clicked, and at the one that was chosen by keys.
        await engine.say("l4", "I ask why Because it rained all night", 12_000)
        await page.locator("#l4 .text").wait_for()
        await page.evaluate(CLICK_WORD, ["l4", "Because"])
        await page.get_by_role("button", name="Another person speaks from here").click()
        texts = reader.locator("#Lines .text")
        await expect(texts).to_have_text(
            [
                "Good morning all",
                "Somebody else speaks",
                "And I speak again",
                "I ask why",
                "Because it rained all night",
            ]
        )
        await expect(reader.locator("#Lines .line").last).not_to_have_class(AGAIN)
        await expect(page.locator("#Done li", has_text="Line split in two")).to_have_count(1)
        last = page.locator("#Lines .line").last
        await last.focus()
        for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Shift+Enter"):
            await page.keyboard.press(key)
        await expect(texts.nth(4)).to_have_text("Because it rained")
        await expect(texts.last).to_have_text("all night")

        # What was split is one line again, for readers too.
        await page.get_by_role("button", name="Undo: Line split in two").first.click()
        await expect(texts.last).to_have_text("Because it rained all night")
        await expect(texts).to_have_count(5)

        # One press takes the agreement back, and with it what was learnt and what is proposed.
        await engine.say("l5", "Once more it is me", 20_000)
        await engine.hears("l5", 1, 2_500)
        await expect(page.locator("#l5 .proposed")).to_have_count(1)
        await amina.uncheck()
        assert (await engine.told(2))[1] == ForgetVoice(attachment=1, voice=1)
        await expect(page.locator(".proposed")).to_have_count(0)
