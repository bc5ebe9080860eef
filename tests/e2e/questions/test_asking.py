"""Asking in a browser: with and without scripts, from the form to the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from moothall.app.hall import RunningServer, hall
from moothall.core.commands import AddChannel, CreateSession, OpenSession, SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId
from moothall.core.questions.interventions import Intervention
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
SESSION = SessionId("plenary")
MEETING = "/s/plenary"
MODERATOR = Actor(Role.MODERATOR, "m1")


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """A server for each test: what others have asked would stand before its question, and say how long a turn takes."""
    settings = Settings(
        server=Server(port=0, data=str(tmp_path)),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        made = (
            CreateSession(title="Open hall", languages=("en",)),
            AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",)),
            OpenSession(),
        )
        writer = (await running.backend.sessions.open(SESSION)).writer
        assert isinstance(await writer.send(SYSTEM, CommandId("made"), made), Receipt)
        yield running


async def stand(house: RunningServer, text: str, status: InterventionStatus) -> Intervention:
    """Bring the one that reads so somewhere."""
    writer = (await house.backend.sessions.open(SESSION)).writer
    (each,) = [each for each in writer.state.questions.with_status(*InterventionStatus) if each.text == text]
    command = SetStatus(interventions=(each.id,), status=status)
    assert isinstance(await writer.send(MODERATOR, CommandId(f"{each.id}:{status}"), command), Receipt)
    return each


async def ask(page: Page, house: RunningServer, text: str) -> None:
    await page.goto(f"{house.address}{MEETING}?ui=en")
    await page.get_by_role("link", name="Ask", exact=True).click()
    await page.get_by_label("Your question or comment").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".stands")).to_have_text("Being checked")


# unit/adapters/questions/test_asking_door.py has the form without a browser.
@pytest.mark.slow
async def test_without_scripts(browser: Browser, house: RunningServer) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await ask(page, house, "Without scripts?")
    await stand(house, "Without scripts?", InterventionStatus.QUEUED)
    await page.get_by_role("link", name="See how it stands now").click()
    await expect(page.locator(".stands")).to_have_text("In the queue: you are next")
    # The browser says where the form comes from, though no site learns the page's address.
    await page.get_by_role("button", name="Take it back").click()
    await expect(page.locator(".stands")).to_have_text("You have taken it back")
    await context.close()


async def test_the_page_follows_what_becomes_of_it(page: Page, house: RunningServer) -> None:
    await ask(page, house, "Live?")
    await stand(house, "Live?", InterventionStatus.QUEUED)
    await expect(page.get_by_role("status")).to_contain_text("In the queue: you are next")
    await expect(page.get_by_role("alert")).to_be_empty()
    await stand(house, "Live?", InterventionStatus.CALLED)
    await expect(page.get_by_role("alert")).to_contain_text("Now: it is your turn")
    await stand(house, "Live?", InterventionStatus.ANSWERED)
    await expect(page.get_by_role("status")).to_contain_text("Answered")
    await expect(page.get_by_role("button", name="Take it back")).to_have_count(0)
    await expect(page.get_by_role("link", name="See how it stands now")).to_be_hidden()


async def test_a_browser_that_sends_the_form_twice_asks_once(page: Page, house: RunningServer) -> None:
    await page.goto(f"{house.address}{MEETING}/ask?ui=en")
    await page.get_by_label("Your question or comment").fill("Twice?")
    sent = "document.querySelector('.asking')"
    body = await page.evaluate(f"new URLSearchParams(new FormData({sent})).toString()")
    first = await page.evaluate("(body) => fetch('', { method: 'POST', body: new URLSearchParams(body) })"
                                ".then((answer) => answer.url)", body)  # fmt: skip
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url(first)
    state = (await house.backend.sessions.open(SESSION)).state
    assert [each.text for each in state.questions.with_status(*InterventionStatus)].count("Twice?") == 1


async def test_the_list_follows_too_and_a_button_counts(page: Page, browser: Browser, house: RunningServer) -> None:
    await page.goto(f"{house.address}{MEETING}/questions?ui=en")
    other = await browser.new_context(locale="en-GB")
    author = await other.new_page()
    await ask(author, house, "Listed?")
    await stand(house, "Listed?", InterventionStatus.QUEUED)
    await expect(page.locator("#Queue")).to_contain_text("Listed?")
    mine = page.get_by_role("listitem").filter(has_text="Listed?")
    await mine.get_by_role("button", name="I\u2019d ask this too").click()
    await expect(page.locator("#Queue")).to_contain_text("You\u2019d ask this too")
    await expect(page.locator("#Queue")).to_contain_text("1 would ask this too")
    await stand(house, "Listed?", InterventionStatus.CALLED)
    await expect(page.locator("#Now")).to_contain_text("Listed?")
    await other.close()


async def test_beside_the_text_what_is_asked_is_seen_supported_closed_and_caught_up_with(
    page: Page, browser: Browser, house: RunningServer
) -> None:
    other = await browser.new_context(locale="en-GB")
    author = await other.new_page()
    await ask(author, house, "Beside?")
    await stand(house, "Beside?", InterventionStatus.QUEUED)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.goto(f"{house.address}{MEETING}?ui=en")
    mine = page.locator("#Beside").get_by_role("listitem").filter(has_text="Beside?")
    await mine.get_by_role("button", name="I\u2019d ask this too").click()  # At first it is open where there is room.
    await expect(mine).to_contain_text("You\u2019d ask this too")
    panel = page.locator("#Beside")
    await page.locator("#Beside > summary").click()
    await expect(panel, "it was closed").not_to_have_attribute("open", "")
    await page.reload()
    await expect(page.locator("html.live")).to_be_attached()
    await expect(panel, "it was left closed").not_to_have_attribute("open", "")
    await page.locator("#Beside > summary").click()
    await expect(mine, "what was chosen is kept by now").to_be_visible()
    await page.set_viewport_size({"width": 1000, "height": 800})
    await page.reload()
    await expect(mine, "it was left open").to_contain_text("You\u2019d ask this too")
    await stand(house, "Beside?", InterventionStatus.CALLED)
    card = page.locator("#NowAsked")
    await expect(card).to_contain_text("remote, in English")
    too = card.get_by_role("button", name="I\u2019d ask this too")
    await expect(too).to_have_attribute("aria-pressed", "false")
    await too.click()
    await expect(too).to_have_attribute("aria-pressed", "true")
    assert page.url.endswith(f"{MEETING}?ui=en"), "nobody has left the text"
    await page.reload()
    await expect(too, "it is known of this browser").to_have_attribute("aria-pressed", "true")
    await page.locator("#Title").click()
    await page.keyboard.press("c")
    await expect(card.locator("a")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await page.keyboard.press("w")
    missed = page.locator("#MissedHere")
    await expect(missed).to_contain_text("Now being asked")
    await expect(missed.locator(".happened")).to_contain_text("Beside?")
    assert page.url.endswith(f"{MEETING}?ui=en"), "nobody has left the text"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    assert await page.evaluate("!More.contains(document.activeElement)"), "back at the text"
    await other.close()


# The refusal is in unit/adapters/http, and the page in `test_accessibility.py`.
@pytest.mark.slow
async def test_a_form_that_comes_from_elsewhere_is_refused_on_a_page_that_leads_back(
    page: Page, house: RunningServer
) -> None:
    async def elsewhere(route: Route) -> None:
        headers = {**route.request.headers, "origin": "https://elsewhere.example"}
        await route.fulfill(response=await route.fetch(headers=headers))

    await ask(page, house, "Who is not ours?")
    own = page.url
    await page.route("**/about?*", elsewhere)
    await page.get_by_text("Say something, if you like").click()
    await page.get_by_label("It is my first time at this meeting").check()
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.get_by_role("heading", name="This was sent from a page that is not ours")).to_be_visible()
    await page.get_by_role("link", name="Back to the page").click()
    await expect(page).to_have_url(own)
    await stand(house, "Who is not ours?", InterventionStatus.QUEUED)
    await expect(page.locator(".stands")).to_contain_text("In the queue")
