"""The rows and lists of the moderator's page: how many rows are in view, what stays there, where keys lead."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from support.browser.axe import findings
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEXT = "Who pays for the last mile where nobody can make money with it, and when is the fund open to all networks? {n}"
HEIGHTS = "rows => rows.map((row) => row.getBoundingClientRect().height)"
WHOLE = """rows => rows.filter((row) => {
    const { left, top, bottom } = row.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight
        && [top + 4, bottom - 4].every((y) => row.contains(document.elementFromPoint(left + 8, y)));
}).length"""

# How many px of the first row of a heading hold no letter: the room that is left beside what is shown.
FREE = """head => {
  const all = document.createRange();
  all.selectNodeContents(head);
  const { left, width, top } = head.getBoundingClientRect();
  const first = [...all.getClientRects()].filter((box) => box.top < top + 16);
  return left + width - Math.max(...first.map((box) => box.right));
}"""


async def lead(page: Page, on: Meeting, query: str = "") -> None:
    await on.enter(page, Role.MODERATOR)
    await page.goto(f"{on.running.address}/moderate/{S}{query}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#Desk")).to_be_visible()
    await expect(page.locator("#Checked .question"), "a key moves through rows that are drawn").not_to_have_count(0)


async def forty(on: Meeting) -> None:
    """40 questions: one is asked now, nine wait, thirty are being checked."""
    await on.say("s1", "Water is life.")
    await on.do(*(ask(f"q{n}", TEXT.format(n=n), name="Ana") for n in range(40)), by=SOMEBODY)
    await on.do(stand(InterventionStatus.QUEUED, *(f"q{n}" for n in range(10))), by=MODERATOR)
    await on.do(stand(InterventionStatus.CALLED, "q0"), by=MODERATOR)


async def test_rows_are_low_and_what_is_asked_now_stays_in_view(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await lead(page, on)
        checked = page.locator("#Checked .question")
        await expect(checked).to_have_count(30)
        assert all(64 <= height <= 80 for height in await checked.evaluate_all(HEIGHTS))
        assert await checked.evaluate_all(WHOLE) >= 7
        assert await page.locator(".panels .question").evaluate_all(WHOLE) >= 15
        # Of a row that is shut there is what one decides by; the rest comes with the focus, and goes with it.
        context = page.locator("#q-q10 .particulars")
        await expect(context).to_be_hidden()
        await page.keyboard.press("j")
        await expect(page.locator("#q-q10")).to_be_focused()
        await expect(context).to_contain_text("The speaker was saying: Water is life.")
        await expect(context).to_be_visible()
        await expect(page.get_by_role("button", name="More No. 11", exact=True)).to_have_attribute(
            "aria-expanded", "true"
        )
        await page.keyboard.press("End")
        await expect(page.locator("#q-q39")).to_be_focused()
        await expect(page.locator("#q-q39")).to_be_in_viewport()
        await expect(context).to_be_hidden()
        for stays in ("#Called #q-q0", "#Time", "#UndoLast", "#Queued #q-q1"):
            await expect(page.locator(stays), "each list scrolls by itself").to_be_in_viewport(ratio=1)
        await page.locator("#UndoLast").click()
        await expect(page.locator("#Called .question")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 820])
async def test_over_time_moves_no_row(width: int, page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await page.set_viewport_size({"width": width, "height": 1000})
        await lead(page, on)
        await expect(page.locator("#Time")).to_contain_text("/ 2:00")
        tops = """(time) => ['2:00 / 2:00', '2:01 / 2:00 · Over time'].map((text) => {
            document.getElementById('Time').textContent = text;
            return document.querySelector('#Checked .question').getBoundingClientRect().top;
        })"""
        before, after = await page.evaluate(tops)
        assert before == after


async def test_on_a_tablet_the_clock_is_in_the_row_of_the_pages(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await page.set_viewport_size({"width": 820, "height": 1180})
        await lead(page, on)
        clock, pages = [page.locator(f".house-frame {part}") for part in (".clock", ".tabs")]
        await expect(clock).to_be_visible()
        box, row = await clock.bounding_box(), await pages.bounding_box()
        assert box is not None
        assert row is not None
        assert row["y"] <= box["y"] + box["height"] / 2 <= row["y"] + row["height"]


async def test_arrows_go_through_rows_and_lists_and_escape_leaves(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await lead(page, on)
        for key, row in (
            ("ArrowDown", "q10"),
            ("ArrowDown", "q11"),
            ("k", "q10"),
            ("j", "q11"),
            ("ArrowRight", "q2"),
            ("ArrowUp", "q1"),
            ("ArrowUp", "q0"),
            ("ArrowDown", "q10"),
            ("ArrowRight", "q1"),
            ("ArrowLeft", "q10"),
        ):
            await page.keyboard.press(key)
            await expect(page.locator(f"#q-{row}"), key).to_be_focused()
        assert on.live.state.questions.arranged == (), "j and k move nothing in the queue"
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Alt+ArrowDown")
        await expect(page.locator("#Queued .question").first).to_have_id("q-q2")
        await expect(page.locator("#q-q1")).to_be_focused()
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.press("q")
        await expect(page.locator("#Picked")).to_have_text("Picked: 30")
        await page.keyboard.press("Escape")
        await expect(page.locator("#Checked .particulars:visible")).to_have_count(0)
        await expect(page.locator("#Picked")).to_have_text("Picked: 30")
        await page.keyboard.press("Escape")
        await expect(page.locator("#Several")).to_be_hidden()
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement === document.body")


async def test_all_that_are_shown_are_picked_and_approved(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(*(ask(f"q{n}", TEXT.format(n=n)) for n in range(5)), by=SOMEBODY)
        await on.do(*(ask(f"r{n}", origin="room") for n in range(3)), by=SOMEBODY)
        await lead(page, on)
        await page.locator("#Sift [name=place]").select_option("remote")
        await expect(page.locator("#Shown")).to_have_text("Shown: 5 of 8")
        await page.get_by_role("button", name="Pick all shown Being checked (5)", exact=True).click()
        await expect(page.locator("#Picked")).to_have_text("Picked: 5")
        await page.locator("#Several").get_by_role("button", name="Approve").click()
        await expect(page.locator("#Queued .question")).to_have_count(5)
        assert len(on.live.state.questions.with_status(InterventionStatus.CHECKED)) == 3


# A press that a row which grows would take away is the same in all windows.
@pytest.mark.slow
async def test_a_row_is_opened_by_a_press_and_none_grows_under_a_pointer(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await lead(page, on)
        await page.keyboard.press("j")
        await expect(page.locator("#q-q10 .particulars")).to_be_visible()
        await page.get_by_role("button", name="Approve No. 12", exact=True).click()
        await expect(page.locator("#Queued #q-q11")).to_be_visible()
        await expect(page.locator("#Checked .particulars:visible"), "only what keys have opened").to_have_count(1)
        await page.locator("#q-q13 .text").click()
        await expect(page.locator("#q-q13 .particulars")).to_be_visible()
        await page.locator("#q-q13 .text").click()
        await expect(page.locator("#q-q13 .particulars")).to_be_hidden()
        await page.locator("#ClearWall").hover()
        await expect(page.locator("#ClearWallHint")).to_be_hidden()
        await page.locator(".walls summary").click()
        await expect(page.locator("#ClearWallHint")).to_be_visible()


# What is known of old keys is in tests/js/moderation/arrows.test.js.
@pytest.mark.slow
@pytest.mark.parametrize(("query", "width"), [("?ui=ar", 1280), ("?ui=ar", 320), ("?ui=ru", 390), ("?ui=fr", 1000)])
async def test_the_page_fits_and_arrows_go_the_way_of_the_page(
    page: Page, tmp_path: Path, query: str, width: int
) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await page.set_viewport_size({"width": width, "height": 800})
        await lead(page, on, query)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowLeft" if "ar" in query else "ArrowRight")
        await expect(page.locator("#q-q1")).to_be_focused()
        await expect(page.locator("#q-q1")).to_be_in_viewport()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


# `test_accessibility.py` looks at this page in a window of 1,000 px, where the lists don't scroll by themselves.
@pytest.mark.slow
async def test_axe_has_nothing_to_say_of_the_wide_page(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await lead(page, on)
        await page.keyboard.press("j")
        await page.keyboard.press("s")
        await expect(page.locator("#Several")).to_be_visible()
        assert await findings(page) == []
        await page.emulate_media(color_scheme="dark")
        assert await findings(page, ["color-contrast"]) == []


# The dialog at the close is in `test_moderating.py`.
@pytest.mark.slow
async def test_at_the_close_nothing_comes_over_what_is_typed_and_nothing_is_left_as_now(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await on.do(do.LimitTurns(ms=1), by=MODERATOR)
        await lead(page, on)
        await expect(page.locator("#Time")).to_contain_text("Over time")
        await page.locator("#Add textarea").click()
        await page.keyboard.type("And here")
        await on.do(do.CloseSession())
        await expect(page.locator("#Called .question")).to_have_count(0)
        await expect(page.locator(".panels > .left #Left")).to_be_visible()
        await expect(page.locator("#Rest")).to_be_hidden()
        await expect(page.locator("#Timer")).to_be_hidden()
        await expect(page.locator("#Status")).not_to_contain_text("Over time")
        await page.keyboard.type(" in the hall?")
        await expect(page.locator("#Add textarea")).to_have_value("And here in the hall?")


async def test_eight_rows_of_a_list_are_whole_in_view_while_nothing_is_asked(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await forty(on)
        await on.do(stand(InterventionStatus.ANSWERED, "q0"), by=MODERATOR)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await lead(page, on)
        checked = page.locator("#Checked .question")
        await expect(checked).to_have_count(30)
        assert await checked.evaluate_all(WHOLE) >= 8


async def test_call_the_next_stands_beside_now_while_nothing_is_asked(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        long = "Grace Wilhelminaalexandrina of Kisumu, on behalf of the coastal networks"
        await on.do(ask("a", "Who pays?", name=long), ask("b", "And when?", name="Ana"), by=SOMEBODY)
        await page.set_viewport_size({"width": 1280, "height": 800})
        await lead(page, on)
        call = page.locator("#CallNext")
        await expect(call, "the queue is empty").to_be_hidden()
        assert await page.locator("#q-a h3").evaluate(FREE) < 16, "cut at the end of its row, in the middle of a word"
        low = await page.locator("#Turn").bounding_box()
        await on.do(stand(InterventionStatus.QUEUED, "a", "b"), by=MODERATOR)
        await expect(call).to_be_visible()
        assert await page.locator("#Turn").bounding_box() == low, "nothing below moves"
        await call.click()
        await expect(page.locator("#Called #q-a")).to_be_visible()
        await expect(call).to_be_hidden()
        await expect(page.locator("#CalledTitle"), "the focus stays in the band").to_be_focused()
        await on.do(stand(InterventionStatus.ANSWERED, "a"), by=MODERATOR)
        await expect(call).to_be_visible()
        await on.do(stand(InterventionStatus.LATER, "b"), by=MODERATOR)
        await expect(call).to_be_hidden()
