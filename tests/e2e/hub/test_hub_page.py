"""The page of a group in a browser: what its script renews, counts and says; and the words in a sheet's code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.hubs.entry import Details
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, NoteId, SessionId
from moothall.services.log.act_queue import Receipt
from support.browser.browsing import tab
from support.desks.admin import AdminHouse, admin_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
S = SessionId("plenary")
FORM_KEPT = """async () => {
    const cache = await caches.open('moothall.asking');
    while (!(await cache.keys()).some(({ url }) => url.includes('/ask'))) await new Promise(requestAnimationFrame);
}"""
SENT = """async () => {
    const kept = () => JSON.parse(localStorage.getItem(`moothall.hub.${location.pathname}`));
    while (kept().people !== null) await new Promise(requestAnimationFrame);
}"""
PAGE = f"/hub/kisumu/{S}"


async def send(house: AdminHouse, act: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
    live = await house.running.backend.sessions.open(S)
    assert isinstance(await live.writer.send(by, CommandId(act), commands), Receipt)


@asynccontextmanager
async def group(folder: Path) -> AsyncIterator[AdminHouse]:
    """A meeting that is on, and a group that may take part."""
    async with admin_house(folder) as house:
        created = do.CreateSession(title="Plenary", languages=("en",))
        channel = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
        await send(house, "made", created, channel, do.OpenSession())
        assert isinstance(await house.running.backend.hubs.add("Kisumu", Details()), tuple)
        yield house


async def come_in(page: Page, house: AdminHouse) -> None:
    """By the code on the sheet."""
    words = await house.running.backend.pairing.words("kisumu")
    assert words is not None
    await page.goto(f"{house.running.address}/hub/pair#{'-'.join(words)}")
    await expect(page.get_by_label("The six words")).to_have_value(" ".join(words))
    assert "#" not in page.url
    await page.get_by_role("button", name="Come in").click()
    await page.wait_for_url("**/hub/kisumu")


async def test_a_code_is_scanned_and_heads_are_counted_by_taps(browser: Browser, tmp_path: Path) -> None:
    async with group(tmp_path) as house, tab(browser) as page:
        await come_in(page, house)
        await page.get_by_role("link", name="Plenary").click()
        await page.get_by_role("button", name="One more").click()
        await expect(page.locator(".many")).to_have_text("People now: 1")
        await page.evaluate("window.same = true")
        for _ in range(5):
            await page.get_by_role("button", name="One more").click()
        await page.get_by_role("button", name="One fewer").click()
        await expect(page.locator(".many")).to_have_text("People now: 5")
        await page.get_by_label("Or the number itself").fill("23")
        await page.get_by_role("button", name="Set the number").click()
        await expect(page.locator(".many")).to_have_text("People now: 23")
        await expect(page.get_by_label("Or the number itself")).to_have_value("")
        await page.evaluate(SENT)
        assert await page.evaluate("window.same")
        assert house.running.backend.hubs.people("kisumu") == 23
        assert house.running.backend.hubs.here("kisumu")


async def test_what_changes_comes_by_itself_and_what_is_typed_stays(browser: Browser, tmp_path: Path) -> None:
    async with group(tmp_path) as house, tab(browser) as page:
        await come_in(page, house)
        await page.clock.install()
        await page.goto(house.running.address + PAGE)
        await page.get_by_label("Your note").fill("We hear")
        to_us = do.LeaveHubNote(hub="kisumu", note=NoteId("n1"), text="You are <next>")
        await send(house, "note", to_us, by=Actor(Role.MODERATOR, "m1"))
        await page.clock.run_for(31_000)
        await expect(page.locator("#Said")).to_have_text("New note: You are <next>")
        await expect(page.get_by_label("Your note")).to_have_value("We hear")
        await page.get_by_label("Your note").press("End")
        await page.get_by_label("Your note").press_sequentially(" you")
        await page.get_by_role("button", name="Send the note").click()
        await expect(page.locator(".note")).to_have_text(["We hear you", "You are <next>"])
        await page.get_by_role("button", name="I have read it").click()
        await expect(page.get_by_role("button", name="I have read it")).to_have_count(0)
        await expect(page.locator("#NotesNow")).to_contain_text("Read by: \u2068Kisumu\u2069")


# `test_frozen_link.py` has the same words on other pages.
@pytest.mark.slow
async def test_a_link_that_is_away_is_said_until_it_is_back(browser: Browser, tmp_path: Path) -> None:
    async with group(tmp_path) as house, tab(browser) as page:
        await come_in(page, house)
        await page.clock.install()
        await page.goto(house.running.address + PAGE)
        away = page.get_by_text("The connection is away.")
        await expect(away).to_be_hidden()
        await page.context.set_offline(True)
        await page.clock.run_for(31_000)
        await expect(away).to_be_visible()
        await page.context.set_offline(False)
        await page.clock.run_for(31_000)
        await expect(away).to_be_hidden()


NEVER = """
AbortSignal.timeout = () => {
    const request = new AbortController();
    addEventListener('late', () => request.abort(new DOMException('Too late', 'TimeoutError')));
    return request.signal;
};
"""
"""A request waits for ever, until the test says that it is late."""


# What is kept without a line goes again in the test above, by the same part.
@pytest.mark.slow
async def test_a_note_that_gets_no_answer_is_kept_and_goes_again(browser: Browser, tmp_path: Path) -> None:
    async with group(tmp_path) as house, tab(browser) as page:
        await come_in(page, house)
        await page.clock.install()
        await page.add_init_script(NEVER)
        await page.goto(house.running.address + PAGE)
        unanswered: asyncio.Future[Route] = asyncio.get_running_loop().create_future()

        async def answer(route: Route) -> None:
            """Nothing ever comes back to the first; it stays held, for without a route the browser would send it."""
            if unanswered.done():
                await route.continue_()
            else:
                unanswered.set_result(route)

        await page.route("**/notes*", answer)
        await page.get_by_label("Your note").fill("We hear nothing.")
        await page.get_by_role("button", name="Send the note").click()
        await unanswered
        await page.evaluate("dispatchEvent(new Event('late'))")
        await expect(page.locator("#NotesNow .note")).to_have_text(["We hear nothing."])
        await expect(page.locator("#Waiting")).to_be_hidden()


async def test_what_is_counted_written_and_asked_without_a_link_is_kept_and_sent_once(
    browser: Browser, tmp_path: Path
) -> None:
    async with group(tmp_path) as house, tab(browser) as page:
        await come_in(page, house)
        await page.goto(house.running.address + PAGE)
        await page.evaluate(FORM_KEPT)
        await page.context.set_offline(True)
        for _ in range(3):
            await page.get_by_role("button", name="One more").click()
        await expect(page.locator(".many")).to_have_text("People now: 3")
        await page.get_by_label("Your note").fill("We hear nothing.")
        await page.get_by_role("button", name="Send the note").click()
        await expect(page.get_by_label("Your note")).to_have_value("")
        await expect(page.locator("#WaitingNotes")).to_have_text("We hear nothing.")
        await expect(page.get_by_text("The connection is away.")).to_be_visible()
        await page.get_by_role("link", name="Ask or comment").click()
        await page.get_by_label("Your question or comment").fill("Who pays?")
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("#KeptList")).to_contain_text("Who pays?")
        assert house.running.backend.hubs.people("kisumu") is None
        await page.context.set_offline(False)
        await page.goto(house.running.address + PAGE)  # The browser has kept it, though the page was left.
        await expect(page.locator(".note")).to_have_text(["We hear nothing."])
        await expect(page.locator("#Waiting")).to_be_hidden()
        await page.evaluate(SENT)
        await expect(page.locator(".many")).to_have_text("People now: 3")
        assert house.running.backend.hubs.people("kisumu") == 3
        live = house.running.backend.sessions.loaded(S)
        assert live is not None
        assert [each.text for each in live.state.notes_and_tags.hub_notes] == ["We hear nothing."]
        asked = [(each.text, each.origin) for _, each in live.state.questions.interventions.items()]
        assert asked == [("Who pays?", "hub:kisumu")]


# A refinement of how the page renews itself, in the tests above.
@pytest.mark.slow
async def test_a_browser_whose_link_was_ended_is_told(browser: Browser, tmp_path: Path) -> None:
    async with group(tmp_path) as house, tab(browser) as page:
        await come_in(page, house)
        await page.goto(house.running.address + PAGE)
        assert await house.running.backend.hubs.new_link("kisumu") is not None
        await page.get_by_role("button", name="One more").click()
        await expect(page.locator("#Hub")).to_have_count(0)
        assert house.running.backend.hubs.people("kisumu") is None


# integration/hubs/test_hub_page.py has the same forms without a browser.
@pytest.mark.slow
async def test_all_of_it_works_without_a_script(browser: Browser, tmp_path: Path) -> None:
    async with group(tmp_path) as house, tab(browser, java_script_enabled=False) as page:
        words = await house.running.backend.pairing.words("kisumu")
        assert words is not None
        await page.goto(f"{house.running.address}/hub/pair")
        await page.get_by_label("The six words").fill(" ".join(word[:4] for word in words))
        await page.get_by_role("button", name="Come in").click()
        await page.get_by_role("link", name="Plenary").click()
        for _ in range(2):
            await page.get_by_role("button", name="One more").click()
        await expect(page.locator(".many")).to_have_text("People now: 2")
        await page.get_by_role("link", name="Look again").click()
        await page.get_by_role("link", name="Ask or comment").click()
        await page.get_by_label("Your question or comment").fill("Who pays?")
        await page.get_by_role("button", name="Send").click()
        await page.goto(house.running.address + PAGE)
        await expect(page.locator("#Asked")).to_contain_text("Who pays?")
        await expect(page.locator("#Asked .stands")).to_have_text("Being checked")
