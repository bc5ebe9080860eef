"""Shows of hands in Chromium: with a script and without, and at the leader's desk, against the whole server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import PollId
from moothall.core.questions.polls import Poll
from support.desks.meeting import Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
LEADS = Actor(Role.MODERATOR, "m1")
P = PollId("p")
ASKED = do.OpenPoll(poll=P, question="Shall we go on?", language="en", options=("Yes", "No"))


async def lead(page: Page, on: Meeting, role: Role = Role.MODERATOR) -> None:
    await on.enter(page, role)
    await page.goto(f"{on.running.address}/moderate/{S}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#Desk")).to_be_visible()


def newest(on: Meeting) -> Poll:
    return on.live.state.questions.polls[-1]


async def test_whoever_leads_asks_counts_and_closes_by_keyboard_alone(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context(locale="en-GB") as elsewhere:
        other, reader = await elsewhere.new_page(), await elsewhere.new_page()
        await lead(page, on)
        await lead(other, on, Role.CHAIR)
        await reader.goto(f"{on.running.address}/s/{S}/questions")
        await page.bring_to_front()
        await page.locator("#HandsAsk [name=question]").focus()
        await page.keyboard.type("Shall we go on?")
        await page.locator("#HandsAsk button").press("Enter")
        await expect(page.locator("#HandsWrong")).to_have_text(
            "Write a question, and 2 to 8 different answers, one a line."
        )
        await expect(page.locator("#HandsAsk [name=options]")).to_be_focused()
        await page.keyboard.type("Yes\nNo\n\nNot sure")
        await page.locator("#HandsAsk button").press("Enter")
        await expect(page.locator("#HandsTitle")).to_be_focused()
        await expect(page.locator("#Status")).to_have_text("Show of hands begun")
        await expect(other.locator("#HandsNow h3")).to_have_text("Shall we go on?")
        await expect(other.locator("#HandsAsk")).to_be_hidden()
        assert newest(on).options == ("Yes", "No", "Not sure")
        await expect(reader.locator("#HandsSaid")).to_have_text("A show of hands has begun: Shall we go on?")
        await reader.get_by_role("button", name="No", exact=True).press("Enter")
        await expect(reader.locator("#Hands")).to_contain_text("No Your choice")
        await expect(page.locator("#HandsNow [data-remote='1']")).to_have_text("1")
        # What is being typed stays while others come in.
        await page.get_by_label("Yes: Hands on site").fill("12")
        await reader.get_by_role("button", name="Yes", exact=True).press("Enter")
        await expect(page.locator("#HandsNow [data-remote='0']")).to_have_text("1")
        await expect(page.locator("#HandsNow [data-remote='1']")).to_have_text("0")
        await expect(page.get_by_label("Yes: Hands on site")).to_have_value("12")
        await page.get_by_label("No: Hands on site").fill("4")
        await page.keyboard.press("Enter")
        await expect(other.get_by_label("Yes: Hands on site")).to_have_value("12")
        await expect(other.locator("#HandsNow [data-sum='0']")).to_have_text("13")
        await expect(reader.locator("#Hands")).to_contain_text("Remote: 1. On site: 12. Together: 13.")
        await expect(reader.locator("#Hands meter").first).to_have_js_property("value", 76)
        await other.get_by_role("button", name="Undo: Hands on site counted").click()
        await expect(page.get_by_label("Yes: Hands on site")).to_have_value("0")
        await page.get_by_role("button", name="Close the show of hands").press("Enter")
        await expect(page.locator("#HandsTitle")).to_be_focused()
        await expect(page.locator("#HandsAsk")).to_be_visible()
        await expect(reader.locator("#HandsSaid")).to_have_text("The show of hands is closed.")
        await expect(reader.locator("#Hands")).to_contain_text("It is closed. This is the result.")
        await expect(reader.locator("#Hands button")).to_have_count(0)
        # Hands that are counted on the podium come after the end, and it can go on.
        await page.get_by_label("Yes: Hands on site").fill("15")
        await page.get_by_role("button", name="Save the hands on site").press("Enter")
        await expect(reader.locator("#Hands")).to_contain_text("Remote: 1. On site: 15. Together: 16.")
        await other.get_by_role("button", name="Open this show of hands again").click()
        await expect(reader.get_by_role("button", name="No", exact=True)).to_be_visible()
        await expect(reader.locator("#Hands")).to_contain_text("Your choice")
        await other.get_by_role("button", name="Undo: Show of hands begun").first.click()
        await expect(page.locator("#HandsAsk")).to_be_visible()
        assert not newest(on).open


# unit/adapters/questions/test_hands_door.py has the form without a browser.
@pytest.mark.slow
async def test_a_hand_is_raised_without_a_script_and_earlier_ones_stay(browser: Browser, tmp_path: Path) -> None:
    async with (
        meeting(tmp_path) as on,
        await browser.new_context(java_script_enabled=False, locale="en-GB") as plain,
    ):
        await on.do(ASKED, do.CountRoom(poll=P, room=(3, 1)), by=LEADS)
        page = await plain.new_page()
        await page.goto(f"{on.running.address}/s/{S}/questions")
        await page.get_by_role("button", name="Yes", exact=True).click()
        assert page.url.endswith("/questions#Hands")
        await expect(page.locator("#Hands .mine")).to_have_text("Your choice")
        await expect(page.get_by_role("button", name="Yes", exact=True)).to_have_count(0)
        await page.get_by_role("button", name="No", exact=True).click()
        await expect(page.locator("#Hands [data-option='1'] .mine")).to_have_text("Your choice")
        later = do.OpenPoll(poll=PollId("q"), question="هل نواصل؟", language="ar", options=("نعم", "لا"))
        await on.do(do.ClosePoll(poll=P), later, by=LEADS)
        await page.goto(f"{on.running.address}/s/{S}/questions?ui=ar")
        await expect(page.locator("#HandsAsked-2")).to_have_text("هل نواصل؟")
        await page.locator("#Hands summary").click()
        await expect(page.locator("#HandsAsked-1")).to_be_visible()
        await expect(page.locator("#HandsAsked-1")).to_have_attribute("dir", "ltr")


async def test_a_page_that_comes_later_shows_the_same_and_a_mistake_is_gone(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ASKED, by=LEADS)
        await page.goto(f"{on.running.address}/s/{S}/questions?ui=en")
        await expect(page.locator("#Hands h2")).to_have_text("Show of hands")
        await on.do(do.CountRoom(poll=P, room=(1, 0)), by=LEADS)
        await expect(page.locator("#Hands")).to_contain_text("Remote: 0. On site: 1. Together: 1.")
        await on.do(do.ClosePoll(poll=P, void=True), by=LEADS)
        await expect(page.locator("#Hands h2")).to_have_count(0)
        await expect(page.locator("#HandsSaid")).to_have_text("")


async def test_whoever_reads_the_text_is_told_of_a_show_of_hands(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context(java_script_enabled=False, locale="en-GB") as plain:
        await page.goto(f"{on.running.address}/s/{S}?ui=en")
        await expect(page.locator("html")).to_have_class(re.compile("live"))
        await expect(page.locator("#Raised")).to_be_hidden()
        await on.do(ASKED, by=LEADS)
        await expect(page.locator("#Status")).to_have_text(f"A show of hands has begun: \u2068{ASKED.question}\u2069")
        without = await plain.new_page()
        for each in (page, without):
            if each is without:
                await each.goto(f"{on.running.address}/s/{S}")
            link = each.get_by_role("link", name=f"A show of hands has begun: {ASKED.question}")
            await expect(link).to_be_visible()
            await expect(link.locator("bdi")).to_have_attribute("lang", ASKED.language)
            await expect(link).to_have_attribute("href", re.compile(r"/s/s/questions.*#Hands$"))
        card, figures = page.locator("#Raised"), page.locator("#Raised .figure")
        await on.do(do.CountRoom(poll=P, room=(3, 1)), by=LEADS)
        await expect(figures).to_have_text(["3", "1"])
        await expect(card.locator("li").first).to_contain_text("Remote: 0. On site: 3. Together: 3.")
        assert await card.locator("meter").evaluate_all("(bars) => bars.map((bar) => bar.value)") == [75, 25]
        for path in (f"/s/{S}", f"/s/{S}/read?from=1"):
            await without.goto(on.running.address + path)
            await expect(without.locator("#Raised .figure"), path).to_have_text(["3", "1"])
        await on.do(do.ClosePoll(poll=P), by=LEADS)
        await expect(page.locator("#Status")).to_have_text("The show of hands is closed.")
        await expect(card.get_by_role("link")).to_have_text(f"The show of hands is closed. {ASKED.question}")
        await expect(figures, "the result stays until somebody closes it").to_have_text(["3", "1"])
        await card.get_by_role("button", name="Close").click()
        await expect(card).to_be_hidden()
        quiet = do.OpenPoll(poll=PollId("q"), question="And now?", language="en", options=("Yes", "No"), quiet=True)
        await on.do(quiet, do.CountRoom(poll=PollId("q"), room=(2, 5)), by=LEADS)
        await expect(card.locator(".option")).to_have_text(["Yes", "No"])
        await expect(card.locator("meter"), "no numbers of a quiet one while it is open").to_have_count(0)
        await on.do(do.ClosePoll(poll=PollId("q")), by=LEADS)
        await expect(figures).to_have_text(["2", "5"])
        await without.goto(f"{on.running.address}/s/{S}")
        await expect(without.locator("#Raised")).to_be_hidden()


# A refinement of the tests above.
@pytest.mark.slow
async def test_earlier_ones_stay_open_while_the_list_goes_on(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ASKED, do.ClosePoll(poll=P), by=LEADS)
        await on.do(do.OpenPoll(poll=PollId("q"), question="Break?", language="en", options=("Now", "Later")), by=LEADS)
        await page.goto(f"{on.running.address}/s/{S}/questions?ui=en")
        await page.locator("#HandsEarlier").click()
        await on.do(do.ClosePoll(poll=PollId("q")), by=LEADS)
        await expect(page.locator("#Hands")).not_to_contain_text("Choose one answer")
        await expect(page.locator("#HandsAsked-1")).to_be_visible()
        await expect(page.locator("#HandsEarlier")).to_be_focused()


async def test_hands_are_worked_out_without_a_page_as_the_server_does(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.goto(f"{on.running.address}/s/{S}/questions?ui=en")
        root = (await page.locator("script[type=module]").first.get_attribute("src") or "").rpartition("/")[0]
        found = await page.evaluate(
            """async ({ root, polls }) => {
              const { handsOf } = await import(`${root}/hands.js`);
              return polls.map(([remote, room]) => handsOf({ remote, room }).map(({ share }) => share));
            }""",
            {"root": root, "polls": [[[1, 0, 1], [0, 0, 1]], [[0, 0], [0, 0]], [[1, 7], [0, 0]]]},
        )
        assert found == [[33, 0, 67], [0, 0], [13, 88]]
