"""Marks, filters, notes and tags on the staff's pages, in Chromium, against the whole server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core import commands as do
from moothall.core.events.notes_and_tags import PolicyQuestion, Tag
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import NoteId, PolicyQuestionId, SegmentId
from support.desks.meeting import Meeting, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name, stand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def lead(page: Page, on: Meeting, role: Role = Role.MODERATOR, kind: str = "moderate") -> None:
    await on.enter(page, role)
    await page.goto(f"{on.running.address}/{kind}/{S}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#Desk")).to_be_visible()


def flags(on: Meeting, what: str) -> tuple[str, ...]:
    each = on.live.state.questions.get(name(what))
    assert each is not None
    return each.flags


async def test_marked_ones_are_left_out_when_several_are_approved(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for n in range(3):
            await on.do(ask(f"q{n}", f"Question {n}", flags=("blocked-word",) if n == 1 else ()), by=SOMEBODY)
        await lead(page, on)
        await expect(page.locator("#q-q1")).to_contain_text("May be rude: read it first")
        for n in range(3):
            await page.locator(f"#q-q{n} [data-does=pick]").check()
        await page.locator("#Several").get_by_role("button", name="Approve", exact=True).click()
        await expect(page.locator("#Queued .question")).to_have_count(2)
        await expect(page.locator("#Status")).to_contain_text("Left out, since each has to be read alone: no. 2")
        await expect(page.locator("#Checked #q-q1")).to_be_visible()
        # Alone it needs nothing more.
        await page.get_by_role("button", name="Approve No. 2", exact=True).click()
        await expect(page.locator("#Queued .question")).to_have_count(3)


async def test_the_staff_marks_and_unmarks_by_key_and_can_undo_it(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await on.do(stand(InterventionStatus.QUEUED, "a"), by=MODERATOR)
        await lead(page, on)
        await on.do(do.ReportAbuse(intervention=name("a")), by=SOMEBODY)
        await expect(page.locator("#Queued #q-a")).to_contain_text("Reported by readers")
        await page.locator("#q-a").focus()
        await page.keyboard.press("v")
        await expect(page.locator("#q-a")).to_contain_text("Marked as rude")
        assert flags(on, "a") == ("reported", "abuse")
        await page.locator("#q-a").focus()
        await page.keyboard.press("g")
        await expect(page.locator("#q-a")).not_to_contain_text("Marked as rude")
        assert flags(on, "a") == ()
        await expect(page.locator("#Done li").first).to_contain_text("Question marked as fine")
        await page.locator("#q-a").focus()
        await page.keyboard.press("u")
        await expect(page.locator("#q-a")).to_contain_text("Reported by readers")
        await expect(page.locator("#Queued .question")).to_have_count(1)


# tests/js/moderation/sift.test.js has what fits, and `test_moderating.py` searches.
@pytest.mark.slow
async def test_questions_are_narrowed_down(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, languages=("en", "es")) as on:
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await on.do(ask("b", "¿Quién paga?", language="es", flags=("blocked-word",)), by=SOMEBODY)
        await on.do(ask("c", "I see", kind=InterventionKind.COMMENT, origin="hub:nairobi"), by=SOMEBODY)
        await on.do(stand(InterventionStatus.LATER, "c"), by=MODERATOR)
        await lead(page, on)
        await page.locator("#Narrow summary").click()

        async def shows(*names: str) -> None:
            await expect(page.locator(".panels .question")).to_have_count(len(names))
            for each in names:
                await expect(page.locator(f"#q-{each}")).to_be_visible()

        for field, value, shown in (
            ("kind", "comment", "c"),
            ("status", "later", "c"),
            ("status", "being-checked", "ab"),
            ("flag", "any", "b"),
            ("flag", "none", "ac"),
            ("flag", "blocked-word", "b"),
            ("flag", "abuse", ""),
            ("language", "es", "b"),
            ("place", "hub", "c"),
        ):
            await page.locator(f"#Sift [name={field}]").select_option(value)
            await shows(*shown)
            await expect(page.locator("#Shown")).to_have_text(f"Shown: {len(shown)} of 3")
            await page.get_by_role("button", name="Show all of them").click()
            await shows("a", "b", "c")
        await page.locator("#Sift [name=language]").select_option("en")
        await page.locator("#Sift [name=text]").fill("pays")
        await shows("a")


async def test_a_note_is_read_where_it_is_for_and_its_author_sees_by_whom(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere, await browser.new_context() as third:
        await lead(page, on)
        captions = await elsewhere.new_page()
        await lead(captions, on, Role.CAPTIONER, "desk")
        podium = await third.new_page()
        await lead(podium, on, Role.CHAIR, "podium")
        await page.locator("#LeaveNote [name=text]").fill("Ana speaks next")
        await page.locator("#LeaveNote [name=to]").select_option("captioner")
        await page.locator("#LeaveNote [type=submit]").click()
        await expect(captions.locator("#Notes")).to_contain_text("Moderator · For: Captioner")
        await expect(captions.locator("#Status")).to_contain_text("New note: \u2068Ana speaks next\u2069")
        await expect(page.locator("#Notes")).to_contain_text("Ana speaks next")
        await expect(page.locator("#Notes button")).to_have_count(0)
        await expect(podium.locator("#Notes li")).to_have_count(0)
        await captions.get_by_role("button", name="I have read it").click()
        for each in (page, captions):
            await expect(each.locator("#Notes")).to_contain_text("Read by: Captioner")
        await expect(captions.locator("#Notes button")).to_have_count(0)
        await expect(captions.locator("#Notes")).to_be_focused()
        await podium.locator("#LeaveNote [name=text]").fill("Two more minutes")
        await podium.locator("#LeaveNote [type=submit]").click()
        for each in (page, captions):
            await each.get_by_role("button", name="I have read it").click()
        await expect(podium.locator("#Notes")).to_contain_text("Read by: ")
        await expect(podium.locator("#Notes")).to_contain_text("Captioner")
        # Whoever comes later sees the same.
        await podium.reload()
        await expect(podium.locator("#Notes li")).to_have_count(1)
        await expect(podium.locator("#Notes li")).to_contain_text("Moderator")


# The same list of notes as in the test above; what groups are told is in integration/hubs/test_hub_page.py.
@pytest.mark.slow
async def test_a_group_is_written_to_and_its_answer_shown(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.running.backend.links.create(Role.HUB, "hall", "Kisumu Library")
        await lead(page, on)
        await page.locator("#LeaveNote [name=to]").select_option("hub:kisumu-library")
        await page.locator("#LeaveNote [name=text]").fill("You are next")
        await page.locator("#LeaveNote [type=submit]").click()
        await expect(page.locator("#Notes")).to_contain_text("For: Group: \u2068Kisumu Library\u2069")
        (note,) = on.live.state.notes_and_tags.hub_notes
        hub = Actor(Role.HUB, "l1", hub="kisumu-library")
        await on.do(do.ReadHubNote(hub=note.hub, note=note.note), by=hub)
        await on.do(do.LeaveHubNote(hub=note.hub, note=NoteId("answer"), text="We are ready"), by=hub)
        await expect(page.locator("#Notes")).to_contain_text("Read by: Group: \u2068Kisumu Library\u2069")
        await expect(page.locator("#Status")).to_contain_text("We are ready")
        await page.get_by_role("button", name="I have read it").click()
        await expect(page.locator("#Notes")).to_contain_text("Read by: Moderator")
        assert on.live.state.notes_and_tags.hub_notes[-1].read == (Role.MODERATOR,)


# unit/adapters/questions/test_asking_door.py has the same forms without a browser.
@pytest.mark.slow
async def test_a_coordinator_asks_for_the_group(browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        _, token = await on.running.backend.links.create(Role.HUB, f"session:{S}", "Kisumu Library")
        # With scripts and without.
        for number, scripts in enumerate((False, True), 1):
            async with await browser.new_context(java_script_enabled=scripts, locale="en-GB") as context:
                page = await context.new_page()
                await page.goto(f"{on.running.address}/s/{S}/ask")
                await expect(page.locator("[name=hub]")).to_have_count(0)
                await page.goto(f"{on.running.address}/enter/{token}")
                await page.get_by_role("link", name="Ask or comment").click()
                await expect(page.get_by_label("For our group: \u2068Kisumu Library\u2069")).to_be_checked()
                await page.get_by_label("Your question or comment").fill("Who pays?")
                await page.get_by_role("button", name="Send").click()
                await expect(page.locator(".stands")).to_have_text("Being checked")
                each = on.live.state.questions.with_status(*InterventionStatus)[-1]
                assert (each.number, each.origin) == (number, "hub:kisumu-library")
        # Whoever leaves asks for nobody but themselves.
        async with await browser.new_context(java_script_enabled=False, locale="en-GB") as context:
            page = await context.new_page()
            staff, token = await on.running.backend.links.create(Role.HUB, "hall", "Lima")
            await page.goto(f"{on.running.address}/enter/{token}")
            await page.goto(f"{on.running.address}/s/{S}/ask")
            await page.get_by_label("Your question or comment").fill("Why?")
            await on.running.backend.links.revoke(staff.link)
            await page.get_by_role("button", name="Send").click()
            await expect(page.get_by_role("alert")).to_contain_text("The link of that group doesn't work here any more")
            await page.get_by_role("button", name="Send").click()
            await expect(page.locator(".stands")).to_have_text("Being checked")
            assert on.live.state.questions.with_status(*InterventionStatus)[-1].origin == "remote"


WHO, HOW = (PolicyQuestion(id=PolicyQuestionId(f"q{n}"), text=text) for n, text in enumerate(("Who pays?", "How?"), 1))


async def test_a_rapporteur_marks_lines_by_key_under_a_policy_question(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(do.ListPolicyQuestions(questions=(WHO, HOW)))
        for n in range(3):
            await on.say(f"s{n}", f"Line {n} is said.")
        await lead(page, on, Role.RAPPORTEUR, "desk")
        await expect(page.locator("#Under option")).to_have_text(["1. Who pays?", "2. How?", "Under no question"])
        await page.keyboard.press("a")
        await expect(page.locator("#s2 .tag")).to_have_text("Agreed (1)")
        await page.keyboard.press("2")
        await expect(page.locator("#Status")).to_have_text("2. How?")
        await page.locator("#s0 [data-does=pick]").focus()
        await page.keyboard.press("v")
        await expect(page.locator("#s0 .tag")).to_have_text("Views differ (2)")
        await expect(page.locator("#s0 [data-does=pick]")).to_be_focused()
        await page.keyboard.press("o")
        await expect(page.locator("#s0 .tag")).to_have_text("Option (2)")
        await page.keyboard.press("q")
        await expect(page.locator("#Under")).to_have_value("")
        await page.locator("#s2 [data-does=pick]").focus()
        await page.get_by_role("button", name="Agreed", exact=True).click()
        await expect(page.locator("#s2 .tag")).to_have_text(["Agreed (1)", "Agreed"])
        await expect(page.locator("#s2 [data-does=pick]")).to_be_focused()
        await expect(page.locator("#Tagged h3")).to_have_text(["1. Who pays?", "2. How?", "Under no question"])
        await expect(page.locator("#Tagged li").nth(1)).to_contain_text("Option · 0:0")
        await expect(page.locator("#Tagged a").nth(1)).to_have_attribute("href", f"/s/{S}?channel=floor#s0")
        notes_and_tags = on.live.state.notes_and_tags
        assert notes_and_tags.tag(SegmentId("s0"), HOW.id) is Tag.OPTION
        await page.locator("#s0 [data-does=pick]").focus()
        await page.keyboard.press("2")
        await page.keyboard.press("x")
        await expect(page.locator("#s0 .tag")).to_have_count(0)
        await expect(page.locator("#Done li").first).to_contain_text("Mark taken away")
        await page.get_by_role("button", name="Undo: Mark taken away").click()
        await expect(page.locator("#s0 .tag")).to_have_text("Option (2)")
        # What was listed before keeps its marks, and whoever comes later sees them.
        await on.do(do.ListPolicyQuestions(questions=(WHO,)))
        await expect(page.locator("#Tagged h3")).to_have_text(
            ["1. Who pays?", "Under another question", "Under no question"]
        )
        await page.reload()
        await expect(page.locator("#s2 .tag")).to_have_count(2)


# A refinement of the test above.
@pytest.mark.slow
async def test_several_lines_are_marked_at_once_and_speakers_keep_their_numbers(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Ana") as on:
        await on.do(do.ListPolicyQuestions(questions=(WHO,)))
        for n in range(2):
            await on.say(f"s{n}", f"Line {n} is said.")
        await lead(page, on, Role.TECHNICIAN, "desk")
        for n in range(2):
            await page.locator(f"#s{n} [data-does=pick]").check()
        await page.keyboard.press("o")
        for n in range(2):
            await expect(page.locator(f"#s{n} .tag")).to_have_text("Option (1)")
        await page.keyboard.press("1")
        await expect(page.locator("#Speakers [aria-pressed=true]")).to_contain_text("Ana")


# What a role may do is in the unit tests of the rules.
@pytest.mark.slow
async def test_who_does_not_report_sees_marks_and_sets_none(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s0", "All of us pay.")
        await on.do(do.TagSegment(segment=SegmentId("s0"), tag=Tag.AGREED), by=Actor(Role.CHAIR, "c1"))
        await lead(page, on, Role.CAPTIONER, "desk")
        await expect(page.locator("#s0 .tag")).to_have_text("Agreed")
        await expect(page.locator("#Outcome")).to_be_hidden()
        await page.keyboard.press("o")
        await expect(page.locator("#s0 .tag")).to_have_text("Agreed")
