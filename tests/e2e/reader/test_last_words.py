"""A meeting is closed at the desk while its last words are awaited: desk and readers are
informed, also without scripts.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.events.types import GapNoted, GapReason
from moothall.services.sound.live_take import LiveTake
from moothall.wire.audio import Piece
from support.desks.meeting import FLOOR, S, meeting
from support.memory.microphone import RATE, greeting, sound

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COMING = "The last words are coming"


async def test_who_closes_and_who_reads_is_told_that_the_last_words_are_coming(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        take = await on.running.live.begin(S, greeting())
        assert isinstance(take, LiveTake)
        await take.feed(Piece(first=0, age=0, pcm=sound(0, RATE)), on.running.backend.clock.monotonic())
        gaps = asyncio.get_running_loop().create_future()

        def look(said: object) -> None:
            events = getattr(said, "events", ())
            for event in events:
                if isinstance(event, GapNoted) and not gaps.done():
                    gaps.set_result(event)

        on.live.writer.listen(look)
        reader, plain = await page.context.new_page(), await page.context.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        await on.sit_down(page)
        await page.locator("button[data-act=close]").click()
        await expect(page.locator("#State")).to_have_text(COMING)
        await expect(page.locator("#Status")).to_have_text(COMING)
        await expect(reader.locator("#State")).to_have_text(COMING)
        await expect(reader.locator("#Status")).to_have_text(COMING)
        answer = await plain.request.get(f"{on.running.address}/s/{S}")
        assert f'data-kind="last-words">{COMING}' in await answer.text()
        # No engine comes within ten seconds of the start: it is closed, and the record says what is missing.
        await expect(reader.locator("#State")).to_have_text("Closed: this is the record")
        await expect(page.locator("#State")).to_have_attribute("data-kind", "closed")
        gap = await asyncio.wait_for(gaps, 60)
        assert (gap.channel, gap.t0, gap.reason) == (FLOOR, take.audio.t, GapReason.ENGINE_LOST)
        await expect(reader.locator(".gap")).to_contain_text("speech recognition was not available")
