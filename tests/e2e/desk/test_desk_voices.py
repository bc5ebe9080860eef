"""Who is proposed as the speaker of a line, and who agreed that their voice is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.commands import Ask, SetSpeaker, SetStatus
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId, SpeakerId
from support.desks.meeting import FLOOR, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Q = InterventionId("q")
STAFF = Actor(Role.TECHNICIAN, "t1")


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
