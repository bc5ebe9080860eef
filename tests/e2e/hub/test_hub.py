"""A centre, a hub and a hub below it as processes, Chromium at each: whatever line is cut, a question arrives once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from support.browser.browsing import tab
from support.halls.process import CLOCK, free_port
from support.hubs.processes import LOOK_MS, CentreProcess, House, HubProcess, house
from support.links.weak_link import weak_link_to

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SESSION = "plenary"
"""Pages of a hub look each 5 to 10 s how things stand; a hub dials again within 1, 2, 4, … s."""


class Seats(NamedTuple):
    """Who looks where."""

    moderator: Page
    """At the centre."""
    desk: Page
    """The coordinator's, in the middle."""
    reader: Page
    """At the bottom, in French."""
    author: Page
    """At the bottom."""


@asynccontextmanager
async def seats(browser: Browser, all_of: House) -> AsyncIterator[Seats]:
    """All of them. Both hubs have French, and questions at the bottom go on by themselves."""
    async with AsyncExitStack() as stack:
        made = Seats(*[await stack.enter_async_context(tab(browser)) for _ in Seats._fields])
        await all_of.centre.order(write="Good morning to all.", language="en")
        await all_of.centre.order(write="Bonjour à tous.", language="fr")
        await made.moderator.goto((await all_of.centre.order(link="moderator"))["link"])
        await made.moderator.goto(f"{all_of.centre.address}/moderate/{SESSION}?ui=en")
        await expect(made.moderator.locator("#Stands")).to_have_attribute("data-kind", "live")
        await made.desk.goto(all_of.north.link)
        await french(made.desk)
        await made.reader.goto(all_of.kisumu.link)
        await french(made.reader)
        await made.reader.get_by_role("link", name="The meeting", exact=True).click()
        await made.reader.locator("#Mode > summary").click()
        await made.reader.get_by_role("button", name="Open it to all").click()
        await made.reader.fill("#PeopleNumber", "23")
        await made.reader.press("#PeopleNumber", "Enter")
        await expect(made.reader.locator("#PeopleNow")).to_contain_text("23")
        await made.reader.goto(f"{all_of.kisumu.address}/s/{SESSION}?ui=en&channel=fr")
        yield made


async def french(desk: Page) -> None:
    """Choose it at a hub's desk once it is offered there."""
    while not await desk.locator("input[name=language-fr]").count():
        await desk.reload()
    await desk.get_by_role("link", name="Programme", exact=True).click()
    await desk.locator("input[name=language-fr]").check()
    await desk.get_by_role("button", name="Keep these").click()
    await expect(desk.locator("input[name=language-fr]")).to_be_checked()


async def ask(page: Page, hub: str, text: str) -> None:
    """Ask something at a hub; the page is its author's then."""
    await page.goto(f"{hub}/s/{SESSION}/ask?ui=en")
    await page.fill("#Text", text)
    await page.click(".asking button")
    await page.wait_for_url("**/asked/**")


async def shows(page: Page, part: str, says: str, *, by_itself: bool) -> None:
    """Until a part of a page that is renewed every few seconds says so; not by itself: it is loaded anew meanwhile."""
    while not by_itself and says not in await page.locator(part).inner_text():
        await page.reload()
        await CLOCK.sleep(LOOK_MS)
    await expect(page.locator(part)).to_contain_text(says)


async def asked_while_cut(all_of: House, at: Seats, links: Sequence[str], *, by_itself: bool = True) -> None:
    """One question at the bottom while these lines are cut, from asking to its place in the queue."""

    async def stands(says: str) -> None:
        await shows(at.author, "#Stands", says, by_itself=by_itself)

    for name in links:
        getattr(all_of, name).cut()
    await all_of.kisumu.until_uplink("down")
    await all_of.centre.order(write="On dit cela.", language="fr")
    text = f"Who pays while the {' and the '.join(links)} line is cut?"
    await ask(at.author, all_of.kisumu.address, text)
    await stands("Waiting for the connection")
    if "upper" in links:
        await shows(at.desk, "#LineNow", "No connection since", by_itself=by_itself)
    here = at.moderator.locator("li.question").filter(has_text=text)
    await expect(here).to_have_count(0)
    for name in links:
        getattr(all_of, name).mend()
    await expect(here).to_have_count(1)
    await expect(at.moderator.locator("#Groups")).to_contain_text("North\u2069 (23 people)")
    await expect(here).to_contain_text("Kisumu\u2069, by way of \u2068North")
    await stands("Being checked")
    await here.get_by_role("button", name="Approve").click()
    await stands("In the queue")
    await expect(at.reader.locator("#Lines .text").last).to_have_text("On dit cela.")
    asked = (await all_of.centre.order(look=True))["asked"]
    assert asked.count(text) == 1


async def text_is_everywhere(at: Seats) -> None:
    """What was said before is at the bottom, and all say that the line is there."""
    first = at.reader.locator("#Lines .text").first
    await expect(first).to_have_text("Bonjour à tous.")
    await expect(first).to_have_attribute("lang", "fr")
    await expect(at.desk.locator("#LineNow")).to_contain_text("The connection is good.")


# On real processes, what test_hub_as_centre.py and test_hub_page.py show in one, and
# integration/hubs/test_hub_processes.py without a browser.
@pytest.mark.slow
async def test_text_comes_down_and_what_is_asked_while_the_upper_link_is_cut_arrives_once(
    browser: Browser, tmp_path: Path
) -> None:
    async with house(tmp_path, 60) as all_of, seats(browser, all_of) as at:
        await text_is_everywhere(at)
        await asked_while_cut(all_of, at, ["upper"], by_itself=False)


@pytest.mark.slow
async def test_any_of_the_links_may_be_cut_and_who_asks_too_late_is_told(browser: Browser, tmp_path: Path) -> None:
    async with house(tmp_path, 63) as all_of, seats(browser, all_of) as at:
        await text_is_everywhere(at)
        await asked_while_cut(all_of, at, ["lower"])
        await asked_while_cut(all_of, at, ["upper", "lower"])
        await asked_while_cut(all_of, at, ["upper"])
        all_of.lower.cut()
        await all_of.kisumu.until_uplink("down")
        await all_of.centre.order(close=True)
        await ask(at.author, all_of.kisumu.address, "Is it over?")
        await shows(at.author, "#Stands", "Waiting for the connection", by_itself=True)
        all_of.lower.mend()
        await shows(at.author, "#Stands", "It came too late: the meeting was over.", by_itself=True)
        assert "Is it over?" not in (await all_of.centre.order(look=True))["asked"]


@pytest.mark.slow
async def test_another_laptop_takes_over_and_what_a_phone_kept_arrives_once_by_either(
    browser: Browser, tmp_path: Path
) -> None:
    centre = CentreProcess(tmp_path / "centre", free_port(66))
    first, spare = (HubProcess(tmp_path / name, free_port(66 + n)) for n, name in enumerate(("first", "spare"), 1))
    async with weak_link_to(centre.port) as link, tab(browser) as phone:
        await asyncio.gather(centre.start(), first.start(), spare.start())
        await first.connect(link.address, (await centre.order(hub="Kisumu"))["words"])
        await open_to_all(first)
        link.cut()
        await ask(phone, first.address, "Who pays?")
        await shows(phone, "#Stands", "Waiting for the connection", by_itself=False)
        # Another machine takes its place, and the phone takes its question there.
        await spare.connect(centre.address, (await centre.order(hub="Kisumu"))["words"])
        await open_to_all(spare)
        await phone.locator("#Handing summary").click()
        await phone.fill("#HandingAddress", spare.address)
        await phone.click("#Handing button")
        await phone.wait_for_url(f"{spare.address}/**")
        assert await phone.input_value("#Text") == "Who pays?"
        await phone.click(".asking button")
        await phone.wait_for_url("**/asked/**")
        await shows(phone, "#Stands", "Being checked", by_itself=False)
        # The first one is there again, is shut out and says so, also after a restart.
        link.mend()
        await first.until_uplink("fenced")
        await phone.goto(f"{first.address}/s/{SESSION}?ui=en")
        await expect(phone.locator("#HubSaid")).to_contain_text("Another computer has taken the place of this one.")
        await first.kill()
        await first.start()
        await first.until_uplink("fenced")
        # It is given the place back, and sends what it had kept: the same question.
        await first.connect(link.address, (await centre.order(hub="Kisumu"))["words"])
        await spare.until_uplink("fenced")
        async with first.coordinator() as desk:
            while "Being checked" not in (page := await desk.page("/desk")) or "waits to be sent" in page:
                await CLOCK.sleep(LOOK_MS)
        assert (await centre.order(look=True))["asked"] == ["Who pays?"]
        await asyncio.gather(first.stop(), spare.stop(), centre.stop())


async def open_to_all(hub: HubProcess) -> None:
    """Have each question of a hub's room go to the meeting at once; its copy of the meeting is there then."""
    async with hub.coordinator() as desk, ClientSession() as room:
        while "You read them first." not in await desk.page("/desk"):
            await CLOCK.sleep(LOOK_MS)
        await desk.press("/desk", session=SESSION, act="mode:open")
        while (await room.head(f"{hub.address}/s/{SESSION}/ask")).status != 200:
            await CLOCK.sleep(LOOK_MS)
