"""What the desk can do with wrong lines: move them and move them back, remove them, name their speaker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.commands import (
    AddChannel,
    CorrectSegment,
    CreateSession,
    MapClock,
    OpenSession,
    SetSpeaker,
)
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import CommandId, SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from support.desks.meeting import FLOOR, Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

OTHER = SessionId("other")
HOUR_MS = 3_600_000
LATER_MS = 120_000
"""How far media time is set on: lines can be moved half a minute after they were said."""


async def another(on: Meeting) -> LiveSession:
    """A second meeting of the same house, which has begun."""
    live = await on.running.backend.sessions.open(OTHER)
    made = await live.writer.send(
        SYSTEM,
        CommandId("make"),
        [
            CreateSession(title="The next one", languages=("en",)),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            OpenSession(),
            MapClock(t=LATER_MS),
        ],
    )
    assert isinstance(made, Receipt), made
    await on.do(MapClock(t=LATER_MS))
    return live


def standing(live: LiveSession) -> Sequence[str]:
    """The lines of a meeting that stand, in the order of their times."""
    lines = [line for _, line in live.state.segments.items() if not line.gone]
    return [line.whole for line in sorted(lines, key=lambda line: line.t0)]


async def move(page: Page, *segments: str) -> None:
    for segment in segments:
        await page.locator(f"#{segment} [data-does=pick]").check()
    await page.locator("#Give .more > summary").click()
    await page.locator("#Move select").select_option(label="The next one")
    await page.get_by_role("button", name="Move them").click()


async def test_lines_are_moved_to_another_meeting_and_back(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina") as on:
        live = await another(on)
        for n in range(1, 4):
            await on.say(f"s{n}", f"This is line {n}.")
        await on.sit_down(page)
        await move(page, "s1", "s2")
        await expect(page.locator("#Lines .text")).to_have_text(["This is line 3."])
        await expect(page.locator("#Give")).to_be_hidden()
        assert standing(live) == ["This is line 1.", "This is line 2."]
        await page.get_by_role("button", name="Undo: Lines moved to another meeting").press("Enter")
        await expect(page.locator("#Status")).to_have_text("Undone")
        await expect(page.locator("#Lines .text")).to_have_text(
            ["This is line 1.", "This is line 2.", "This is line 3."]
        )
        assert (standing(on.live), standing(live)) == (["This is line 1.", "This is line 2.", "This is line 3."], [])
        await expect(page.get_by_role("button", name="Undo: Lines moved")).to_have_count(0)


# The rule is in the unit tests of undoing; that lines come back is in the test above.
@pytest.mark.slow
async def test_lines_that_were_changed_in_the_other_meeting_stay_there(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        live = await another(on)
        await on.say("s1", "Line 1.")
        await on.sit_down(page)
        await move(page, "s1")
        await expect(page.locator("#Lines .text")).to_have_count(0)
        (name,) = [name for name, _ in live.state.segments.items()]
        mend = CorrectSegment(channel=FLOOR, segment=name, base_revision=0, base_words=0, text="Mended.")
        assert isinstance(await live.writer.send(Actor(Role.CAPTIONER, "c"), CommandId("mend"), mend), Receipt)
        await page.get_by_role("button", name="Undo: Lines moved").click()
        await expect(page.locator("#Status")).to_contain_text("changed in the other meeting")
        assert (standing(on.live), standing(live)) == ([], ["Mended."])


async def test_the_next_meeting_begins_and_the_page_goes_along(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        room = RoomId("r")
        await on.running.backend.programme.keep(rooms=[Room(id=room, title="Room 1")])
        wall = on.running.backend.clock.wall()
        now = Planned(session=S, room=room, title="Open hall", starts=wall)
        await on.running.backend.programme.keep(planned=[now])
        later = Planned(session=OTHER, room=room, title="The next one", starts=wall + HOUR_MS)
        assert not isinstance(await on.running.backend.programme.make(later), Refusal)
        await on.sit_down(page)
        await page.get_by_role("button", name="Close, and start").click()
        await expect(page).to_have_url(f"{on.running.address}/desk/{OTHER}")
        await expect(page.locator("#Title")).to_have_text("The next one")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        assert on.live.state.status is Status.CLOSED
        assert on.running.backend.sessions.status_of(OTHER) is Status.OPEN
        await page.goto(f"{on.running.address}/desk/{S}")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        await page.evaluate("document.getElementById('Next').click()")  # As if it were pressed before the news came.
        await expect(
            page.get_by_text("technician 1\u2069 has started “\u2068The next one\u2069” already.")
        ).to_be_visible()


# The rule is in the unit tests of undoing, and the key in `test_desk.py`.
@pytest.mark.slow
async def test_a_wrong_name_is_taken_back_from_the_lines_that_came_meanwhile(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina", "Ben") as on:
        await on.say("s1", "Nobody's.")
        await on.sit_down(page)
        await page.keyboard.press("2")
        await expect(page.get_by_role("button", name="Ben", exact=True)).to_have_attribute("aria-pressed", "true")
        await on.say("s2", "Wrong.")
        await on.say("s3", "Wrong as well.", end=False)
        await expect(page.locator("#s2 .speaker")).to_have_text("Ben")
        await page.keyboard.press("u")
        await expect(page.locator("#s2 .speaker")).to_have_count(0)
        assert [on.speaker(name) for name in ("s1", "s2", "s3")] == [None, None, None]
        assert on.live.state.channels[FLOOR].speaker is None


async def test_a_span_of_time_is_removed_after_a_question_that_says_how_much(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for n in range(1, 6):
            await on.say(f"s{n}", f"In second {n} of the meeting somebody says this one.")  # each is a second long
        await on.sit_down(page)
        await page.get_by_text("Remove words", exact=True).click()
        form = page.locator("#RemoveSpan")
        await form.get_by_label("From (time)").fill("0:02")
        await form.get_by_label("To (time)").fill("0:01")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Status")).to_contain_text("has to come before")
        await page.locator("#s2 [data-does=pick]").check()
        await page.locator("#s3 [data-does=pick]").check()
        await form.get_by_role("button", name="Times of the picked lines").press("Enter")
        await expect(form.get_by_label("From (time)")).to_be_focused()
        await expect(form.get_by_label("From (time)")).to_have_value("0:01")
        await form.get_by_label("To (time)").fill("0:02")
        await page.keyboard.press("Enter")
        question = page.get_by_role("dialog", name="Remove what was said from 0:01 to 0:02 for good?")
        await expect(question).to_contain_text("2 lines go, whole or in part.")
        await expect(question).to_contain_text("Nobody can undo it")
        await page.keyboard.press("Escape")
        assert len(standing(on.live)) == 5
        await form.get_by_role("button", name="Remove for good").click()
        await question.get_by_role("button", name="Remove for good").click()
        await expect(page.locator("#Status")).to_have_text("Removed for good")
        await expect(page.locator("#Lines .line")).to_have_count(3)
        said = " ".join(standing(on.live))
        assert [str(n) in said for n in range(1, 6)] == [True, False, False, True, True]


async def test_lines_and_all_words_of_a_speaker_are_removed_after_a_question(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina Diallo", "Li Wei") as on:
        await on.do(SetSpeaker(channel=FLOOR, speaker=SpeakerId("p1")), by=Actor(Role.TECHNICIAN, "t"))
        await on.say("s1", "Call me at nine.")
        await on.say("s2", "My number is secret.")
        await on.do(SetSpeaker(channel=FLOOR, speaker=SpeakerId("p2")), by=Actor(Role.TECHNICIAN, "t"))
        await on.say("s3", "Good morning.")
        await on.do(SetSpeaker(channel=FLOOR, speaker=SpeakerId("p1")), by=Actor(Role.TECHNICIAN, "t"))
        await on.sit_down(page)
        mend = page.locator("#s2").get_by_role("button", name="Correct")
        await mend.click()
        await page.keyboard.type(" Indeed.")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Done")).to_contain_text("secret. Indeed.")
        await page.locator("#s2").get_by_role("checkbox").focus()
        await page.keyboard.press("Space")
        await page.locator("#Give .more > summary").press("Enter")
        await page.locator("#RemoveLines").press("Enter")
        question = page.get_by_role("dialog", name="Remove the picked lines for good?")
        await expect(question).to_contain_text("the sound of that time becomes silence")
        await expect(question.get_by_role("button", name="Cancel")).to_be_focused()
        await page.keyboard.press("2")  # no single key acts behind a question
        assert on.live.state.channels[FLOOR].speaker == "p1"
        await page.keyboard.press("Escape")
        await expect(question).to_be_hidden()
        assert on.text("s2")
        await page.locator("#RemoveLines").press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Status")).to_have_text("Removed for good")
        await expect(page.locator("#s2")).to_have_count(0)
        await expect(page.locator("#Done")).not_to_contain_text("secret")
        assert (on.text("s1"), on.text("s2")) == ("Call me at nine.", "")
        await page.get_by_text("Remove words", exact=True).click()
        await page.locator("#RemoveOf select").select_option(label="Amina Diallo")
        await page.locator("#RemoveOf").get_by_label("The name goes too").check()
        await page.locator("#RemoveOf").get_by_role("button").click()
        await page.get_by_role("dialog", name="Amina Diallo").get_by_role("button", name="Remove for good").click()
        await expect(page.locator("#s1")).to_have_count(0)
        await expect(page.locator("#s3")).to_contain_text("Good morning.")
        await expect(page.locator("#Speakers")).not_to_contain_text("Amina")
        await on.sit_down(page, Role.CHAIR, "?role=chair")
        await page.locator("#s3").get_by_role("checkbox").check()
        await expect(page.locator("#Picked")).to_be_visible()
        await expect(page.locator("#RemoveLines")).to_be_hidden()
        await expect(page.locator("#RemoveWords")).to_be_hidden()


# Two questions within one frame: a refinement of the two tests above.
@pytest.mark.slow
async def test_a_question_that_follows_another_at_once_is_answered(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Call me at nine.")
        await on.sit_down(page)
        await page.locator("#s1").get_by_role("checkbox").check()
        await page.locator("#Give .more > summary").click()
        # The browser tells of the first one's end with the next frame that it draws.
        await page.evaluate(
            """() => {
                const [ask, question] = ['RemoveLines', 'Sure'].map((id) => document.getElementById(id));
                ask.click();
                question.close();
                ask.click();
                return new Promise((done) => question.addEventListener('close', done, { once: true }));
            }"""
        )
        await page.get_by_role("dialog").get_by_role("button", name="Remove for good").click()
        await expect(page.locator("#Status")).to_have_text("Removed for good")
        await expect(page.locator("#s1")).to_have_count(0)


async def test_a_line_is_as_its_words_run_and_large_enough_for_a_thumb(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, languages=("en", "ar")) as on:
        await on.say("s1", "Good morning.")
        await on.say("s2", "صباح الخير.", language="ar")
        await page.set_viewport_size({"width": 390, "height": 844})
        await on.sit_down(page, query="?ui=ar")
        across = (
            "line => ['input', '.time', '.text'].map((part) => line.querySelector(part).getBoundingClientRect().left)"
        )
        pick, time, text = await page.locator("#s1").evaluate(across)
        assert pick < time < text, "English from the left, in an Arabic page too"
        pick, time, text = await page.locator("#s2").evaluate(across)
        assert text < time < pick
        high = "parts => parts.map((part) => part.getBoundingClientRect()).map(({ width, height }) => [width, height])"
        sizes = await page.locator("#Lines :is(.pick, .mend)").evaluate_all(high)
        assert len(sizes) == 4
        assert all(min(size) >= 44 for size in sizes), sizes
        mark = "mark => getComputedStyle(mark, '::before').content"
        assert await page.locator(".why > summary").first.evaluate(mark) == '"؟" / ""'
        assert await page.locator("#UndoLast .icon").evaluate("icon => getComputedStyle(icon).scale") == "-1 1"
        assert await page.locator("#Under").evaluate("menu => getComputedStyle(menu).direction") == "rtl"
