"""One script over the centre and over a hub: authors, voters and readers see the same at both, also after the close."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, Locator, Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId, PollId, SegmentId
from moothall.core.signals import StandIn
from moothall_hub.mirror.offers import SessionChoice
from moothall_hub.room.local_questions import Mode
from support.browser.browsing import tab
from support.hubs.node import running_hub
from support.hubs.together import SESSION, Meeting, centre, paired, shows, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LEADS, INTERPRETER = Actor(Role.MODERATOR, "m"), Actor(Role.CAPTIONER, "c")
FRENCH, MACHINE = ChannelId("fr"), ChannelId("mt-fr")
ASKED = do.OpenPoll(poll=PollId("p1"), question="Shall we go on?", language="en", options=("Yes", "No"))
TOO = "I\u2019d ask this too"
UNDECIDED = "The meeting is over. Those who run it say what becomes of it, and then it stands here."
"""The list of a hub is made anew every 10 s."""


class At(NamedTuple):
    """A meeting at the centre, and where it is read."""

    meeting: Meeting
    address: str

    @property
    def page(self) -> str:
        return f"{self.address}/s/{SESSION}"

    async def stand(self, what: InterventionId, *statuses: InterventionStatus) -> None:
        """Whoever leads the discussion brings a question there."""
        for status in statuses:
            await self.meeting.do(do.SetStatus(interventions=(what,), status=status), by=LEADS)


# What the centre's own pages do is in the tests of each of them too; `make test-all` compares.
@pytest_asyncio.fixture(loop_scope="session", params=[pytest.param("centre", marks=pytest.mark.slow), "hub"])
async def there(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[At]:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(centre(tmp_path / "centre"))
        meeting = Meeting(running)
        await meeting.begin()
        await meeting.do(
            do.AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",)),
            do.AddChannel(channel=MACHINE, kind=ChannelKind.TRANSLATION, languages=("fr",)),
        )
        said = do.TypeSegment(channel=FRENCH, segment=SegmentId("f1"), text="Bonjour à tous.", language="fr")
        await meeting.do(said, by=INTERPRETER)
        if request.param == "centre":
            yield At(meeting, running.address)
            return
        hub = await stack.enter_async_context(running_hub(tmp_path / "hub"))
        client = await stack.enter_async_context(ClientSession())
        await paired(running, hub)
        await hub.parts.offers.set(SessionChoice(languages=("fr",)))
        await hub.parts.local.set_mode(SESSION, Mode.OPEN)
        await until(shows(client, f"{hub.own}/s/{SESSION}?channel=fr", "Bonjour à tous."))
        yield At(meeting, hub.own)


async def test_whoever_votes_sees_the_same_before_and_after_the_close(there: At, browser: Browser) -> None:
    async with tab(browser) as page, tab(browser, java_script_enabled=False) as plain:
        hands = page.locator("#Hands")
        await page.goto(f"{there.page}?ui=en")
        await expect(page.locator("html")).to_contain_class("live")
        await there.meeting.do(ASKED, do.CountRoom(poll=ASKED.poll, room=(1, 0)), by=LEADS)
        await page.get_by_role("link", name=re.compile("A show of hands has begun")).click()
        await page.get_by_role("button", name="Yes", exact=True).click()
        await expect(hands.locator("[data-option='0'] .mine")).to_have_text("Your choice")
        await expect(hands.locator("[data-option='0']")).to_contain_text("Remote: 1. On site: 1. Together: 2.")
        await plain.goto(f"{there.page}/questions?ui=en")
        await plain.get_by_role("button", name="No", exact=True).click()
        await expect(plain.locator("[data-option='1'] .mine")).to_have_text("Your choice")
        await expect(hands.locator("[data-option='1']")).to_contain_text("Remote: 1.")
        await expect(hands.locator("[data-waits]")).to_have_count(0)
        await there.meeting.do(do.ClosePoll(poll=ASKED.poll), by=LEADS)
        for each in (page, plain):
            if each is plain:
                await each.reload()
            await expect(each.locator("#Hands")).to_contain_text("It is closed. This is the result.")
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
    live = await there.meeting.running.backend.sessions.open(SESSION)
    notice = "The interpreter is silent: this is a machine translation until they go on"
    async with tab(browser, java_script_enabled=False) as plain:
        await page.goto(f"{there.page}?channel=fr&ui=en")
        await expect(page.locator("html")).to_contain_class("live")
        for signal in (StandIn(channel=FRENCH, instead=MACHINE), StandIn(channel=MACHINE, instead=None)):
            live.writer.signal(signal)
        await expect(page.locator("#Instead")).to_have_text(notice)
        await expect(page).to_have_url(re.compile(r"channel=mt-fr.*instead-of=fr"))
        await expect(page.locator("html")).to_contain_class("live")
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


async def ask(page: Page, there: At, text: str) -> InterventionId:
    """Ask as Ana, once the meeting has it; the page is the author's then."""
    await page.goto(f"{there.page}/ask?ui=en")
    await page.get_by_label("Your question or comment").fill(text)
    await page.get_by_label("Your name or a pseudonym").fill("Ana")
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url("**/asked/**")
    what = InterventionId(page.url.partition("?")[0].rpartition(".")[2])
    live = await there.meeting.running.backend.sessions.open(SESSION)

    async def received() -> bool:
        return live.state.questions.get(what) is not None

    await until(received)
    await says(page, "Being checked")
    return what


async def says(page: Page, *lines: str) -> None:
    """The author's page says that of where the question stands, and nothing else."""
    said = page.locator("#Turn p, #Stands p")
    await expect(said).to_have_text(list(lines))


def buttons(page: Page) -> Locator:
    """What an author may do."""
    return page.locator("#Times button, #Became button")


async def test_whoever_asks_and_whoever_reads_sees_the_same_before_and_after_the_close(
    there: At, page: Page, browser: Browser
) -> None:
    async with tab(browser) as second, tab(browser) as reader, tab(browser, java_script_enabled=False) as plain:
        asked = await ask(page, there, "Who pays for it?")
        await expect(page.locator("h1")).to_have_text("Your question (no. 1)")
        await there.stand(asked, InterventionStatus.QUEUED)
        await says(page, "In the queue: you are next")
        await expect(buttons(page)).to_have_text(["Not now, later", "Take it back"])
        await page.get_by_role("button", name="Not now, later").click()
        await says(page, "Later: you have put it off")
        await page.get_by_role("button", name="I\u2019m ready again").click()
        await says(page, "In the queue: you are next")
        await page.get_by_role("button", name="Take it back").click()
        await says(page, "You have taken it back")
        await page.get_by_role("button", name="Ask it after all").click()
        await says(page, "Being checked")
        left = await ask(second, there, "And who says so?")
        await there.stand(left, InterventionStatus.QUEUED)
        await there.stand(asked, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await says(page, "Now: it is your turn")
        await page.get_by_role("button", name="I need longer").click()
        await expect(page.get_by_role("button", name="I need longer")).to_have_count(0)

        # What a reader sees of it, and does.
        await reader.goto(f"{there.page}/questions?ui=en")
        await expect(reader.locator("#Now")).to_contain_text("Who pays for it?")
        await reader.get_by_role("button", name="Report as offensive").first.click()
        await expect(reader.locator("#Questions")).to_contain_text("You have reported it")
        await plain.goto(f"{there.page}/questions?ui=en")
        await plain.locator("#No-2").get_by_role("button", name=TOO).click()
        await expect(plain.locator("#No-2 .mine")).to_contain_text("You\u2019d ask this too")
        await expect(reader.locator("#No-2")).to_contain_text("1 would ask this too")

        # The turn, typed.
        await page.get_by_label("Your words").fill("I mean the house.")
        await page.get_by_label("Your words").press("Enter")
        await expect(page.locator("#Typed li")).to_have_text(["I mean the house."])
        await reader.goto(f"{there.page}?ui=en")
        await expect(reader.locator("#Lines")).to_contain_text("I mean the house.")

        # The close, with one that is called and one that nobody came to.
        await there.meeting.do(do.CloseSession(), by=SYSTEM)
        await says(page, "It had its turn when the meeting ended", UNDECIDED)
        await says(second, "The meeting ended before its turn came", UNDECIDED)
        await expect(page.get_by_label("Your words")).not_to_be_editable()
        await there.stand(asked, InterventionStatus.ANSWERED)
        await there.stand(left, InterventionStatus.TO_WRITE)
        answered = do.WriteAnswer(intervention=left, text="The plenary says so.", language="en")
        await there.meeting.do(answered, by=LEADS)
        await says(page, "Answered")
        await says(second, "Answered in writing")
        await expect(second.locator("#Became")).to_contain_text("The plenary says so.")
        await page.reload()
        await says(page, "Answered")
        await expect(page.locator("#Typed li")).to_have_text(["I mean the house."])
        await expect(page.get_by_role("link", name="Ask something else")).to_have_count(0)
        for each in (reader, plain):
            await each.goto(f"{there.page}/questions?ui=en")
            await expect(each.locator("#Answered")).to_contain_text("Who pays for it?")
            await expect(each.locator("#Written")).to_contain_text("The plenary says so.")
            await expect(each.get_by_role("button", name=TOO)).to_have_count(0)
