"""Who sees what happens in a turn, in Chromium, against the whole server: readers, walls, and the author at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import InterventionId
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import MODERATOR

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def ask(page: Page, on: Meeting, text: str, who: str = "Ana") -> InterventionId:
    """Ask on the form; the page is the author's then."""
    await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
    await page.get_by_label("Your question or comment").fill(text)
    await page.get_by_label("Your name or a pseudonym").fill(who)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".stands")).to_have_text("Being checked")
    return InterventionId(page.url.partition("?")[0].rpartition(".")[2])


async def stand(on: Meeting, what: InterventionId, *statuses: InterventionStatus) -> None:
    for status in statuses:
        await on.do(do.SetStatus(interventions=(what,), status=status), by=MODERATOR)


# `test_turns.py` has a reader and a wall.
@pytest.mark.slow
async def test_every_wall_shows_what_is_typed_and_pages_without_scripts_what_was(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        plain = await browser.new_context(java_script_enabled=False, locale="en-GB")
        at = f"{on.running.address}/s/{S}"
        reader, wall, overlay = [await elsewhere.new_page() for _ in range(3)]
        for each, path in ((reader, ""), (wall, "/screen"), (overlay, "/overlay")):
            await each.goto(f"{at}{path}?ui=en")
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await page.get_by_label("Your words").focus()
        await page.keyboard.type("I wonder")
        await expect(reader.locator("#Growing .rest")).to_have_text("I wonder")
        for each in (wall, overlay):
            await expect(each.locator("#Newest .rest")).to_have_text("I wonder")
            await expect(each.locator("#Newest")).to_contain_text("Ana")
        await page.keyboard.type(" who pays. ")
        for each in (wall, overlay):
            await expect(each.locator("#Newest .rest")).to_have_count(0)
            await expect(each.locator("#Newest")).to_contain_text("I wonder who pays.")
        for path, where in (("", "#Lines"), ("/screen", "#Newest"), ("/overlay", "#Newest")):
            still = await plain.new_page()
            await still.goto(f"{at}{path}?ui=en")
            await expect(still.locator(where)).to_contain_text("I wonder who pays.")
            await expect(still.locator(where)).to_contain_text("Ana")
        await plain.close()


# The form is in unit/adapters/questions/test_typing_door.py, and the wall in `test_turns.py`.
@pytest.mark.slow
async def test_a_line_sent_without_a_script_is_on_every_page_at_once(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        plain = await browser.new_context(java_script_enabled=False, locale="en-GB")
        author = await plain.new_page()
        await page.goto(f"{on.running.address}/s/{S}/screen?ui=en")
        what = await ask(author, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await author.reload()
        await author.get_by_label("Your words").fill("I wonder who pays.")
        await author.get_by_role("button", name="Send").click()
        await expect(page.locator("#Newest")).to_contain_text("I wonder who pays.")
        await author.reload()
        await expect(author.locator("#Typed li")).to_have_text(["I wonder who pays."])
        await plain.close()


async def test_what_is_done_with_a_question_is_on_its_authors_page_without_a_wait(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        first = await ask(page, on, "Who decides?")
        mine = await ask(page, on, "Who pays?")
        await expect(page.locator("html")).to_have_class("live")
        await page.wait_for_load_state("networkidle")
        await page.clock.install()
        await page.clock.pause_at("2100-01-01")  # no timer of the page runs: what comes is asked for at once
        await stand(on, mine, InterventionStatus.QUEUED)
        await expect(page.locator(".stands")).to_contain_text("you are next")
        await stand(on, first, InterventionStatus.QUEUED)
        await stand(on, mine, InterventionStatus.LATER)
        await expect(page.locator(".stands")).to_have_text("Later")
        await stand(on, mine, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await expect(page.get_by_role("alert")).to_contain_text("Now: it is your turn")
        await on.do(do.LimitTurns(ms=60_000), by=MODERATOR)
        await expect(page.locator("#Times")).to_contain_text(re.compile(r"Time left: (1:00|0:5\d)"))
        await stand(on, mine, InterventionStatus.QUEUED)
        await expect(page.locator(".stands")).to_contain_text("1 before you")
        await stand(on, first, InterventionStatus.CALLED)
        await page.clock.resume()  # what is done with others' questions is asked for a little later
        await expect(page.locator(".stands")).to_contain_text("you are next")
