"""A turn typed at a hub: each line is sent when its author finishes it, and none while nothing is recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import InterventionId
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.room.local_questions import Mode
from support.browser.browsing import tab
from support.hubs.node import running_hub
from support.hubs.together import SESSION, Meeting, centre, paired, shows, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LEADS = Actor(Role.MODERATOR, "m")
NOT_RECORDED = (
    "Nothing is recorded now, and nothing is sent. Your words stay in the box: send them when recording goes on."
)
PAUSE_MS = 5_000
"""After so long without a word a line is finished by itself at the centre."""


class Hub(NamedTuple):
    meeting: Meeting
    page: str
    """Where the meeting is read at the hub."""

    async def typed(self) -> list[str]:
        """What the meeting has."""
        live = await self.meeting.running.backend.sessions.open(SESSION)
        lines = [line for _, line in live.state.segments.items()]
        return [line.whole for line in sorted(lines, key=lambda line: line.t0)]

    async def has(self, *lines: str) -> None:
        """Wait until the meeting has these and no others."""

        async def held() -> bool:
            return await self.typed() == list(lines)

        await until(held)


@pytest_asyncio.fixture(loop_scope="session")
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(centre(tmp_path / "centre"))
        meeting = Meeting(running)
        await meeting.begin()
        made = await stack.enter_async_context(running_hub(tmp_path / "hub"))
        client = await stack.enter_async_context(ClientSession())
        await paired(running, made)
        await made.parts.offers.set(SessionChoice(languages=("en",)))
        await made.parts.local.set_mode(SESSION, Mode.OPEN)
        await until(shows(client, f"{made.own}/s/{SESSION}", "Plenary"))
        yield Hub(meeting, f"{made.own}/s/{SESSION}")


async def called(page: Page, hub: Hub) -> None:
    """Ask, and have the turn; the page is the author's then."""
    await page.goto(f"{hub.page}/ask?ui=en")
    await page.get_by_label("Your question or comment").fill("Who pays for it?")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url("**/asked/**")
    what = InterventionId(page.url.partition("?")[0].rpartition(".")[2])
    live = await hub.meeting.running.backend.sessions.open(SESSION)

    async def received() -> bool:
        return live.state.questions.get(what) is not None

    await until(received)
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
        await hub.meeting.do(do.SetStatus(interventions=(what,), status=status), by=LEADS)
    await expect(page.locator("#Turn")).to_contain_text("Now: it is your turn")


async def test_a_draft_goes_when_its_author_sends_it_and_never_by_itself(page: Page, hub: Hub) -> None:
    await page.clock.install()
    await called(page, hub)
    words = page.get_by_label("Your words")
    await expect(page.locator("#Voice")).to_contain_text("Everybody reads it as soon as you send it")
    await words.fill("I mean the house. Or the boat")
    await page.clock.run_for(PAUSE_MS * 2)
    await expect(words).to_have_value("I mean the house. Or the boat")
    await expect(page.locator("#Typed li")).to_have_count(0)
    await page.reload()
    assert await hub.typed() == []
    await words.fill("The house.")
    await words.press("Enter")
    await hub.has("The house.")
    await words.fill("And the boat")
    await page.get_by_role("button", name="Send").click()
    await hub.has("The house.", "And the boat")
    await expect(page.locator("#Typed li")).to_have_text(["The house.", "And the boat"])


# The doors are tested without a browser in unit/hubs.
@pytest.mark.slow
async def test_while_nothing_is_recorded_the_page_says_so_and_the_words_stay(
    page: Page, browser: Browser, hub: Hub
) -> None:
    await called(page, hub)
    address, words, said = page.url, page.get_by_label("Your words"), page.locator("#TypingStands")
    await words.fill("Between")
    async with tab(browser, java_script_enabled=False) as plain:
        await plain.goto(address)
        await plain.get_by_label("Your words").fill("Among")
        await hub.meeting.do(do.BeginNotRecorded(), by=LEADS)
        await expect(said).to_have_text(NOT_RECORDED)
        await plain.get_by_role("button", name="Send").click()
        await expect(plain.get_by_role("alert").filter(has_text="Nothing")).to_have_text(NOT_RECORDED)
        await expect(plain.get_by_label("Your words")).to_have_value("Among")
    await words.press("Enter")
    await expect(words).to_have_value("Between")
    await expect(words).to_be_editable()
    await expect(said).to_have_text(NOT_RECORDED)
    await expect(page.locator("#Unkept")).to_be_hidden()
    await hub.meeting.do(do.EndNotRecorded(), by=LEADS)
    await expect(said).to_be_empty()
    await words.press("Enter")
    await hub.has("Between")


# A refinement of the test above.
@pytest.mark.slow
async def test_a_page_that_has_not_heard_of_it_is_told_and_has_its_line_back(page: Page, hub: Hub) -> None:
    await called(page, hub)
    for feed in ("events", "ws", "poll"):
        await page.route(f"**/s/{SESSION}/{feed}*", lambda route: route.abort())
    await page.reload()
    await hub.meeting.do(do.BeginNotRecorded(), by=LEADS)
    async with ClientSession() as client:
        await until(shows(client, page.url, 'data-recorded="no"'))
    words, said = page.get_by_label("Your words"), page.locator("#TypingStands")
    await words.fill("Between us.")
    await words.press("Enter")
    await expect(said).to_have_text(NOT_RECORDED)
    await expect(words).to_have_value("Between us.")
    await expect(words).to_be_editable()
    await expect(page.locator("#Typed li")).to_have_count(0)
    assert await hub.typed() == []
