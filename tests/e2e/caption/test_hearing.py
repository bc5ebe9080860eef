"""On the captioner's page the room's sound is heard, its last seconds again, and those at half the speed, by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.kernel.actors import Role
from support.desks.meeting import S, meeting
from support.desks.spoken_meeting import spoken_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLAYED = """window.long = [];
let heard = 0;
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
    const loud = this.buffer.getChannelData(0).some((each) => each !== 0);
    if (loud && this.buffer.duration > 1.5) window.long.push(this.buffer.duration);
    heard += this.buffer.duration;
    document.body.dataset.long = window.long.length;
    document.body.dataset.heard = heard > 3 ? 'enough' : '';
    return start.apply(this, when);
};"""
"""Tells of sound that is played: pieces of the live sound are short, those of what is heard again are long."""


async def test_sound_and_its_last_seconds_and_those_at_half_the_speed_come_by_keys(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, spoken_in(on):
        await page.add_init_script(PLAYED)
        await on.enter(page, Role.CAPTIONER)
        await page.goto(f"{on.running.address}/caption/{S}")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        listen = page.locator("#Listen")
        await page.keyboard.press("Alt+s")
        await expect(listen).to_have_attribute("aria-pressed", "true")
        body = page.locator("body")
        await expect(body).to_have_attribute("data-heard", "enough", timeout=30_000)
        await page.keyboard.press("Alt+r")
        await expect(body).to_have_attribute("data-long", "1")
        await page.keyboard.press("Alt+r")  # It ends.
        await page.keyboard.press("Alt+h")
        await expect(body).to_have_attribute("data-long", "2")
        again, slower = await page.evaluate("long")
        assert slower > 1.9 * again, "at half the speed, and some has come since"
        await expect(page.locator("#ComposeText"), "no key was typed").to_have_value("")
        await page.keyboard.press("Alt+s")
        await expect(listen).to_have_attribute("aria-pressed", "false")
