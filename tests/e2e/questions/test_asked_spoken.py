"""What a screen reader says of a question without being asked, from the form to the answer, and of the public list.

The screen reader is simulated, as in `test_spoken.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import InterventionId
from support.browser.reading_aloud import heard, listen
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def bring(on: Meeting, what: InterventionId, status: InterventionStatus) -> None:
    await on.do(do.SetStatus(interventions=(what,), status=status), by=MODERATOR)


async def told(page: Page) -> list[str]:
    """What was said by itself so far; that nothing stands there any more is silence."""
    return [phrase for phrase in await heard(page) if phrase.removeprefix("assertive: ")]


async def test_an_author_hears_where_the_question_stands(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        await on.say("s1", "Water is life.")
        await on.do(ask("first", "And before?"), by=SOMEBODY)
        form = await elsewhere.new_page()
        await form.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        await form.get_by_label("Your question or comment").fill("Who pays?")
        await form.get_by_role("button", name="Send").click()
        await form.locator(".stands").wait_for()
        what = InterventionId(form.url.partition("?")[0].rpartition(".")[2])
        await listen(page, form.url)
        stands = page.locator(".stands")
        await expect(stands).to_have_text("Being checked")
        await bring(on, name("first"), InterventionStatus.QUEUED)
        await bring(on, what, InterventionStatus.QUEUED)
        await expect(stands).to_have_text("In the queue: 1 before you")
        await heard(page)
        await bring(on, name("first"), InterventionStatus.CALLED)
        await bring(on, name("first"), InterventionStatus.ANSWERED)
        await expect(stands).to_contain_text("you are next")
        await heard(page)
        await bring(on, what, InterventionStatus.CALLED)
        await expect(stands).to_have_text("Now: it is your turn")
        await heard(page)
        await bring(on, what, InterventionStatus.ANSWERED)
        await expect(stands).to_have_text("Answered")
        assert await told(page) == [
            "In the queue: 1 before you",
            "In the queue: you are next, less than a minute",
            "assertive: Now: it is your turn",
            "Answered",
        ]


async def test_a_reader_of_the_list_hears_what_is_asked_now(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for what, text in (("a", "Who pays?"), ("b", "When?")):
            await on.do(ask(what, text, name="Ana"), by=SOMEBODY)
            await bring(on, name(what), InterventionStatus.QUEUED)
        await listen(page, f"{on.running.address}/s/{S}/questions?ui=en")
        await bring(on, name("a"), InterventionStatus.CALLED)
        await expect(page.locator("#Now")).to_contain_text("Who pays?")
        assert await told(page) == ["Now Question no. 1 · Ana Who pays?"]
        await bring(on, name("a"), InterventionStatus.ANSWERED)
        await bring(on, name("b"), InterventionStatus.CALLED)
        await expect(page.locator("#Now")).to_contain_text("When?")
        assert (await told(page))[1:] == ["Now Question no. 2 · Ana When?"]
