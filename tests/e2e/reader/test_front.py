"""The front page in a browser: what is said last moves, and meetings come and go, while somebody looks at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, Route, expect

from moothall.core import commands as do
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned
from support.desks.meeting import S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
EVERY = 8_000
"""How often it asks, ms (js/reader/front.js)."""
SELDOM = 8
"""Of so many times one is used once the server has refused."""
BOARD = SessionId("water-board")


async def times_until(page: Page, done: Callable[[], Awaitable[bool]]) -> int:
    """How many times it is the page's turn to ask until `done`; it passes over a turn while it waits for an answer."""
    times = 0
    while times == 0 or not await done():
        times += 1
        await page.clock.run_for(EVERY)
    return times


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
        await on.say("b", "And more.")

        async def more() -> bool:
            return await said.text_content() == "And more."

        await times_until(page, more)
        assert set(asked) == {"/?ui=en&part=live"}, "no whole page for words"
        board = page.get_by_role("link", name="Water board")
        await board.focus()
        await programme.send(BOARD, do.OpenSession())

        async def both() -> bool:
            return await page.locator("#Now + ul > li").count() == 2

        await times_until(page, both)
        await expect(board).to_be_focused()
        assert asked.count("/?ui=en") == 1
        await programme.send(BOARD, do.CloseSession())

        async def over() -> bool:
            return await page.locator("section", has=page.locator("#Past")).get_by_text("Water board").count() > 0

        await times_until(page, over)


async def test_where_the_server_refuses_it_asks_seldom(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        asked: list[str] = []

        async def refuse(route: Route) -> None:
            asked.append(route.request.url)
            await route.fulfill(status=429)

        await page.clock.install()
        await page.goto(f"{on.running.address}/?ui=en")
        await page.route("**/*part=live*", refuse)

        async def once() -> bool:
            return len(asked) > 0

        async def again() -> bool:
            return len(asked) > 1

        await times_until(page, once)
        assert await times_until(page, again) >= SELDOM - 1, "one may have gone by while the first was refused"


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
