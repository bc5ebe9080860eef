"""Each page of the staff shows the result of every act, and no act affects what is out of view."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.core.signals import Unrecorded
from support.desks.meeting import FLOOR, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
IN_VIEW = """said => {
  const { top, bottom, height } = said.getBoundingClientRect();
  return height > 20 && top >= 0 && bottom <= innerHeight;
}"""
SEEN = """said => [said.getBoundingClientRect().height > 20, said.checkVisibility()]"""
"""Whether eyes see it, and whether screen readers do."""
ABOVE = (
    """(part) => part.getBoundingClientRect().bottom <= document.querySelector('#Write').getBoundingClientRect().top"""
)


async def test_a_refusal_is_seen_and_undo_stands_where_the_link_may_undo(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life.")
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await on.do(do.SetStatus(interventions=(name("a"),), status=InterventionStatus.QUEUED), by=MODERATOR)
        await on.sit_down(page, Role.RAPPORTEUR)
        gauges = page.locator("#FrameGauges")
        await expect(gauges).to_be_visible()
        await expect(gauges).to_contain_text("Delay: 0 s Readers: 0")
        await expect(page.locator("#Done")).to_contain_text("In the queue: No. 1")
        await expect(page.locator("#Done button")).to_have_count(0)
        await expect(page.locator("#UndoLast")).to_be_disabled()
        await page.locator("#s1 [data-does=pick]").check()
        await page.keyboard.press("o")
        await expect(page.locator("#s1 .tag")).to_have_text("Option")
        await expect(page.get_by_role("button", name="Undo: Line marked")).to_have_count(1)
        await expect(page.locator("#s1 [data-does=pick]"), "the pick ends with the act").not_to_be_checked()
        await on.say("s2", "We agree.")
        await page.locator("#s2 [data-does=pick]").focus()
        await page.keyboard.press("a")
        await expect(page.locator("#s2 .tag")).to_have_text("Agreed")
        await expect(page.locator("#s1 .tag")).to_have_text("Option")
        await on.sit_down(page, query="?role=technician")
        # They came with the answer to its joining and do not change here; its abbreviations went since.
        await expect(gauges).to_be_visible()
        await page.get_by_label("Add a name or term").fill("Smith, John")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Status")).to_have_text("That can't be done so")
        assert await page.locator("#Status").evaluate(IN_VIEW)


async def test_every_page_of_a_meeting_says_how_it_stands_and_which_page_it_is(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.enter(page, Role.SECRETARIAT)
        # The microphone's page has a state of its own, and its line; of a break it learns with the others' question.
        paths = (f"figures/{S}", f"desk/{S}/refinements", f"s/{S}/microphone", f"admin/meetings/{S}")
        for path in paths:
            await page.goto(f"{on.running.address}/{path}")
            await expect(page.locator("#FrameState"), path).to_have_text("Live")
            await expect(page.locator("#FrameGauges"), path).to_be_visible()
            await expect(page.locator("#FrameGauges")).to_contain_text("Delay: 0 s Readers: 0")
        await on.do(do.PauseSession())
        await expect(page.locator("#FrameState"), "it asks").to_have_text("Break")
        current = page.locator(".tabs [aria-current]")
        await page.goto(f"{on.running.address}/desk/{S}")
        await expect(current).to_have_text("Text")
        await page.locator(".tabs").get_by_role("link", name="Report", exact=True).click()
        await expect(current).to_have_text("Report")
        await page.go_back()
        await expect(current).to_have_text("Text")


FRAME_COVERS = """() => {
  const frame = document.querySelector('.house-frame').getBoundingClientRect(), around = [];
  for (const each of document.querySelectorAll('main :is(a[href], button, summary, select, input)')) {
    if (!each.checkVisibility() || each.disabled) continue;
    scrollTo(0, document.documentElement.scrollHeight);
    each.focus();
    if (document.activeElement !== each) continue;
    const { top, bottom } = each.getBoundingClientRect();
    if (top < frame.bottom && bottom > frame.top && top >= 0) around.push(each.outerHTML.slice(0, 80));
  }
  return around;
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 600), (390, 664)])
async def test_the_frame_stays_on_every_page_of_the_staff(width: int, height: int, page: Page, tmp_path: Path) -> None:
    """However far one has scrolled, and nothing with the focus is behind it."""
    async with meeting(tmp_path) as on:
        await on.enter(page, Role.SECRETARIAT)
        await page.set_viewport_size({"width": width, "height": height})
        own = (f"s/{S}/microphone", f"admin/meetings/{S}")
        worked = ("", "/refinements")
        paths = (*own, f"figures/{S}", *(f"desk/{S}{part}" for part in worked), f"moderate/{S}", f"podium/{S}")
        for path in (*paths, f"caption/{S}", "control", "staff", "admin", "admin/links", "admin/look"):
            await page.goto(f"{on.running.address}/{path}")
            frame = page.locator(".house-frame")
            await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            assert await frame.evaluate("(frame) => frame.getBoundingClientRect().top") == 0, path
            assert await page.evaluate(FRAME_COVERS) == [], path
            if width < 640 and f"/{S}" in path:
                high = await frame.evaluate("(frame) => frame.getBoundingClientRect().height")
                assert high <= 72, f"{path}: one row, with the pages on demand"
            if path in own:
                await expect(frame.locator(".meeting")).to_be_in_viewport()
                await expect(frame.locator(".meeting")).to_have_text(await page.locator("h1").inner_text())


# A refinement of the test of a refusal.
@pytest.mark.slow
async def test_what_is_said_at_the_foot_goes_when_it_holds_no_longer(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life.")
        await on.sit_down(page, Role.RAPPORTEUR)
        await on.reaches(1_000)  # Words that were said just before the span are not recorded either.
        await on.do(do.BeginNotRecorded())
        foot, notice = page.locator("#Status"), page.locator("#Notices .off")
        await expect(foot).to_contain_text("Not recorded since")
        await expect(foot, "it stands above, in view").to_have_attribute("data-above", "")
        assert await foot.evaluate(SEEN) == [False, True]
        await page.set_viewport_size({"width": 390, "height": 500})
        await page.locator("#Called").scroll_into_view_if_needed()
        await expect(notice).not_to_be_in_viewport()
        await expect(foot).not_to_have_attribute("data-above", "")
        assert await foot.evaluate(IN_VIEW)
        await page.set_viewport_size({"width": 1280, "height": 900})
        await on.do(do.EndNotRecorded())
        await expect(notice).to_have_count(0)
        await expect(foot).to_have_text("")
        await expect(page.locator("#s1 + .gap")).to_contain_text("Not recorded from")
        await page.locator("#s1 [data-does=pick]").focus()
        await on.do(do.BeginNotRecorded())
        await expect(page.locator("#Status")).to_contain_text("Not recorded since")
        await page.keyboard.press("a")
        await expect(page.locator("#Status")).to_have_text("Agreed")
        await on.do(do.EndNotRecorded())
        await expect(page.locator("#Notices .off")).to_have_count(0)
        await expect(page.locator("#Status"), "what was said of something else stays").to_have_text("Agreed")


# Undoing by this button is in `test_desk_lines.py`.
@pytest.mark.slow
async def test_what_was_moved_before_the_last_meeting_is_named_where_nothing_comes_behind_it(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        hall, now = RoomId("hall"), on.running.backend.programme.now()
        early = Planned(session=SessionId("early"), room=hall, title="Early", starts=now, ends=now + 3_600_000)
        late = Planned(session=S, room=hall, title="Open hall", starts=now + 7_200_000)
        await on.running.backend.programme.keep(rooms=[Room(id=hall, title="Hall")], planned=[early, late])
        await on.sit_down(page)
        await expect(page.locator("#LeftOut")).to_have_text("Planned before that, and not begun: \u2068Early\u2069")
        await expect(page.locator("#Next")).to_be_hidden()


# The offer is in the unit tests of the menu, and the desk in `test_desk_language.py`.
@pytest.mark.slow
async def test_all_pages_offer_the_language_that_is_said_to_be_spoken(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, languages=("es",)) as on:
        await on.sit_down(page)
        leads = await page.context.new_page()
        await leads.goto(f"{on.running.address}/moderate/{S}")
        await expect(leads.locator("#Add [name=language]")).to_have_value("es")
        english = do.ForceLanguage(channel=FLOOR, language="en")
        await on.do(do.SetLanguages(languages=("es", "en")), english, by=Actor(Role.TECHNICIAN, "t"))
        for where in ("#Force", "#Write"):
            await expect(page.locator(f"{where} [name=language]"), where).to_have_value("en")
        for where in ("#Add", "#HandsAsk"):
            await expect(leads.locator(f"{where} [name=language]"), where).to_have_value("en")
        await page.locator("#Write [name=language]").select_option("es")
        await leads.locator("#Add [name=language]").select_option("es")
        await on.introduce("Amina")
        await on.say("s1", "Water is life.")
        await expect(page.locator("#s1")).to_be_visible()
        await expect(page.locator("#Write [name=language]"), "what is chosen stays").to_have_value("es")
        await expect(leads.locator("#Add [name=language]")).to_have_value("es")


async def test_the_newest_line_is_a_press_away_and_esc_leaves_a_field(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for number in range(40):
            await on.say(
                f"s{number}", f"This is line {number} of the meeting, and it is long enough to fill some space."
            )
        await on.sit_down(page, Role.CAPTIONER)
        newest = page.get_by_role("button", name="To the newest line")
        await expect(newest).to_be_hidden()
        await page.locator("#Log").evaluate("log => { log.scrollTop = 0; }")
        await newest.click()
        await expect(page.locator("#s39")).to_be_in_viewport()
        await expect(newest).to_be_hidden()
        await on.do(do.BeginNotRecorded())
        text = "What nobody keeps, and what is long enough for several rows of a narrow text. " * 6
        on.live.writer.signal(Unrecorded(channel=FLOOR, text=text, language="en"))
        await expect(page.locator("#Unsaved .text")).to_contain_text("What nobody keeps")
        assert await page.locator("#Unsaved").evaluate(ABOVE)
        await page.keyboard.press("w")
        await page.keyboard.type("Half a line")
        await page.keyboard.press("Escape")
        await page.keyboard.press("e")
        await expect(page.locator(".editor textarea")).to_be_focused()
        await expect(page.locator("#Write textarea")).to_have_value("Half a line")
        await page.set_viewport_size({"width": 390, "height": 800})
        await expect(page.locator("#Newest"), "it would lie on the buttons of the field").to_have_css(
            "visibility", "hidden"
        )


# A refinement of the close.
@pytest.mark.slow
async def test_at_the_close_no_turn_stays_and_no_sheet_covers_what_is_typed(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for what in "ab":
            await on.do(ask(what, f"Question {what}?"), by=SOMEBODY)
        await on.do(do.SetStatus(interventions=(name("a"), name("b")), status=InterventionStatus.QUEUED), by=MODERATOR)
        await on.do(
            do.LimitTurns(ms=1),
            do.SetStatus(interventions=(name("a"),), status=InterventionStatus.CALLED),
            by=MODERATOR,
        )
        await on.enter(page, Role.MODERATOR)
        await page.goto(f"{on.running.address}/moderate/{S}")
        await expect(page.locator("#Called #q-a")).to_be_visible()
        await expect(page.locator("#Status")).to_have_text("Over time")
        await page.locator("#Add textarea").fill("Somebody on site asks")
        await on.do(do.CloseSession())
        await expect(page.locator("#Others #q-a")).to_contain_text("It had its turn when the meeting ended")
        await expect(page.locator("#Called .question")).to_have_count(0)
        await expect(page.locator("#Status")).to_contain_text("Left: 2")
        assert not await page.locator("#Rest").evaluate("sheet => sheet.open")
        await page.keyboard.press("Escape")
        await page.locator("#q-b").focus()
        await page.keyboard.press("x")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Decline"), "no reason is chosen beforehand").to_be_visible()
        await page.locator("#Decline select").select_option("It is rude")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Others #q-b")).to_contain_text("Not taken, because \u2068It is rude\u2069")
