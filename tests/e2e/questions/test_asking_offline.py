"""Asking without a connection: the question is stored in the browser, and sent later, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.commands import CloseSession
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.questions.interventions import Intervention
from support.desks.meeting import Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
AT_ONCE = "Math.random = () => 0;"
FORM_KEPT = """async () => {
    const cache = await caches.open('moothall.asking');
    while (!(await cache.keys()).some(({ url }) => url.includes('/ask'))) await new Promise(requestAnimationFrame);
}"""
KEPT = "JSON.parse(localStorage.getItem('moothall.asks'))"


def received(on: Meeting) -> list[Intervention]:
    return on.live.state.questions.with_status(*InterventionStatus)


async def write(page: Page, text: str) -> None:
    await page.get_by_label("Your question or comment").fill(text)
    await page.get_by_role("button", name="Send").click()


async def test_it_is_kept_and_sent_once_when_the_link_is_back(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        await page.get_by_label("Your name or a pseudonym").fill("Ana")
        await page.context.set_offline(True)
        await write(page, "Who pays?")
        await expect(page.get_by_role("heading", name="Kept on this device")).to_be_focused()
        await expect(page.locator("#KeptList")).to_contain_text("Who pays?")
        await expect(page.get_by_label("Your question or comment")).to_be_empty()
        await write(page, "And who decides?")
        await expect(page.locator("#KeptList li")).to_have_count(2)
        # It was written long ago, and counts from then.
        await page.evaluate(f"""() => localStorage.setItem('moothall.asks',
            JSON.stringify({KEPT}.map((each) => ({{...each, at: each.at - 3600000}}))))""")
        await page.context.set_offline(False)
        await expect(page.locator("#KeptSent a")).to_have_text(["Your question (no. 1)", "Your question (no. 2)"])
        await expect(page.locator("#KeptList li")).to_have_count(0)
        await expect(page.get_by_role("heading", name="Sent from this device")).to_be_visible()
        assert [(each.text, each.name, each.t) for each in received(on)] == [
            ("Who pays?", "Ana", 0),
            ("And who decides?", "Ana", 0),
        ]
        await page.get_by_role("link", name="no. 2").click()
        await expect(page.locator(".stands")).to_have_text("Being checked")


async def test_an_answer_that_was_cut_off_does_not_double_it(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        # The server takes it, and the browser doesn't learn of it.
        await page.evaluate("""() => {
            const { fetch } = window;
            window.fetch = async (...given) => {
                window.fetch = fetch;
                await fetch(...given);
                throw new TypeError('cut');
            };
        }""")
        await write(page, "Who pays?")
        await expect(page.locator("#KeptList")).to_contain_text("Who pays?")
        assert len(received(on)) == 1
        await page.goto(f"{on.running.address}/s/{S}?ui=en")
        await expect(page.get_by_role("link", name="Your question (no. 1)")).to_be_visible()
        assert len(received(on)) == 1
        assert await page.evaluate(f"{KEPT}.length") == 0


# A refinement of what is kept.
@pytest.mark.slow
async def test_what_is_not_taken_later_says_why_and_stays(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        await page.context.set_offline(True)
        await page.get_by_label("Your question or comment").evaluate("each => each.removeAttribute('maxlength')")
        await write(page, "Why? " * 500)
        await expect(page.locator("#KeptList li")).to_have_count(1)
        await page.context.set_offline(False)
        await expect(page.locator("#KeptList .wrong")).to_contain_text("Please write your question or comment")
        await page.get_by_role("button", name="Throw it away").click()
        await expect(page.get_by_label("Your question or comment")).to_be_focused()
        await expect(page.locator("#Kept")).to_be_hidden()
        assert received(on) == []


# unit/adapters/questions/test_asking_door.py has what is refused.
@pytest.mark.slow
async def test_what_the_server_refuses_at_once_stands_in_the_form(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        await write(page, "")
        await expect(page.get_by_role("alert")).to_contain_text("Please write your question or comment")
        await expect(page.get_by_label("Your question or comment")).to_be_focused()
        await write(page, "Who pays?")
        await expect(page.locator(".stands")).to_have_text("Being checked")
        assert [each.text for each in received(on)] == ["Who pays?"]


async def test_the_form_opens_without_a_link_for_whoever_has_read_the_meeting(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.add_init_script(AT_ONCE)
        await page.goto(f"{on.running.address}/s/{S}?ui=en")
        await page.evaluate(FORM_KEPT)
        assert not [cookie for cookie in await page.context.cookies() if cookie.get("name") == "asker"]
        await page.context.set_offline(True)
        await page.get_by_role("link", name="Ask", exact=True).click()
        assert await page.locator(".asking").evaluate("each => getComputedStyle(each).display") == "grid"
        await write(page, "Who pays?")
        await expect(page.locator("#KeptList")).to_contain_text("Who pays?")
        await page.context.set_offline(False)
        await expect(page.locator("#KeptSent a")).to_have_text("Your question (no. 1)")
        assert [each.text for each in received(on)] == ["Who pays?"]


@pytest.mark.parametrize("frozen", [False, pytest.param(True, marks=pytest.mark.slow)])
async def test_before_the_form_is_kept_nobody_is_led_away_from_the_text(
    page: Page, tmp_path: Path, *, frozen: bool
) -> None:
    async with meeting(tmp_path) as on:
        await page.add_init_script("""
            Math.random = () => 1;  // the form is kept three minutes later
            AbortSignal.timeout = () => (window.patience = new AbortController()).signal;
        """)
        await page.goto(f"{on.running.address}/s/{S}?ui=en")
        ask = page.get_by_role("link", name="Ask", exact=True)
        if frozen:
            await page.route("**/ask?*", lambda _: None)  # which is never answered
        else:
            await page.context.set_offline(True)
        note = page.locator("a[data-asks] + *")
        await expect(note).to_be_hidden()
        if frozen:
            async with page.expect_request("**/ask?*"):
                await ask.click()
            await expect(note).to_be_hidden()
            await page.evaluate("patience.abort()")
        else:
            await ask.click()
        await expect(note).to_be_visible()
        await expect(page.get_by_role("log", name="Text of the meeting")).to_be_attached()
        assert "/ask" not in page.url


async def test_a_kept_form_that_is_opened_again_loses_nothing_that_was_written_on_it(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await page.add_init_script(AT_ONCE)
        await page.goto(f"{on.running.address}/s/{S}?ui=en")
        await page.evaluate(FORM_KEPT)
        await page.context.set_offline(True)
        for text in ("Who pays?", "And who decides?"):
            await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
            await write(page, text)
            await expect(page.locator("#KeptList")).to_contain_text(text)
        await expect(page.locator("#KeptList li")).to_have_count(2)
        await page.context.set_offline(False)
        await expect(page.locator("#KeptSent a")).to_have_count(2)
        assert [each.text for each in received(on)] == ["Who pays?", "And who decides?"]


# A refinement of what is kept.
@pytest.mark.slow
async def test_what_was_written_before_the_close_is_told_of_on_the_meetings_page(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
        await page.route("**/ask?*", lambda route: route.abort())
        await write(page, "Who pays?")
        await expect(page.locator("#KeptList")).to_contain_text("Who pays?")
        await page.evaluate(f"""() => localStorage.setItem('moothall.asks',
            JSON.stringify({KEPT}.map((each) => ({{...each, at: each.at - 3600000}}))))""")
        await on.do(CloseSession())
        await page.unroute("**/ask?*")
        await page.goto(f"{on.running.address}/s/{S}?ui=en")
        await expect(page.get_by_role("link", name="Ask", exact=True)).to_have_count(0)
        await page.get_by_role("link", name="Your question (no. 1)").click()
        await expect(page.locator(".stands")).to_have_text("To be answered in writing")
        await expect(page.get_by_role("status")).to_contain_text("It came after the meeting was closed.")
        assert [each.after_close for each in received(on)] == [True]
