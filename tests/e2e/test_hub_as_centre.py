"""One script over the centre and over a hub: whoever votes and whoever reads an interpreter sees the same at both."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from browsing import tab
from hub_node import running_hub
from hub_together import SESSION, Meeting, centre, paired, shows, until
from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, PollId, SegmentId
from moothall.core.signals import StandIn
from moothall_hub.room.ports import Choice

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(90)]

LEADS, INTERPRETER = Actor(Role.MODERATOR, "m"), Actor(Role.CAPTIONER, "c")
FRENCH, MACHINE = ChannelId("fr"), ChannelId("mt-fr")
ASKED = do.OpenPoll(poll=PollId("p1"), question="Shall we go on?", language="en", options=("Yes", "No"))
PATIENCE_MS = 20_000
"""The list of a hub is made anew every 10 s."""


class At(NamedTuple):
    """A meeting at the centre, and where it is read."""

    meeting: Meeting
    address: str

    @property
    def page(self) -> str:
        return f"{self.address}/s/{SESSION}"


@pytest_asyncio.fixture(loop_scope="session", params=["centre", "hub"])
async def there(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[At]:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(centre(tmp_path / "centre"))
        meeting = Meeting(running)
        await meeting.begin()
        await meeting.do(
            do.AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",)),
            do.AddChannel(channel=MACHINE, kind=ChannelKind.TRANSLATION, languages=("fr",)),
        )
        said = do.TypeLine(channel=FRENCH, segment=SegmentId("f1"), text="Bonjour à tous.", language="fr")
        await meeting.do(said, by=INTERPRETER)
        if request.param == "centre":
            yield At(meeting, running.address)
            return
        hub = await stack.enter_async_context(running_hub(tmp_path / "hub"))
        client = await stack.enter_async_context(ClientSession())
        await paired(running, hub)
        await hub.parts.offers.set(Choice(languages=("fr",)))
        await until(shows(client, f"{hub.own}/s/{SESSION}?channel=fr", "Bonjour à tous."))
        yield At(meeting, hub.own)


async def test_whoever_votes_sees_the_same_before_and_after_the_close(there: At, browser: Browser) -> None:
    async with tab(browser) as page, tab(browser, java_script_enabled=False) as plain:
        hands = page.locator("#Hands")
        await page.goto(f"{there.page}?ui=en")
        await page.wait_for_function("document.documentElement.classList.contains('live')")
        await there.meeting.do(ASKED, do.CountRoom(poll=ASKED.poll, room=(1, 0)), by=LEADS)
        await page.get_by_role("link", name=re.compile("A show of hands has begun")).click()
        await page.get_by_role("button", name="Yes", exact=True).click()
        await expect(hands.locator("[data-option='0'] .mine")).to_have_text("Your choice")
        await expect(hands.locator("[data-option='0']")).to_contain_text(
            "Remote: 1. On site: 1. Together: 2.", timeout=PATIENCE_MS
        )
        await plain.goto(f"{there.page}/questions?ui=en")
        await plain.get_by_role("button", name="No", exact=True).click()
        await expect(plain.locator("[data-option='1'] .mine")).to_have_text("Your choice")
        await expect(hands.locator("[data-option='1']")).to_contain_text("Remote: 1.", timeout=PATIENCE_MS)
        await expect(hands.locator("[data-waits]")).to_have_count(0, timeout=PATIENCE_MS)
        await there.meeting.do(do.ClosePoll(poll=ASKED.poll), by=LEADS)
        for each in (page, plain):
            if each is plain:
                await each.reload()
            await expect(each.locator("#Hands")).to_contain_text(
                "It is closed. This is the result.", timeout=PATIENCE_MS
            )
            await expect(each.locator("#Hands button")).to_have_count(0)
        await there.meeting.do(do.CloseSession(), by=SYSTEM)
        for each, option in ((page, 0), (plain, 1)):
            await each.goto(f"{there.page}/questions?ui=en")
            await expect(each.locator(f"[data-option='{option}'] .mine")).to_have_text("Your choice")
            await expect(each.locator("#Hands .late")).to_have_count(0)
            await expect(each.locator("[data-option='0']")).to_contain_text("Remote: 1. On site: 1. Together: 2.")
            await expect(each.locator("[data-option='1']")).to_contain_text("Remote: 1. On site: 0. Together: 1.")


async def test_whoever_reads_a_silent_interpreter_is_told_the_same_before_and_after_the_close(
    there: At, page: Page, browser: Browser
) -> None:
    live = await there.meeting.running.house.sessions.open(SESSION)
    notice = "The interpreter is silent: this is a machine translation until they go on"
    async with tab(browser, java_script_enabled=False) as plain:
        await page.goto(f"{there.page}?channel=fr&ui=en")
        await page.wait_for_function("document.documentElement.classList.contains('live')")
        for signal in (StandIn(channel=FRENCH, instead=MACHINE), StandIn(channel=MACHINE, instead=None)):
            live.writer.signal(signal)
        await expect(page.locator("#Instead")).to_have_text(notice)
        await expect(page).to_have_url(re.compile(r"channel=mt-fr.*instead-of=fr"))
        await page.wait_for_function("document.documentElement.classList.contains('live')")
        await plain.goto(f"{there.page}?channel=fr&ui=en")
        await plain.get_by_role("link", name="The interpreter is silent: read the machine translation").click()
        await expect(plain.locator("#Instead")).to_have_text(notice)
        for signal in (StandIn(channel=FRENCH, instead=None), StandIn(channel=MACHINE, instead=FRENCH)):
            live.writer.signal(signal)
        await expect(page).to_have_url(f"{there.page}?channel=fr&ui=en")
        await plain.reload()
        await plain.get_by_role("link", name="The interpreter goes on: back to the interpreter").click()
        await expect(plain.locator("#Instead")).to_be_hidden()
        await there.meeting.do(do.CloseSession(), by=SYSTEM)
        after = f"{there.page}?channel=mt-fr&ui=en&instead-of=fr"
        async with ClientSession() as client:
            await until(shows(client, after, 'id="Instead" hidden'))
        for each in (page, plain):
            await each.goto(after)
            await expect(each.locator("#Instead")).to_be_hidden()
