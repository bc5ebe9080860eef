"""Turns in Chromium, against the whole server: typing in one's turn, its time limit, and putting it off."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, Request, Route, expect

from moothall.core import commands as do
from moothall.core.events.lines import Origin
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import InterventionId, PollId
from moothall.core.questions.interventions import Intervention
from support.desks.meeting import Meeting, S, meeting
from support.halls.room_before import room_before
from support.hubs.together import until
from support.sessions.questions import MODERATOR

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def ask(page: Page, on: Meeting, text: str, who: str = "Ana", wish: str = "A question") -> InterventionId:
    """Ask on the form; the page is the author's then."""
    await page.goto(f"{on.running.address}/s/{S}/ask?ui=en")
    await page.get_by_label(wish).check()
    await page.get_by_label("Your question or comment").fill(text)
    await page.get_by_label("Your name or a pseudonym").fill(who)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".stands")).to_have_text("Being checked")
    return InterventionId(page.url.partition("?")[0].rpartition(".")[2])


async def stand(on: Meeting, what: InterventionId, *statuses: InterventionStatus) -> None:
    for status in statuses:
        await on.do(do.SetStatus(interventions=(what,), status=status), by=MODERATOR)


def found(on: Meeting, what: InterventionId) -> Intervention:
    each = on.live.state.questions.get(what)
    assert each is not None
    return each


def typed(on: Meeting) -> list[str]:
    lines = [line for _, line in on.live.state.segments.items() if line.origin is Origin.SPEAKER]
    return [line.whole for line in sorted(lines, key=lambda line: line.t0)]


async def until_typed(on: Meeting, *lines: str) -> None:
    """Wait until so many lines have been typed; these they are."""

    async def holds() -> bool:
        return len(typed(on)) >= len(lines)

    await until(holds)
    assert typed(on) == list(lines)


async def lead(page: Page, on: Meeting, kind: str = "moderate") -> None:
    if kind == "moderate":
        await on.enter(page, Role.MODERATOR)
    await page.goto(f"{on.running.address}/{kind}/{S}?ui=en")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


def words(page: Page) -> Locator:
    return page.get_by_label("Your words")


async def test_what_is_typed_is_read_as_it_comes_and_stays(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        reader, wall = await elsewhere.new_page(), await elsewhere.new_page()
        await reader.goto(f"{on.running.address}/s/{S}?ui=en")
        await wall.goto(f"{on.running.address}/s/{S}/screen?ui=en")
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await expect(page.get_by_role("alert")).to_contain_text("Now: it is your turn")
        await expect(page.locator("#Times")).to_contain_text("Please begin within")
        await words(page).focus()
        await page.keyboard.type("I wonder")
        await expect(reader.locator("#Growing .rest")).to_have_text("I wonder")
        await expect(reader.locator("#Growing .speaker")).to_have_text("Ana")
        await expect(wall.locator("#Newest .rest")).to_have_text("I wonder")
        await expect(page.locator("#Times")).to_contain_text("You type, and so you have three times as long.")
        await expect(page.locator("#Times")).not_to_contain_text("Please begin")
        assert typed(on) == []
        await page.keyboard.type(" if Dr. Li pays. And w")
        await expect(reader.locator("#Lines .line")).to_contain_text("I wonder if Dr. Li pays.")
        await expect(reader.locator("#Lines .source")).to_have_text("Typed by the speaker")
        await expect(reader.locator("#Growing .rest")).to_have_text("And w")
        await expect(words(page)).to_have_value("And w")
        await page.reload()
        await expect(words(page)).to_have_value("And w")
        await expect(page.locator("#Typed li")).to_have_text(["I wonder if Dr. Li pays."])
        await words(page).focus()
        await page.keyboard.press("End")
        await page.keyboard.type("hen")
        await page.keyboard.press("Enter")
        await expect(reader.locator("#Lines")).to_contain_text("And when")
        await expect(reader.locator("#Growing")).to_be_empty()
        await expect(words(page)).to_have_value("")
        assert typed(on) == ["I wonder if Dr. Li pays.", "And when"]
        await on.do(do.PauseSession())
        await page.keyboard.type("In a break. ")
        await expect(page.locator("#TypingStands")).to_contain_text("nobody sees what you write")
        await expect(reader.locator("#Growing")).to_be_empty()
        assert typed(on) == ["I wonder if Dr. Li pays.", "And when"]
        await on.do(do.ResumeSession())
        await until_typed(on, "I wonder if Dr. Li pays.", "And when", "In a break.")
        await page.keyboard.type("Not sent")
        await expect(reader.locator("#Growing .rest")).to_have_text("Not sent")
        await stand(on, what, InterventionStatus.ANSWERED)
        await expect(reader.locator("#Growing")).to_be_empty()
        await expect(page.locator("#Voice")).to_contain_text("It is not your turn any more.")
        await expect(words(page)).to_have_value("Not sent")
        assert typed(on) == ["I wonder if Dr. Li pays.", "And when", "In a break."]


# Sentences are in tests/js/lib/sentences.test.js; that a pause ends a line too is a refinement.
@pytest.mark.slow
async def test_a_pause_ends_a_line_and_an_engine_may_have_one_open(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        what = await ask(page, on, "Who pays?", who="")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await on.say("s1", "The chair says", end=False)
        await words(page).fill("No end")
        await expect(page.locator("#Typed li")).to_have_text(["No end"])
        await expect(words(page)).to_have_value("")
        await until_typed(on, "No end")
        assert on.live.state.channels[next(iter(on.live.state.channels))].open_segment == "s1"
        assert "No. 1" in on.live.state.speakers.values()


# The doors are tested without a browser; `test_reader_acts.py` has the reader's page.
@pytest.mark.slow
async def test_what_is_not_recorded_is_shown_and_forgotten(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        reader = await elsewhere.new_page()
        await reader.goto(f"{on.running.address}/s/{S}?ui=en")
        await room_before(on.running.backend, on.running.live, S)
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await words(page).focus()
        await on.do(do.BeginNotRecorded(), by=MODERATOR)
        await expect(page.locator("#Unkept")).to_be_visible()
        await page.keyboard.type("Between us. And m")
        await expect(reader.locator("#Unrecorded .text")).to_have_text("Between us. And m")
        await on.do(do.EndNotRecorded(), by=MODERATOR)
        await expect(reader.locator("#Unrecorded")).to_be_hidden()
        await expect(page.locator("#Unkept")).to_be_hidden()
        await expect(words(page)).to_have_value("")
        await page.keyboard.type("For all. ")
        await expect(reader.locator("#Lines")).to_contain_text("For all.")
        assert typed(on) == ["For all."]


async def test_two_desks_and_the_author_see_the_same_limit(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        desk, podium = await elsewhere.new_page(), await elsewhere.new_page()
        await lead(desk, on)
        await lead(podium, on, "podium")
        what = await ask(page, on, "", wish="I'd like to speak".replace("'", "\u2019"))
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await expect(desk.locator("#Time")).to_contain_text("/ 2:00")
        await desk.get_by_label("Speaking time").select_option("1 min")
        for each in (desk, podium):
            await expect(each.locator("#Time")).to_contain_text("/ 1:00")
            await expect(each.locator("#Held")).to_contain_text("Waits for its author: 0:5")
        await expect(desk.locator("#Done")).to_contain_text("Speaking time changed")
        await expect(page.locator("#Times")).to_contain_text("Time left: 0:5")
        await on.do(do.MapClock(t=on.live.state.media_now(on.running.backend.clock.wall()) + 61_000), by=SYSTEM)
        for each in (desk, podium):
            await expect(each.locator("#Held")).to_have_text("Nobody has begun")
            await expect(each.locator("#Status")).to_have_text("Nobody has begun")
            await expect(each.locator("#Time")).to_contain_text("Over time")
        assert found(on, what).status is InterventionStatus.CALLED, "nothing happens by itself"
        await words(page).fill("Now")
        for each in (desk, podium):
            await expect(each.locator("#Time")).to_contain_text("/ 3:00")
            await expect(each.locator("#Held")).to_have_text("Types: has three times as long")
        await desk.get_by_role("button", name="Undo: Speaking time changed").click()
        await expect(podium.locator("#Time")).to_contain_text("/ 6:00")


# unit/adapters/questions/test_typing_door.py has the same forms without a browser.
@pytest.mark.slow
async def test_without_scripts_one_types_puts_off_and_comes_back(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        context = await browser.new_context(java_script_enabled=False, locale="en-GB")
        plain = await context.new_page()
        what = await ask(plain, on, "Who pays?")
        await lead(page, on)
        await stand(on, what, InterventionStatus.QUEUED)
        await plain.reload()
        await plain.get_by_role("button", name="Not now, later").click()
        await expect(plain.locator(".stands")).to_have_text("Later: you have put it off")
        await expect(page.locator(f"#Others #q-{what}")).to_contain_text("Put off by its author")
        await plain.get_by_role("button", name="I\u2019m ready again").click()
        await expect(plain.locator(".stands")).to_contain_text("In the queue: you are next")
        await expect(page.locator(f"#Queued #q-{what}")).to_contain_text("Its author is ready again")
        await stand(on, what, InterventionStatus.CALLED)
        await plain.reload()
        await expect(plain.get_by_role("alert").first).to_contain_text("Now: it is your turn")
        await words(plain).fill("I wonder who pays.")
        await plain.get_by_role("button", name="Send").click()
        await expect(plain.locator("#Typed li")).to_have_text(["I wonder who pays."])
        assert typed(on) == ["I wonder who pays."]
        await context.close()


async def test_a_cut_link_loses_no_words(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await words(page).focus()
        await page.context.set_offline(True)
        await page.keyboard.type("One. Two. Thr")
        await expect(page.locator("#TypingStands")).to_have_text(
            "The connection is slow. What you typed is sent again."
        )
        await page.context.set_offline(False)
        await expect(page.locator("#TypingStands")).to_be_empty()
        await page.keyboard.press("Enter")
        await expect(words(page)).to_have_value("")
        await expect(page.locator("#Typed li")).to_have_count(3)
        await until_typed(on, "One.", "Two.", "Thr")


# A refinement of the test of a cut line.
@pytest.mark.slow
async def test_what_was_not_sent_when_a_turn_ended_stands_there_when_it_comes_again(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        await words(page).focus()
        await page.keyboard.type("One. Two and")
        await until_typed(on, "One.")
        await stand(on, what, InterventionStatus.QUEUED)
        await expect(words(page)).to_have_attribute("readonly", "")
        await stand(on, what, InterventionStatus.CALLED)
        await expect(page.locator("#Send")).to_be_enabled()
        await expect(words(page)).to_have_value("Two and")
        await words(page).focus()
        await page.keyboard.press("End")
        await page.keyboard.type(" three.")
        await page.keyboard.press("Enter")
        await until_typed(on, "One.", "Two and three.")


async def test_whoever_asked_is_told_on_the_text_and_everybody_what_is_asked(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        text = f"{on.running.address}/s/{S}"
        reader, low = await elsewhere.new_page(), await elsewhere.new_page()
        what = await ask(page, on, "Who pays?")
        await page.goto(f"{text}?ui=en")
        slow = await page.context.new_page()
        await slow.goto(f"{text}/read?ui=en")
        await reader.goto(f"{text}?ui=en")
        await low.goto(f"{text}?ui=en&read=low")
        await expect(reader.locator("html")).to_have_class("live")
        await stand(on, what, InterventionStatus.QUEUED)
        for own in (page, slow):
            await expect(own.locator("#YourTurn a")).to_have_text("In the queue: you are next")
        await stand(on, what, InterventionStatus.CALLED)
        for own in (page, slow):
            await expect(own.locator("#YourTurn a")).to_have_text("Now: it is your turn")
            await expect(own).to_have_title(re.compile("^Now: it is your turn"))
        held: list[Route] = []

        async def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/your-turn*", hold)
        await page.reload()
        await expect(page.locator("html")).to_have_class("live")
        await on.do(do.DescribeSession(title="Another title"), by=Actor(Role.SECRETARIAT, "s1"))
        await expect(page.locator("#Title")).to_have_text("Another title")
        await expect(page).to_have_title(re.compile("^Now: it is your turn . Another title"))
        await page.unroute("**/your-turn*")
        for each in held:
            await each.continue_()
        await expect(reader.locator("#NowAsked > a")).to_have_text("Now: Question no. 1 · \u2068Ana\u2069: Who pays?")
        await expect(reader.locator("#NowAsked bdi")).to_have_attribute("lang", "en")
        await expect(reader.locator("#YourTurn")).to_have_count(0)
        await slow.get_by_role("button", name="I need longer").click()
        await expect(slow.get_by_role("alert")).to_contain_text("Now: it is your turn")
        await expect(slow.locator("#Longer")).to_have_count(0)
        await lead(slow, on)
        await expect(slow.locator("#Held")).to_contain_text("Its author needs longer: 2:5")
        await stand(on, what, InterventionStatus.ANSWERED)
        await expect(page.locator("#YourTurn")).to_be_empty()
        await expect(page).to_have_title(re.compile("^(?!Now)"))
        await expect(reader.locator("#NowAsked")).to_be_hidden()


async def test_with_little_data_whoever_asked_is_told_over_the_one_stream_that_there_is(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED)
        streams: list[str] = []

        def note(request: Request) -> None:
            if "read=low" in request.frame.url:  # Else the page before this was still about to ask for its own.
                streams.extend(re.findall("/(events|low)[?]", request.url))

        page.on("request", note)
        async with page.expect_request("**/low?*"):
            await page.goto(f"{on.running.address}/s/{S}?ui=en&read=low")
        await expect(page.locator("#YourTurn a")).to_have_text("In the queue: you are next")
        await stand(on, what, InterventionStatus.CALLED)
        await expect(page.locator("#YourTurn a")).to_have_text("Now: it is your turn")
        await stand(on, what, InterventionStatus.ANSWERED)
        assert streams == ["low"]


async def test_whoever_goes_back_to_the_text_after_asking_is_told_there_too(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for path in ("", "/read"):
            await page.goto(f"{on.running.address}/s/{S}{path}?ui=en")
            await expect(page.locator("html")).to_have_class("live")
            assert await page.locator("#YourTurn").count() == 0
            what = await ask(page, on, "Who pays?")
            await page.go_back()
            await page.go_back()
            await expect(page.locator("#YourTurn")).to_have_count(1)
            await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
            await expect(page.locator("#YourTurn a")).to_have_text("Now: it is your turn")
            await stand(on, what, InterventionStatus.ANSWERED)


# A refinement of the test of who is told what.
@pytest.mark.slow
async def test_what_is_asked_now_is_known_again_after_a_snapshot(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        reader = await elsewhere.new_page()
        what, other = await ask(page, on, "Who pays?"), await ask(page, on, "Who decides?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        hands = PollId("p1")
        await on.do(
            do.OpenPoll(poll=hands, question="Shall we go on?", language="en", options=("Yes", "No")), by=MODERATOR
        )
        late = asyncio.Event()

        async def from_a_snapshot(route: Route) -> None:
            await late.wait()
            await route.continue_(url=re.sub("&after=[^&]*", "", route.request.url))

        await reader.route("**/events?*", from_a_snapshot)
        await reader.goto(f"{on.running.address}/s/{S}?ui=en")
        await expect(reader.locator("#NowAsked > a")).to_have_text("Now: Question no. 1 · \u2068Ana\u2069: Who pays?")
        await expect(reader.locator("#Raised")).to_contain_text("Shall we go on?")
        await stand(on, what, InterventionStatus.ANSWERED)
        await stand(on, other, InterventionStatus.QUEUED)
        await on.do(do.ClosePoll(poll=hands), by=MODERATOR)
        async with reader.expect_response(lambda answer: answer.url.endswith(f"/s/{S}?ui=en")):
            late.set()
        await expect(reader.locator("#NowAsked")).to_be_hidden()
        await expect(reader.locator("#Raised")).to_be_hidden()
        await stand(on, other, InterventionStatus.CALLED)
        await expect(reader.locator("#NowAsked > a")).to_have_text(
            "Now: Question no. 2 · \u2068Ana\u2069: Who decides?"
        )


# The same words on a page without scripts are in unit/adapters/reading/test_page_door.py.
@pytest.mark.slow
async def test_without_scripts_the_text_says_so_when_it_is_loaded(browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context(java_script_enabled=False) as plain:
        page = await plain.new_page()
        what = await ask(page, on, "Who pays?")
        await stand(on, what, InterventionStatus.QUEUED, InterventionStatus.CALLED)
        for path in ("", "/read"):
            await page.goto(f"{on.running.address}/s/{S}{path}?ui=en")
            await expect(page.get_by_role("link", name="Now: it is your turn")).to_be_visible()
        await page.get_by_role("button", name="I need longer").click()
        await expect(page.get_by_role("button", name="I need longer")).to_have_count(0)
