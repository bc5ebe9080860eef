"""The staff's pages in Chromium, against the whole server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Dialog, Page, expect

from moothall.core import commands as do
from moothall.core.commands import CorrectSegment
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import SegmentId
from moothall.core.programme.plan import Room, RoomId
from moothall.core.sessions.state import Status
from moothall.core.views.captions import SNAPSHOT_LINES
from support.desks.meeting import FLOOR, Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TYPED = "By hand, with “quotes” & <b>signs</b>."


async def test_one_key_names_the_speaker_and_undo_takes_it_back(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina Diallo", "Li Wei") as on:
        await on.sit_down(page)
        await page.keyboard.press("2")
        await expect(page.get_by_role("button", name="Li Wei", exact=True)).to_have_attribute("aria-pressed", "true")
        await on.say("s1", "Good morning.")
        await expect(page.locator("#s1 .speaker")).to_have_text("Li Wei")
        await page.keyboard.press("0")
        await expect(page.get_by_role("button", name="Nobody named", exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
        await page.get_by_role("button", name="Undo: Speaks").first.click()
        await expect(page.get_by_role("button", name="Li Wei", exact=True)).to_have_attribute("aria-pressed", "true")
        assert on.live.state.channels[FLOOR].speaker == "p2"
        await page.locator("#AddSpeaker input").fill("Ben 1")  # keys don't act while text is written
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Ben 1", exact=True)).to_be_visible()
        assert on.live.state.channels[FLOOR].speaker == "p2"
        await page.get_by_text("Keyboard shortcuts", exact=True).click()
        await page.locator("#KeysOn").uncheck()
        await page.keyboard.press("1")
        await page.locator("#KeysOn").check()
        await page.locator("#Keys input").nth(1).fill("x")
        await page.locator("#KeysOn").focus()
        await page.keyboard.press("x")
        await expect(page.get_by_role("button", name="Amina Diallo", exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
        assert on.live.state.channels[FLOOR].speaker == "p1"


async def test_a_line_is_corrected_in_place_and_a_reader_sees_it_marked(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Good mourning.")
        reader = await context.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        await expect(reader.locator("#s1 .text")).to_have_text("Good mourning.")
        await on.sit_down(page, Role.CAPTIONER)
        await page.keyboard.press("e")
        area = page.locator(".editor textarea")
        await expect(area).to_be_focused()
        await area.fill("Good evening.")
        await page.keyboard.press("Escape")
        await expect(page.locator("#s1 .text")).to_have_text("Good mourning.")
        await page.locator("#s1 .mend").click()
        await area.fill("Good morning.")
        await page.keyboard.press("Enter")
        await expect(reader.locator("#s1 .text")).to_have_text("Good morning.")
        await expect(reader.locator("#s1 .mark")).to_have_text("Mended by a person")
        await expect(page.locator("#s1")).to_be_focused()


async def test_in_a_break_a_line_is_refused_and_all_pages_tell_of_text_from_before_its_end(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Good morning.")
        base = f"{on.running.address}/s/{S}"
        reader, wall = await context.new_page(), await context.new_page()
        await reader.goto(base)
        await wall.goto(f"{base}/screen")
        await on.sit_down(page)
        podium, leads = await context.new_page(), await context.new_page()
        await podium.goto(f"{on.running.address}/podium/{S}")
        await leads.goto(f"{on.running.address}/moderate/{S}")
        await page.bring_to_front()
        await page.get_by_role("button", name="Begin a break").click()
        for each in (reader, wall, page):
            await expect(each.locator("#State")).to_have_attribute("data-kind", "break")
        for each in (podium, leads):
            await expect(each.locator("#Break")).to_be_visible()
        await page.locator("#Write textarea").fill("We are back.")
        await page.locator("#Write button[type=submit]").click()
        await expect(page.locator("#InBreak")).to_contain_text("nothing is written until it is ended")
        await expect(page.locator("#InBreak button")).to_be_visible()
        await expect(page.locator("#Write textarea")).to_have_value("We are back.")
        earlier = page.get_by_role("button", name="End the break 20 seconds ago")
        await earlier.click()
        await expect(page.locator("#EndEarlier")).to_contain_text("Everybody can read it")
        await page.locator("#EndEarlier").get_by_role("button", name="Cancel").click()
        await expect(page.locator("#EndEarlier")).to_be_hidden()
        await expect(earlier).to_be_focused()
        assert on.live.state.in_break
        await earlier.click()
        await page.get_by_role("button", name="Make it text").click()
        told = re.compile(r"Text from \d:\d\d, before the break was ended")
        for each in (reader, page):
            await expect(each.locator("#Lines > .gap")).to_have_text(told)
        await expect(page.locator("#InBreak")).to_be_hidden()
        await page.locator("#Write button[type=submit]").click()
        await expect(reader.locator("#Log")).to_contain_text("We are back.")
        await expect(wall.locator("#Newest > p")).to_have_text(["Good morning.", told, "We are back."])
        for _ in range(2):  # as it came, and loaded again
            rows = page.locator("#Lines > li").filter(has=page.locator("p"))
            await expect(rows).to_have_text([re.compile("Good morning"), told, re.compile("We are back")])
            await on.sit_down(page)
        boxes = page.locator("#Lines [data-does=pick]")
        await boxes.first.click()
        await boxes.last.click(modifiers=["Shift"])
        await expect(page.locator("#Picked"), "a mark is no line").to_have_text("2 lines picked")
        await page.locator("#Unpick").click()
        for address in (base, f"{base}/record.txt"):  # without scripts, and in a file
            assert told.search(await (await context.request.get(address)).text()), address
        await page.get_by_role("button", name="Begin a break").click()
        await page.locator("#Write textarea").fill("And again.")
        await page.locator("#Write button[type=submit]").click()
        await page.locator("#InBreak button").click()
        await expect(reader.locator("#State")).not_to_have_attribute("data-kind", "break")


# The next test shows both versions in quick runs, of a line that the machine changed.
@pytest.mark.slow
async def test_a_line_that_somebody_else_changed_shows_both_and_loses_nothing(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        await on.say("s1", "Good mourning.")
        await on.sit_down(page)
        other = await elsewhere.new_page()
        await on.sit_down(other, Role.CAPTIONER)
        await expect(page.locator("#Here li")).to_have_count(2)
        await page.locator("#s1 .mend").click()
        await page.locator(".editor textarea").fill("Good morning, all.")
        await other.locator("#s1 .mend").click()
        await other.locator(".editor textarea").fill("Good morning, everybody.")
        await other.keyboard.press("Enter")
        await expect(page.locator(".theirs .text")).to_have_text("Good morning, everybody.")
        await expect(page.locator(".editor textarea")).to_have_value("Good morning, all.")
        await page.get_by_role("button", name="Save mine").click()
        await expect(other.locator("#s1 .text")).to_have_text("Good morning, all.")


async def test_what_the_machine_betters_while_a_line_is_open_is_taken_over_until_something_is_typed(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await on.sit_down(page)
        for line in ("s1", "s2"):
            await on.say(line, "Good mourning.")
        area = page.locator(".editor textarea")
        await page.locator("#s1 .mend").click()
        await expect(area).to_have_value("Good mourning.")
        await bettered(on, "s1", "Good morning.")
        await expect(area).to_have_value("Good morning.")
        await expect(page.locator(".theirs")).to_be_empty()
        await page.keyboard.press("Escape")
        await expect(page.locator("#s1 > .text")).to_have_text("Good morning.")
        await expect(page.locator("#s1 .mark")).to_have_count(0)
        await expect(page.locator("#Done button")).to_have_count(0)

        await page.locator("#s2 .mend").click()
        await area.fill("Good evening.")
        await bettered(on, "s2", "Good morning.")
        await expect(page.locator(".theirs")).to_contain_text(
            "The line was changed meanwhile. It now reads: Good morning."
        )
        await expect(area).to_have_value("Good evening.")
        await page.get_by_role("button", name="Save mine").click()
        await expect(page.locator("#s2 > .text")).to_have_text("Good evening.")
        await expect(page.locator("#s2 .mark")).to_have_text("Mended by a person")
        await page.locator("#UndoLast").click()
        await expect(page.locator("#s2 > .text")).to_have_text("Good morning.")


async def bettered(on: Meeting, line: str, text: str) -> None:
    """The event of an engine's better pass, at any time."""
    better = CorrectSegment(channel=FLOOR, segment=SegmentId(line), base_revision=0, base_words=2, text=text)
    await on.do(better, by=Actor(Role.ENGINE, "scripted"))


async def test_a_range_of_lines_is_given_to_somebody_else_by_keyboard(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina", "Ben") as on:
        for n in range(1, 6):
            await on.say(f"s{n}", f"Line {n}.")
        await on.sit_down(page)
        await page.locator("#s2 [data-does=pick]").focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Shift+ArrowDown")
        await page.keyboard.press("Shift+ArrowDown")
        await expect(page.locator("#Picked")).to_have_text("3 lines picked")
        await page.locator("#Give select").first.select_option(label="Ben")
        await page.get_by_role("button", name="Give them the lines").click()
        await expect(page.locator("#s2 .speaker")).to_have_text("Ben")
        await expect(page.locator("#Give")).to_be_hidden()
        assert [on.speaker(f"s{n}") for n in range(1, 6)] == [None, "p2", "p2", "p2", None]
        await page.keyboard.press("u")
        await expect(page.locator("#s2 .speaker")).to_have_count(0)
        await page.locator("#s1 [data-does=pick]").click()
        await page.locator("#s5 [data-does=pick]").click(modifiers=["Shift"])
        await expect(page.locator("#Picked")).to_have_text("5 lines picked")


async def test_a_meeting_is_written_by_a_person_alone_without_sound(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with meeting(tmp_path, "Amina") as on:
        reader = await context.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        await on.sit_down(page)
        await page.keyboard.press("1")
        await expect(page.get_by_role("button", name="Amina", exact=True)).to_have_attribute("aria-pressed", "true")
        await page.keyboard.press("w")
        await page.keyboard.type("Good morning.")
        await page.keyboard.press("Enter")
        await page.keyboard.type(TYPED)
        await page.keyboard.press("Enter")
        await expect(reader.locator("#Lines .text")).to_have_text(["Good morning.", TYPED])
        await expect(reader.locator("#Lines .speaker").first).to_have_text("Amina")
        await expect(reader.locator("#Lines .source").first).to_have_text("Written by a person")
        await expect(page.locator("#Write textarea")).to_have_value("")
        await page.get_by_role("button", name="From now on").click()
        await expect(page.locator("#Notices .off")).to_contain_text("Not recorded since")
        assert not on.live.state.recorded
        await page.get_by_role("button", name="Record again").click()
        await expect(page.locator("#Notices .off")).to_have_count(0)
        assert on.live.state.recorded
        await page.get_by_role("button", name="Close the meeting").click()
        await expect(reader.locator("#State")).to_have_attribute("data-kind", "closed")
        await page.get_by_role("button", name="Undo: Closed").click()
        await expect(page.get_by_role("button", name="Begin a break")).to_be_visible()


async def test_whoever_closes_is_asked_first_where_sound_would_have_no_text(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        on.running.backend.closing.warn_with(lambda _: 61_000)
        await on.sit_down(page)
        close = page.get_by_role("button", name="Close the meeting")
        async with page.expect_event("dialog") as asked:
            page.once("dialog", Dialog.dismiss)
            await close.click()
        assert "has heard 2\xa0min of what was said yet" in (await asked.value).message
        assert on.live.state.status is Status.OPEN
        page.once("dialog", Dialog.accept)
        await close.click()
        await expect(page.get_by_role("button", name="Undo: Closed")).to_be_visible()
        await expect(page.get_by_text("It does not fit")).to_have_count(0)


async def test_a_cut_link_loses_nothing_that_was_typed(page: Page, context: BrowserContext, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.sit_down(page)
        await context.set_offline(True)
        await page.locator("#Write textarea").fill("Typed while the line was cut.")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "lost")
        await on.say("s1", "Said meanwhile.")
        await context.set_offline(False)
        await expect(page.locator("#Lines .text")).to_have_text(["Said meanwhile.", "Typed while the line was cut."])
        await expect(page.locator("#Stands")).to_have_text("Connected")
        assert sum(line.whole.startswith("Typed") for _, line in on.live.state.segments.items()) == 1


async def test_a_line_that_is_older_than_what_comes_after_a_long_cut_is_still_corrected(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s0", "Wellcome.")
        await on.sit_down(page)
        await page.locator("#s0").press("Enter")
        await page.locator(".editor textarea").fill("Welcome.")
        await context.set_offline(True)
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "lost")
        for n in range(1, SNAPSHOT_LINES + 5):
            await on.say(f"s{n}", "on and " * 20 + "on.")  # more than what is kept for who comes back
        await context.set_offline(False)
        await expect(page.locator("#Lines .text").last).to_contain_text("on and on.")
        await expect(page.locator(".editor .theirs")).to_be_empty()
        await page.locator(".editor textarea").press("Enter")
        await expect(page.locator(".editor")).to_have_count(0)
        assert on.text("s0").strip() == "Welcome."


async def test_what_readers_report_is_seen_within_two_seconds_and_somebody_sees_to_it(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context(java_script_enabled=False) as plain:
        rooms = [Room(id=RoomId(f"r{n}"), title=f"Room {n}") for n in (1, 2)]
        await on.running.backend.programme.keep(rooms=rooms)
        await on.sit_down(page)
        control = await page.context.new_page()
        await control.goto(f"{on.running.address}/control")
        await expect(control.locator("#Stands")).to_have_text("Connected")
        await expect(control.locator(".card h2")).to_have_text(["Open hall", "Room 1", "Room 2"])
        await expect(control.locator(".alarm")).to_have_count(0)
        await expect(control.locator(".card [role=meter]")).to_have_count(1)
        await expect(control.locator("#Made")).to_have_text(re.compile(r"As of \d\d:\d\d:\d\d$"))
        await expect(control.locator(".card .state")).to_have_text(["Live", *2 * ["Nothing is on here now"]])
        words = control.get_by_role("img", name="Words a minute in the last 10 minutes: 0 to 0")
        await expect(words).to_be_visible()
        await expect(control.locator(".axis")).to_have_text(["150", "1500"])
        limits = control.get_by_role("img").locator(".limit")
        await expect(limits).to_have_count(1)  # words a minute have none
        await control.locator("summary").first.click()
        scales = ["Line of the delay: 0 to 15 s; dashed: alarm from 10 s", "Line of the words a minute: 0 to 150"]
        await expect(control.locator(".scale")).to_have_text(scales)
        await expect(control.locator(".card summary")).to_have_css("text-decoration-line", "none")  # not doubted words
        table = control.get_by_role("table", name="The last 10 minutes")
        await expect(table.locator("tr:first-child :is(th, td)")).to_have_text(
            ["Minutes ago", "Delay, s at most", "Words a minute", "1", "\N{EN DASH}", "0"]
        )
        answer = await page.request.post(
            f"{on.running.address}/s/{S}/report",
            headers={"Origin": on.running.address},
            form={"channel": "floor", "kind": "language"},
        )
        assert answer.ok, await answer.text()
        await expect(page.locator("#Reports li")).to_contain_text("1 of 1 readers: Wrong language")
        await expect(control.locator(".card .said")).to_contain_text("Wrong language")
        await expect(control.locator(".alarm")).to_contain_text("Look at it \N{EN DASH} 1 of 1 readers report a fault.")
        await expect(control).to_have_title("(1) Open hall \N{EN DASH} All meetings at a glance")
        await control.get_by_role("button", name="I see to it").click()
        await expect(control.get_by_label("Your name")).to_be_focused()
        await control.keyboard.type("Ann")
        await control.get_by_role("button", name="I see to it").click()
        await expect(control.locator(".alarm")).to_contain_text("Ann sees to it")
        await expect(control.get_by_role("button", name="Clear the wall: Open hall")).to_be_visible()  # still open
        await expect(control.get_by_role("link", name="Figures of this meeting")).to_have_attribute(
            "href", f"/figures/{S}?ui=en"
        )
        await expect(control).to_have_title("All meetings at a glance")

        await page.bring_to_front()
        static = await plain.new_page()
        await on.enter(static, Role.SECRETARIAT)
        await static.goto(f"{on.running.address}/control?ui=ar")
        await expect(static.locator(".alarm")).to_contain_text("Ann")
        await expect(static.locator("dl div")).to_have_count(9)
        await static.goto(f"{on.running.address}/control?big=1")
        await expect(static.locator(".alarm")).to_contain_text("Ann")
        await expect(static.locator("button, summary, input:visible, main a")).to_have_count(0)

        await page.get_by_role("button", name="Seen").click()
        await expect(page.get_by_role("button", name="Seen")).to_be_disabled()
        await page.get_by_role("button", name="Mended").click()
        await expect(page.locator("#Reports")).to_be_hidden()


# What a role is told is in integration/desks/test_strangers_at_desks.py, and the sentence in the tests of the doors.
@pytest.mark.slow
async def test_a_role_sees_what_it_may_do_and_a_stranger_a_sentence(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for path in (f"/desk/{S}", "/control"):
            answer = await page.goto(on.running.address + path)
            assert answer is not None
            assert answer.status == 401
            await expect(page.locator("h1")).to_contain_text("Open the link that you were given.")
        await on.sit_down(page, Role.CHAIR)
        await expect(page.get_by_role("button", name="Close the meeting")).to_be_visible()
        for hidden in ("#Write", "#Tongues", "#AddSpeaker"):
            await expect(page.locator(hidden)).to_be_hidden()


# `test_accessibility.py` has both pages at 400 %.
@pytest.mark.slow
async def test_nothing_is_wider_than_a_small_window(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "María José Fernández de la Vega y Sanz de Santamaría") as on:
        await on.say("s1", "A line with a verylongwordthatgoesonandonandonwithoutanyendinsightatallreally in it.")
        await page.set_viewport_size({"width": 320, "height": 640})
        await on.sit_down(page)
        for ui in ("en", "ar"):
            await page.goto(f"{on.running.address}/desk/{S}?ui={ui}")
            await page.locator("#s1 [data-does=pick]").check()
            await page.locator("#s1  > .text").click()
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
            await page.goto(f"{on.running.address}/control?ui={ui}")
            await expect(page.locator(".card")).to_have_count(1)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320


# Which tabs a link has is in the unit tests of the frame.
async def test_the_frame_leads_from_page_to_page_and_says_the_time_of_the_programme(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.sit_down(page)
        frame = page.locator(".house-frame")
        await expect(frame.locator("[aria-current=page]")).to_have_text("Text")
        await expect(frame.locator("#FrameClock")).to_have_text(re.compile(r"\d\d:\d\d UTC$"))
        await frame.get_by_role("link", name="Podium").click()
        await expect(frame.locator("[aria-current=page]")).to_have_text("Podium")
        await expect(frame.locator("#FrameState")).to_have_text("Live")
        await on.do(do.PauseSession(), by=SYSTEM)
        await expect(frame.locator("#Break")).to_be_visible()
        await expect(frame.locator("#FrameState")).to_be_hidden()
        await on.do(do.CloseSession(), by=SYSTEM)
        await expect(frame.locator("#FrameState")).to_have_text("Closed")
        await page.set_viewport_size({"width": 320, "height": 640})
        await frame.get_by_role("button", name="Pages").click()
        await frame.get_by_role("link", name="Report").click()
        await expect(page.locator("#Outcome")).to_be_in_viewport()
