"""Questions on walls and over videos, in Chromium; and *Clear the wall* from the pages that have it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.adapters.pages.catalogues import LANGUAGES
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, PolicyQuestionId, PollId, SessionId, SpeakerId
from moothall.core.signals import Unrecorded
from moothall.services.log.act_queue import Receipt
from support.browser.translations_at_work import into_portuguese
from support.desks.meeting import Meeting, S, meeting
from support.halls.stage import FLOOR, Stage, ended, opened, partial, stage, words
from support.sessions.questions import SOMEBODY, ask, name, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MODERATOR = Actor(Role.MODERATOR, "m1")


async def visit(page: Page, on: Stage, path: str) -> None:
    """Open one of the pages and wait until its stream is open."""
    async with page.expect_response(lambda response: "/events" in response.url):
        await page.goto(on.page + path)


@pytest.mark.parametrize("path", ["/screen", pytest.param("/overlay", marks=pytest.mark.slow)])
async def test_a_wall_is_emptied_and_begins_with_the_next_line(page: Page, path: str) -> None:
    async with stage() as on:
        await on.lines(3)
        await on.say(ev.SessionPaused(t=10_500, t0=10_000), ev.SessionResumed(t=11_500, t1=11_000))
        await visit(page, on, path)
        newest = page.locator("#Newest")
        await on.say(opened("g", 12_000), words("g", 0, "Rude words"), signals=[partial("g", 2, "and more")])
        await expect(newest).to_contain_text("Text from 0:11, before the break was endedRude words and more")
        await on.say(ev.WallCleared(t=13_000))
        await expect(newest).to_have_text("")
        await on.say(words("g", 2, "and more of"), signals=[partial("g", 5, "them")])
        await on.say(ended("g", "Rude words and more of them."), signals=[partial("h", 0, "Good")])
        await on.say(signals=[partial("h", 0, "Good day")])
        await expect(newest).to_have_text("")
        await on.say(opened("h", 14_000), words("h", 0, "Good day"), signals=[partial("h", 2, "to")])
        await expect(newest).to_have_text("Good day to ")
        await on.say(signals=[partial("i", 0, "And")])
        await expect(newest).to_contain_text("And")
        later = await page.context.new_page()
        await visit(later, on, path)
        await expect(later.locator("#Newest")).to_contain_text("Good day")
        assert "Rude" not in await later.content()
        await on.say(ev.WallCleared(t=None))
        for each in (page, later):
            await expect(each.locator("#Newest")).to_contain_text("Rude words and more of them.")
        await later.close()


async def test_a_box_in_somebodys_page_keeps_its_text(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on, "/embed")
        await on.say(ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"))
        await on.say(opened("g", 30_000, speaker="ana"), ended("g", "Before."))
        await on.say(ev.SessionPaused(t=45_000, t0=40_000), ev.SessionResumed(t=55_000, t1=50_000))
        await on.say(ev.WallCleared(t=60_000), opened("h", 61_000, speaker="ana"), ended("h", "And on."))
        await expect(page.locator("#Newest")).to_contain_text("before the break was endedAna And on.")
        await expect(page.locator("#Newest")).to_contain_text("line number 2")


async def test_what_is_not_kept_goes_too_and_so_does_the_text_of_a_meeting_that_is_over(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on, "/screen")
        await on.say(
            ev.NotRecordedBegan(t0=1_000), signals=[Unrecorded(channel=FLOOR, text="Off we go", language="en")]
        )
        await expect(page.locator(".moment")).to_contain_text("Off we go")
        await on.say(ev.WallCleared(t=60_000))
        await expect(page.locator("#Newest")).to_have_text("")
        await on.say(signals=[Unrecorded(channel=FLOOR, text="Off we go now", language="en")])
        nothing = Unrecorded(channel=FLOOR, text="", language="")
        await on.say(ev.NotRecordedEnded(t1=70_000), ev.SessionClosed(t=80_000), signals=[nothing])
        await expect(page.locator("#State")).to_have_text("Closed: this is the record")
        await expect(page.locator("#Newest")).to_have_text("")
        await on.say(ev.WallCleared(t=None))
        await expect(page.locator("#Newest")).to_contain_text("line number 2")
        await visit(page, on, "/screen")
        await on.say(ev.WallCleared(t=90_000))
        await expect(page.locator("#Newest")).to_have_text("")


async def sit(page: Page, on: Meeting, role: Role, path: str) -> None:
    await on.enter(page, role)
    await page.goto(on.running.address + path)
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


async def called(on: Meeting, text: str = "A rude question", which: str = "a") -> None:
    await on.do(ask(which, text), by=SOMEBODY)
    await on.do(stand(InterventionStatus.QUEUED, which), stand(InterventionStatus.CALLED, which), by=MODERATOR)


@pytest.mark.parametrize(
    ("role", "path"),
    [
        pytest.param(Role.MODERATOR, f"/moderate/{S}", marks=pytest.mark.slow),
        pytest.param(Role.CHAIR, f"/podium/{S}", marks=pytest.mark.slow),
        (Role.CAPTIONER, f"/desk/{S}"),
    ],
)
async def test_the_walls_are_emptied_from_each_page_of_the_staff(
    page: Page, browser: Browser, tmp_path: Path, role: Role, path: str
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        await on.say("s1", "Something rude.")
        await called(on)
        wall = await elsewhere.new_page()
        await wall.goto(f"{on.running.address}/s/{S}/screen")
        await expect(wall.locator("#Newest")).to_contain_text("Something rude.")
        await sit(page, on, role, path)
        await page.get_by_role("button", name="Clear the wall").click()
        await expect(page.locator("#Status")).to_have_text("The walls are empty")
        await expect(wall.locator("#Newest")).to_have_text("")
        each = on.live.state.questions.get(name("a"))
        assert each is not None
        assert each.status is InterventionStatus.CHECKED
        if await page.locator("#Done").count():
            await page.get_by_role("button", name="Undo: Wall cleared").click()
            await expect(wall.locator("#Newest")).to_contain_text("Something rude.")
            assert on.live.state.questions.called == "a"


async def test_a_key_empties_the_walls_and_another_one_takes_it_back(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await called(on)
        await sit(page, on, Role.MODERATOR, f"/moderate/{S}")
        await expect(page.locator("#Called #q-a")).to_be_visible()
        await page.keyboard.press("z")
        await expect(page.locator("#Checked #q-a")).to_be_visible()
        await page.keyboard.press("u")
        await expect(page.locator("#Called #q-a")).to_be_visible()


# The same button as on the desk.
@pytest.mark.slow
async def test_who_looks_after_all_meetings_empties_the_walls_of_one(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await called(on)
        await sit(page, on, Role.TECHNICIAN, "/control")
        await page.get_by_text("All figures and buttons").click()
        await page.get_by_role("button", name="Clear the wall: Open hall").click()
        await expect(page.locator("#Status")).to_have_text("The walls are empty: \u2068Open hall\u2069")
        assert on.live.state.wall_cleared is not None
        assert on.live.state.questions.called is None


# What a role may do is in the unit tests of the rules.
@pytest.mark.slow
async def test_who_only_listens_has_no_such_button(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await sit(page, on, Role.INTERPRETER, f"/desk/{S}")
        await expect(page.locator("#ClearWall")).to_be_hidden()


async def ask_three(on: Meeting) -> None:
    """A question in English with a name, one without, and one that nobody has approved."""
    await on.do(ask("a", "Who pays?", name="Añez"), ask("b", "When?"), ask("c", "Go away!", name="Rude"), by=SOMEBODY)
    await on.do(stand(InterventionStatus.QUEUED, "a", "b"), by=MODERATOR)


async def test_a_wall_shows_what_is_asked_and_what_comes_next_as_it_happens(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life.")
        wall = f"{on.running.address}/s/{S}/screen"
        await page.goto(wall)
        asked, beside = page.locator("#Asked"), page.locator(".beside")
        await expect(beside).to_be_hidden()
        await ask_three(on)
        await expect(asked.locator(".next li")).to_have_text(
            ["Question no. 1 · Añez Who pays?", "Question no. 2 When?"]
        )
        await expect(page.locator(".qr")).to_have_count(1)
        await expect(page.locator(".code")).to_have_text("Read in your own language, and ask", use_inner_text=True)
        await on.do(stand(InterventionStatus.CALLED, "a"), by=MODERATOR)
        await expect(asked.locator(".now")).to_have_text("Question no. 1 · Añez Who pays?")
        await expect(asked.locator(".next li")).to_have_text(["Question no. 2 When?"])
        later = await page.context.new_page()
        await later.goto(wall)
        await expect(later.locator("#Asked .now")).to_have_text("Question no. 1 · Añez Who pays?")
        for each in (page, later):
            assert "Go away" not in await each.content()
            assert "Rude" not in await each.content()
        await on.do(do.Reword(intervention=name("a"), text="Who pays for it?"), by=MODERATOR)
        await expect(asked.locator(".now")).to_contain_text("Who pays for it?")
        await on.do(do.ClearWall(), by=MODERATOR)
        for each in (page, later):
            await expect(each.locator("#Asked .now")).to_have_count(0)
            await expect(each.locator(".beside")).to_be_hidden()
            await expect(each.locator("#Newest")).to_have_text("")
        await on.do(stand(InterventionStatus.CALLED, "b"), by=MODERATOR)
        await expect(asked.locator(".now")).to_have_text("Question no. 2 When?")
        await on.do(stand(InterventionStatus.LATER, "b"), by=MODERATOR)
        await expect(beside).to_be_hidden()
        await later.close()


ROWS = """() => {
    const box = document.getElementById('Newest').getBoundingClientRect(), range = document.createRange();
    const rows = new Map();
    for (const node of document.querySelectorAll('#Newest .sure, #Newest .rest')) {
        range.selectNodeContents(node);
        for (const { top, bottom } of range.getClientRects()) rows.set(top, top >= box.top && bottom <= box.bottom + 1);
    }
    return [...rows.values()];
}"""
"""Whether each row of the text is whole, the newest last."""


CUT = """() => {
    const box = document.getElementById('Newest'), range = document.createRange();
    const style = getComputedStyle(box), cut = parseFloat(style.getPropertyValue('--cut'));
    const edge = box.getBoundingClientRect().top + cut, below = cut && parseFloat(style.fontSize) / 20;
    return [...box.querySelectorAll('.speaker, .sure, .rest')].flatMap((node) => {
        range.selectNodeContents(node);
        return [...range.getClientRects()];
    }).filter(({ top, bottom }) => top < edge - 1.5 && bottom + below > edge + 1.5);
}"""
"""The rows that are cut at the top, and those whose letters may be seen below the edge, as Arabic ones under it are."""


async def measured(page: Page) -> None:
    """The strip is slim, the text has 85 % of the height, and nothing stands where screens cut off a picture's edge."""
    assert page.viewport_size is not None
    width, height = page.viewport_size["width"], page.viewport_size["height"]
    strip, below = await page.locator(".strip").bounding_box(), await page.locator("main").bounding_box()
    assert strip is not None
    assert below is not None
    assert strip["height"] <= 64 * height / 720
    assert below["height"] >= 0.85 * height
    assert strip["y"] >= 0.03 * height - 1
    assert below["y"] + below["height"] <= 0.97 * height + 1
    for each in (strip, below):
        assert each["x"] >= 0.03 * width - 1
        assert each["x"] + each["width"] <= 0.97 * width + 1
    column = await page.locator(".column").bounding_box()
    assert column is not None
    assert column["width"] * column["height"] >= 0.85 * below["width"] * below["height"], (
        "the code beside it has the rest"
    )
    rows = await page.evaluate(ROWS)
    assert rows[-3:] == [True] * 3
    assert await page.evaluate(CUT) == [], "the text begins with a whole row"
    letter = await page.locator("#Newest").evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert letter >= 0.068 * height  # docs/how-to/embed.md says from how far this can be read
    code = await page.locator(".qr").bounding_box()
    assert code is not None
    assert code["height"] >= 0.23 * height


async def test_a_wall_has_one_slim_strip_and_the_text_the_rest(page: Page, tmp_path: Path) -> None:
    """With a question of some length and what is next, and without, on both usual sizes of screens."""
    text = "Who pays for the panels once the fund has run out, and who repairs those that break far from any road? "
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life, and so is a line that carries words. " * 9)
        for asked in ("", text, text * 6):
            if asked:
                which = str(len(asked))
                await on.do(ask(which, asked, name="Lucía, Quito"), ask(f"{which}b", "When?"), by=SOMEBODY)
                await on.do(stand(InterventionStatus.QUEUED, which, f"{which}b"), by=MODERATOR)
                await on.do(stand(InterventionStatus.CALLED, which), by=MODERATOR)
            for width, height in ((1280, 720), (1920, 1080)):
                await page.set_viewport_size({"width": width, "height": height})
                await page.goto(f"{on.running.address}/s/{S}/screen?ui=en")
                if asked:
                    await expect(page.locator("#Asked .now .asks")).to_contain_text(asked.strip()[:40])
                    cut = "node => node.scrollHeight - node.clientHeight"
                    assert await page.locator("#Asked .now").evaluate(cut) <= 1
                    assert await page.locator("#Asked").evaluate(cut) <= 1
                await measured(page)


async def test_a_break_and_what_is_not_kept_are_said_in_large_letters_above_the_text(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life, and so is a line that carries words. " * 9)
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.goto(f"{on.running.address}/s/{S}/screen?ui=en")
        await on.do(do.BeginNotRecorded())
        banner, pause = page.locator("#NotRecorded"), page.locator('.view[data-during="break"]')
        await expect(banner).to_be_visible()
        await expect(pause).to_be_hidden()
        above, newest = await banner.bounding_box(), await page.locator("#Newest").bounding_box()
        assert above is not None
        assert newest is not None
        assert above["y"] + above["height"] <= newest["y"]
        assert newest["height"] >= 0.6 * 720
        await on.do(do.EndNotRecorded(), do.PauseSession())
        await expect(pause).to_have_text("Break. The text goes on when the meeting does.")
        await expect(page.locator("#State")).to_be_hidden()
        await expect(banner).to_be_hidden()
        above, newest = await pause.bounding_box(), await page.locator("#Newest").bounding_box()
        assert above is not None
        assert newest is not None
        assert above["y"] + above["height"] <= newest["y"]
        await on.do(do.ResumeSession())
        await expect(pause).to_be_hidden()
        await expect(page.locator("#State")).to_be_visible()


LOOK = """() => {
    const style = (of) => getComputedStyle(document.querySelector(of));
    const size = (node) => parseFloat(getComputedStyle(node).fontSize);
    const inside = (node) => {
        const box = node.getBoundingClientRect();
        return box.top >= 0 && box.bottom <= innerHeight + 1 && node.scrollHeight <= node.clientHeight + 1;
    };
    const shown = [...document.querySelectorAll('.view, .now, .hands li')].filter((each) => each.checkVisibility());
    return {
        zoom: style('html').getPropertyValue('--zoom'),
        ground: style('html').backgroundColor,
        face: style('h1').fontFamily.startsWith('"Atkinson'),
        shown: shown.length,
        cut: shown.filter((each) => !inside(each)).map((each) => each.className || each.textContent.trim()),
        text: Math.max(0, ...[...document.querySelectorAll('#Newest')].map(size)),
        view: Math.max(0, ...shown.filter((each) => each.matches('.view')).map(size)),
    };
}"""


async def test_every_view_of_a_wall_has_the_size_the_colours_and_the_letters_of_its_address(
    page: Page, tmp_path: Path
) -> None:
    """A wall that waits, a meeting before it begins, a show of hands, what is not kept, and a break."""
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life, and so is a line that carries words. " * 9)
        await on.running.backend.programme.add_room("Garden")
        writer = (await on.running.backend.sessions.open(SessionId("later"))).writer
        made = do.CreateSession(title="Later", languages=("en",), access=ev.Access.PUBLIC)
        floor = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
        assert isinstance(await writer.send(SYSTEM, CommandId("made"), (made, floor)), Receipt)
        await called(on, "Who pays for the panels once the fund has run out?")
        hands = do.OpenPoll(poll=PollId("p"), question="Quarterly?", language="en", options=("Yes", "No", "No opinion"))
        await on.do(hands, by=MODERATOR)
        await page.set_viewport_size({"width": 1280, "height": 720})
        usual = 0.026 * 1280 + 0.034 * 720
        for view, path, acts, many, large in (
            ("waits", "/room/garden/screen", (), 1, 1.3),
            ("before", "/s/later/screen", (), 1, 1.3),
            ("hands", f"/s/{S}/screen", (), 4, 0),
            ("not kept", f"/s/{S}/screen", (do.BeginNotRecorded(),), 5, 1.6 * 0.58),
            ("break", f"/s/{S}/screen", (do.EndNotRecorded(), do.PauseSession()), 5, 0.7),
        ):
            if acts:
                await on.do(*acts)
            await page.goto(f"{on.running.address}{path}?ui=en&theme=dark&letters=clear&size=200")
            look = await page.evaluate(LOOK)
            stands = (look["zoom"], look["ground"], look["face"], look["shown"], look["cut"])
            assert stands == ("2", "rgb(0, 0, 0)", True, many, []), view
            assert look["view"] == pytest.approx(large * usual), view
            if view == "before":
                asks = tuple(PolicyQuestion(id=PolicyQuestionId(f"q{n}"), text=f"Who pays for {n}?") for n in range(7))
                listed = await writer.send(MODERATOR, CommandId("asks"), do.ListPolicyQuestions(questions=asks))
                assert isinstance(listed, Receipt)
                await expect(page.locator("#Policy li")).to_have_text([each.text for each in asks[:5]])
                assert (await page.evaluate(LOOK))["cut"] == []
                await expect(page.locator("#Policy")).to_be_in_viewport(ratio=1)
            if view in ("hands", "not kept"):
                assert look["text"] == pytest.approx(2 * 0.85 * usual), view
        await long_words_at_once(on)
        for width, height in ((1280, 720), (1080, 1920)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(f"{on.running.address}/s/{S}/screen?ui=en")
            look = await page.evaluate(LOOK)
            assert (look["shown"], look["cut"]) == (9, []), "of a question and a show of hands no option is left out"
            assert (await page.evaluate(ROWS))[-3:] == [True] * 3


async def long_words_at_once(on: Meeting) -> None:
    """Call a long question while a show of hands is open that has as many options as it may have."""
    await on.do(do.ResumeSession())
    await on.say("s2", "Water is life, and so is a line that carries words. " * 9)
    await on.do(do.ClosePoll(poll=PollId("p")), by=MODERATOR)
    await called(
        on, "Who pays for the panels once the fund has run out, and who repairs those far from any road? " * 3, "b"
    )
    options = tuple(f"{n} years with the rules of now, then another vote" for n in range(1, 9))
    hands = do.OpenPoll(
        poll=PollId("q"), question="How do we go on with what nobody pays for? " * 2, language="en", options=options
    )
    await on.do(hands, by=MODERATOR)


@pytest.mark.slow
async def test_the_code_and_the_strips_ends_change_sides_every_ten_minutes(page: Page) -> None:
    await page.clock.install(time=1_200_000_000)  # an even ten minutes, s
    async with stage() as on:
        await on.lines(3)
        await visit(page, on, "/screen")
        html, code, title = page.locator("html"), page.locator(".qr"), page.locator("#Title")
        sides: list[tuple[bool, bool]] = []
        for side in ("end", "start", "end"):
            await expect(html).to_have_attribute("data-side", side)
            boxes = [await each.bounding_box() for each in (code, title)]
            sides.append(tuple(box is not None and box["x"] < 400 for box in boxes))  # type: ignore[arg-type]
            await page.clock.fast_forward("10:00")
        assert sides == [(False, True), (True, False), (False, True)]
        await page.goto(on.page + "/screen?steady=1")
        await page.clock.fast_forward("10:00")
        await expect(html).not_to_have_attribute("data-side", re.compile("."))


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["two-lines", "lower-third", "side"])
async def test_a_preset_keeps_to_its_part_of_the_picture(page: Page, tmp_path: Path, preset: str) -> None:
    await page.set_viewport_size({"width": 1920, "height": 1080})
    async with meeting(tmp_path, "Otieno, Kisumu") as on:
        await on.say("s1", "Water is life, and so is a line that carries words. " * 9)
        await called(on, "Who pays for the panels once the fund has run out, and who repairs them? " * 3)
        await page.goto(f"{on.running.address}/s/{S}/overlay?ui=en&preset={preset}&fade=0")
        text, asked = page.locator("#Newest"), page.locator("#Asked")
        await expect(asked.locator(".now")).to_be_visible()
        below, above = await text.bounding_box(), await asked.bounding_box()
        assert below is not None
        assert above is not None
        for box in (below, above):
            assert box["x"] >= 0.05 * 1920 - 1
            assert box["x"] + box["width"] <= 0.95 * 1920 + 1
            assert box["y"] >= 0.05 * 1080 - 1
            assert box["y"] + box["height"] <= 0.95 * 1080 + 1
        assert above["y"] + above["height"] <= below["y"]
        if preset == "side":
            assert min(below["x"], above["x"]) >= 0.65 * 1920 - 1
        else:
            assert below["y"] >= 1080 * 2 / 3


async def test_a_show_of_hands_is_counted_on_the_wall(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await on.do(stand(InterventionStatus.QUEUED, "a"), by=MODERATOR)
        await page.goto(f"{on.running.address}/s/{S}/screen?ui=en")
        await expect(page.locator("#Asked .next")).to_contain_text("Who pays?")
        poll = PollId("p")
        opened = do.OpenPoll(poll=poll, question="Shall we go on?", language="en", options=("Yes, at once", "No"))
        await on.do(opened, by=MODERATOR)
        hands = page.locator("#Asked .hands")
        await expect(hands).to_contain_text("Shall we go on?")
        await expect(page.locator("#Asked .next")).to_have_count(0)
        await on.do(do.CountRoom(poll=poll, room=(3, 1)), by=MODERATOR)
        await expect(hands.locator(".many")).to_have_text(
            ["Remote: 0. On site: 3. Together: 3.", "Remote: 0. On site: 1. Together: 1."]
        )
        await expect(hands.locator(".figure")).to_have_text(["3", "1"])
        assert await hands.locator("meter").evaluate_all("all => all.map(({ value }) => value)") == [75, 25]
        await on.do(do.ClosePoll(poll=poll), by=MODERATOR)
        await expect(hands).to_contain_text("It is closed. This is the result.")
        await on.do(stand(InterventionStatus.CALLED, "a"), by=MODERATOR)
        await expect(page.locator("#Asked .now")).to_contain_text("Who pays?")
        await expect(hands).to_have_count(0)


async def test_an_overlay_shows_the_question_above_the_text_unless_it_is_not_to(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await ask_three(on)
        await page.goto(f"{on.running.address}/s/{S}/overlay")
        await expect(page.locator("#Asked")).to_be_hidden()  # what comes next is not for a picture
        await on.do(stand(InterventionStatus.CALLED, "a"), by=MODERATOR)
        await expect(page.locator("#Asked .now")).to_be_visible()
        bare = await page.context.new_page()
        await bare.goto(f"{on.running.address}/s/{S}/overlay?question=0")
        await on.do(do.ClearWall(), by=MODERATOR)
        await expect(page.locator("#Asked .now")).to_have_count(0)
        await expect(bare.locator("#Asked")).to_have_count(0)
        await bare.close()


# unit/adapters/questions/test_translations_door.py has the page, and `test_moderating.py` the script.
@pytest.mark.slow
async def test_a_question_is_translated_for_its_wall_and_for_whoever_reads_the_list(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path, languages=("pt", "en")) as on, into_portuguese(on.running, chrf2=72.0):
        await page.goto(f"{on.running.address}/s/{S}/screen")
        await ask_three(on)
        await on.do(stand(InterventionStatus.CALLED, "a"), by=MODERATOR)
        words = page.locator("#Asked .now .asks")
        await expect(words.first).to_have_text("Who pays?")
        await expect(words.nth(1)).to_have_attribute("lang", "pt")
        await expect(words.nth(1)).to_contain_text("Who pays?")
        await expect(page.locator("#Asked .made")).to_have_text("Translated by a machine from English, not official")
        await page.goto(f"{on.running.address}/s/{S}/questions?ui=pt")
        await expect(page.locator("#No-1 .other")).to_have_attribute("lang", "pt")
        await expect(page.locator("#No-1")).to_contain_text("Traduzido por uma máquina. Original: inglês")
        await expect(page.locator("#No-2 .other")).to_have_count(1)
        plain = await browser.new_context(java_script_enabled=False)
        unscripted = await plain.new_page()
        await unscripted.goto(f"{on.running.address}/s/{S}/questions?ui=pt")
        await expect(unscripted.locator("#No-1 .other")).to_have_attribute("lang", "pt")
        await unscripted.goto(f"{on.running.address}/s/{S}/screen")
        await expect(unscripted.locator("#Asked .now .asks")).to_have_count(2)
        await plain.close()


async def test_a_title_has_as_many_lines_as_it_needs_whatever_its_writing(page: Page) -> None:
    await page.set_viewport_size({"width": 1280, "height": 720})
    # The server takes 30 characters for a line; letters are of all widths.
    sentence = "Open forum no. 12: meaningful connectivity for rural and remote communities, from pilots to policy"
    for title, rows in (
        ("Plenary", None),
        ("WWWWWWWW WWWWWWWW WWWWWWWW", "2"),
        ("i" * 31, None),
        (sentence, "3"),
        (f"{sentence}: {sentence.lower()}", "4"),
    ):
        async with stage(title=title) as on:
            await on.lines(1)
            await visit(page, on, "/screen")
            await expect(page.locator("#Newest.follows")).to_be_attached()
            assert await page.locator("#Title").get_attribute("data-long") == rows
            shown = "(title) => title.scrollHeight <= title.clientHeight + 1"
            assert await page.locator("#Title").evaluate(shown), title
            assert await page.locator(".strip").evaluate("(strip) => strip.scrollHeight <= 64"), title


async def test_how_long_ago_the_last_words_were_is_whole_in_every_language(page: Page) -> None:
    await page.set_viewport_size({"width": 1280, "height": 720})
    for title in ("Access in rural areas", "Universal service: who pays for the last mile of the network, and when?"):
        async with stage(title=title) as on:
            await on.lines(3)
            await on.clock.advance(45_000)
            for language in LANGUAGES:
                await visit(page, on, f"/screen?ui={language}")
                await expect(page.locator("#Newest.follows")).to_be_attached()
                state = page.locator("#State")
                await expect(state).to_contain_text("30")
                assert await state.evaluate("(state) => state.scrollHeight <= state.clientHeight + 1"), language
