"""What is measured of voices: a page that is open says so as soon as it is so, and no more once it is not; so does one
that is loaded later, and the record says it for good.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.events.types import Access, SoundKept, VoicesTold, VoiceUse
from moothall.core.kernel.actors import Actor, Role
from support.desks.meeting import FLOOR, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SECRETARIAT = Actor(Role.SECRETARIAT, "s")
CHANGES = "keeps nothing of that; it recognises nobody by their voice."
KNOWN = "it recognises only voices of people who agreed, until the meeting ends."


def chosen(use: VoiceUse) -> do.ArrangeSession:
    return do.ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, voice_use=use)


def heard(voices: VoicesTold) -> do.AttachEngine:
    return do.AttachEngine(channel=FLOOR, model="m", voices=voices)


async def test_who_reads_is_told_what_is_measured_of_voices(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        notices = page.locator("#Notices")
        await page.goto(f"{on.running.address}/s/{S}")
        await expect(notices).not_to_contain_text("voice")
        await on.do(heard(VoicesTold.KNOWN))
        await expect(notices.locator("p").nth(1)).to_contain_text(KNOWN)
        await expect(page.locator("#Status")).to_contain_text(KNOWN)
        await on.do(chosen(VoiceUse.CHANGES))
        await expect(notices.locator("p").nth(1)).to_contain_text(CHANGES)
        await expect(notices).not_to_contain_text(KNOWN)
        await page.reload()
        await expect(notices.locator("p").nth(1)).to_contain_text(CHANGES)
        await on.do(chosen(VoiceUse.NONE))
        await expect(notices).not_to_contain_text("voice")
        await on.do(do.CloseSession(), by=SECRETARIAT)
        await expect(notices.locator("p").nth(1)).to_contain_text(KNOWN)
        record = await page.context.request.get(f"{on.running.address}/s/{S}/record.txt")
        assert KNOWN in " ".join((await record.text()).split())
        pace = await page.context.request.get(f"{on.running.address}/s/{S}/read")
        assert KNOWN in await pace.text()
