"""The front page in a browser: what is said last moves, and meetings come and go, while somebody looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

from moothall.core import commands as do
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned
from support.desks.meeting import S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
EVERY = 8_000
"""How often it asks, ms (js/reader/front.js)."""
BOARD = SessionId("water-board")


async def test_last_words_move_and_a_meeting_that_begins_appears(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        programme, now = on.running.backend.programme, on.running.backend.clock.wall()
        await programme.make(Planned(session=BOARD, title="Water board", starts=now + 60_000, languages=("en",)))
        await on.say("a", "First words.")
        asked: list[str] = []

        def note(request: Request) -> None:
            asked.append(request.url.removeprefix(on.running.address))

        await page.clock.install()
        await page.goto(f"{on.running.address}/?ui=en")
        said = page.locator(f".said[data-of='{S}']")
        await expect(said).to_have_text("First words.")
        await expect(page.locator("section", has_text="Coming")).to_contain_text("Water board")
        page.on("request", note)
        await page.clock.run_for(EVERY)
        await on.say("b", "And more.")
        await page.clock.run_for(EVERY)
        await expect(said).to_have_text("And more.")
        assert set(asked) == {"/?ui=en&part=live"}, "no whole page for words"
        board = page.get_by_role("link", name="Water board")
        await board.focus()
        await programme.send(BOARD, do.OpenSession())
        await page.clock.run_for(EVERY)
        await expect(page.locator("#Now + ul > li")).to_have_count(2)
        await expect(board).to_be_focused()
        assert asked.count("/?ui=en") == 1
        await programme.send(BOARD, do.CloseSession())
        await page.clock.run_for(EVERY)
        await expect(page.locator("section", has=page.locator("#Past"))).to_contain_text("Water board")


async def test_what_is_on_is_not_sent_again_where_nothing_has_changed(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("a", "First words.")
        address = f"{on.running.address}/?ui=ar&part=live"
        answer = await page.request.get(address)
        assert "First words." in await answer.text()
        assert "<html" not in await answer.text()
        again = await page.request.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status == 304
        await on.say("b", "And more.")
        assert (await page.request.get(address, headers={"If-None-Match": answer.headers["etag"]})).status == 200
