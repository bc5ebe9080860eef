"""The staff decide on a second pass's proposals in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.commands import CloseSession, CorrectSegment
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId
from moothall.core.proposals.refining import Proposal
from moothall.services.proposals.proposing import ProposeOrder
from support.desks.meeting import FLOOR, Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LINES = {
    "s1": ("We hold these trues.", "We hold these truths."),
    "s2": ("All men are created equally.", "All men are created equal."),
    "s3": ("Their", "They are endowed by their Creator."),
    "s4": ("Life, liberty and pursuit.", "Life, liberty and the pursuit."),
}
CAPTIONER = Actor(Role.CAPTIONER, "c")


async def mend(on: Meeting, name: str, text: str) -> None:
    line = on.live.state.segments.get(SegmentId(name))
    assert line is not None
    command = CorrectSegment(
        channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=len(line.words), text=text
    )
    await on.do(command, by=CAPTIONER)


@asynccontextmanager
async def proposed(tmp_path: Path, lines: dict[str, tuple[str, str]] = LINES) -> AsyncIterator[Meeting]:
    """A closed meeting, of which a second pass proposed something; somebody had mended its fourth line."""
    async with meeting(tmp_path) as on:
        for name, (said, _) in lines.items():
            await on.say(name, said)
        if "s4" in LINES:
            await mend(on, "s4", lines["s4"][0] + "!")
        await on.do(CloseSession())
        await propose(on, lines)
        yield on


async def propose(on: Meeting, lines: dict[str, tuple[str, str]]) -> None:
    found = []
    for name, (_, new) in lines.items():
        line = on.live.state.segments.get(SegmentId(name))
        assert line is not None
        found.append(
            Proposal(
                segment=line.id,
                channel=FLOOR,
                base_revision=line.revision,
                t0=line.t0,
                old=line.whole,
                new=new,
                stays=0.2 if name == "s3" else 0.8,
                machine=not line.mended,
            )
        )
    order = ProposeOrder(session=S, model="whisper-small", through=on.live.writer.offset, proposals=tuple(found))
    await on.running.office.propose(order)


async def open_page(on: Meeting, page: Page, role: Role | None = Role.CAPTIONER) -> None:
    """Come with a link, or with the one that the browser has opened."""
    await page.bring_to_front()
    if role is not None:
        await on.enter(page, role)
    await page.goto(f"{on.running.address}/desk/{S}/refinements")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


async def test_proposals_are_read_accepted_left_and_taken_back_by_keys_alone(page: Page, tmp_path: Path) -> None:
    async with proposed(tmp_path) as on:
        await open_page(on, page)
        rows = page.locator("#Proposals .proposal")
        await expect(rows.locator("dd:first-of-type").first).to_have_text("We hold these trues.")
        await expect(rows.first.locator("del")).to_have_text(["trues."])
        await expect(rows.first.locator("ins")).to_have_text(["truths."])
        await expect(rows.locator(".mark")).to_have_text(
            ["Most words would change: listen first", "A person has written in this line"]
        )
        await expect(page.locator("#Counts")).to_have_text("Waiting: 4 · Accepted: 0 · Left: 0 · Changed since: 0")
        await page.keyboard.press("n")
        await page.keyboard.press("a")
        await expect(page.locator("#Status")).to_have_text("Accepted")
        assert on.text("s1") == "We hold these truths."
        await expect(rows.nth(1).get_by_role("button", name="Accept")).to_be_focused()
        await page.keyboard.press("l")
        await expect(rows.nth(1).locator(".mark")).to_have_text("Left as it is")
        await expect(rows.nth(2).get_by_role("button", name="Accept")).to_be_focused()
        assert on.text("s2") == LINES["s2"][0]
        await expect(page.locator("#Done .what").first).to_have_text(
            "Accepted as proposed: \u2068We hold these truths.\u2069"
        )
        await page.keyboard.press("u")
        await expect(rows.nth(1).locator(".mark")).to_have_count(0)
        await page.keyboard.press("u")
        await expect(rows.first.locator("dt").first).to_have_text("As it stands")
        assert on.text("s1") == "We hold these trues."
        await expect(page.locator("#Counts")).to_have_text("Waiting: 4 · Accepted: 0 · Left: 0 · Changed since: 0")
        await page.keyboard.press("p")
        await expect(rows.nth(1).get_by_role("button", name="Accept")).to_be_focused()
        line = on.live.state.segments.get(SegmentId("s1"))
        assert line is not None
        assert not line.accepted, "as before it was accepted"


@pytest.mark.parametrize("width", [390, 900])
async def test_on_a_narrow_page_what_was_done_stands_below_the_last_proposal(
    page: Page, tmp_path: Path, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 780})
    async with proposed(tmp_path) as on:
        await open_page(on, page)
        last = await page.locator("#Proposals .proposal").last.bounding_box()
        done = await page.locator("#DoneTitle").bounding_box()
        assert last is not None
        assert done is not None
        assert done["y"] >= last["y"] + last["height"]


# A refinement of the test above.
@pytest.mark.slow
async def test_many_are_accepted_at_once_but_for_those_that_somebody_has_to_look_at(page: Page, tmp_path: Path) -> None:
    async with proposed(tmp_path) as on:
        await open_page(on, page)
        await page.get_by_role("button", name="Accept the 2 lines that nobody has touched").press("Enter")
        await expect(page.locator("#Counts")).to_have_text("Waiting: 2 · Accepted: 2 · Left: 0 · Changed since: 0")
        await expect(page.locator("#AcceptAll")).to_be_hidden()
        await expect(page.locator("#Log")).to_be_focused()
        assert [on.text(name) for name in LINES] == [
            LINES["s1"][1], LINES["s2"][1], LINES["s3"][0], LINES["s4"][0] + "!"
        ]  # fmt: skip
        await mend(on, "s2", "All people are created equal.")
        await expect(page.locator("#Proposals [data-fate=c] dd").last).to_have_text("All people are created equal.")
        await page.get_by_role("button", name="Undo: 2 lines accepted as proposed").press("Enter")
        await expect(page.locator("#Counts")).to_have_text("Waiting: 3 · Accepted: 0 · Left: 0 · Changed since: 1")
        assert [on.text("s1"), on.text("s2")] == [LINES["s1"][0], "All people are created equal."]


async def test_what_was_changed_meanwhile_is_shown_and_can_not_be_accepted(page: Page, tmp_path: Path) -> None:
    async with proposed(tmp_path) as on:
        await open_page(on, page)
        await mend(on, "s1", "We hold this.")
        row = page.locator("#Proposals .proposal").first
        await expect(row.locator(".mark")).to_have_text("Changed since: it can't be accepted any more")
        await expect(row.locator("dd").last).to_have_text("We hold this.")
        await expect(row.get_by_role("button", name="Accept")).to_have_count(0)


async def test_a_desk_leads_to_them_and_two_pages_see_the_same(page: Page, tmp_path: Path) -> None:
    async with proposed(tmp_path) as on:
        await on.sit_down(page, Role.SECRETARIAT)
        await expect(page.locator("#Proposed p").first).to_have_text("Waiting: 4")
        await page.get_by_role("link", name="Decide on them").press("Enter")
        await expect(page.locator("#Proposals .proposal")).to_have_count(4)
        other = await page.context.new_page()
        await open_page(on, other, None)
        await other.locator("[data-n='0']").get_by_role("button", name="Leave as it is").click()
        await expect(page.locator("[data-n='0'] .mark")).to_have_text("Left as it is")
        await page.locator("[data-n='0']").get_by_role("button", name="Decide again").click()
        await expect(other.locator("[data-n='0'] .mark")).to_have_count(0)
        await other.close()
        # Whoever corrects nothing is not shown what a machine would have written.
        await page.context.clear_cookies()
        await on.enter(page, Role.CHAIR)
        answer = await page.goto(f"{on.running.address}/desk/{S}/refinements")
        assert answer is not None
        assert answer.status == 404


# integration/services/desks/test_proposals.py has the pages of proposals.
@pytest.mark.slow
async def test_more_come_when_they_are_asked_for_and_another_second_pass_takes_their_place(
    page: Page, tmp_path: Path
) -> None:
    many = {f"s{n}": (f"Line {n} as it is.", f"Line {n} as it was.") for n in range(1, 121)}
    async with proposed(tmp_path, many) as on:
        await open_page(on, page)
        rows = page.locator("#Proposals .proposal")
        await expect(rows).to_have_count(50)
        await page.get_by_role("button", name="Further lines").press("Enter")
        await expect(rows).to_have_count(100)
        await expect(rows.nth(50).get_by_role("button", name="Accept")).to_be_focused()
        await rows.nth(99).get_by_role("button", name="Accept").press("Enter")
        await expect(rows).to_have_count(120)
        await expect(rows.nth(100).get_by_role("button", name="Accept")).to_be_focused()
        await propose(on, {"s7": ("", "Line 7 as it will be.")})
        await expect(rows).to_have_count(1)
        await expect(rows.locator("ins")).to_have_text("will be.")
        await propose(on, {})
        await expect(page.locator("#By")).to_have_text("Nothing is proposed for this meeting.")
        await expect(rows).to_have_count(0)
