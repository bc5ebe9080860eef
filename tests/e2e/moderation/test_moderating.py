"""The pages on which moderators advance questions, in Chromium, against the whole server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from moothall.core import commands as do
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId
from moothall.core.questions.interventions import Intervention
from support.browser.translations_at_work import into_portuguese
from support.desks.meeting import Meeting, S, meeting
from support.desks.process import desk_hall
from support.halls.process import SESSION, free_port
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def lead(page: Page, on: Meeting, role: Role = Role.MODERATOR, kind: str = "moderate", query: str = "") -> None:
    await on.enter(page, role)
    await page.goto(f"{on.running.address}/{kind}/{S}{query}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#Desk")).to_be_visible()


def found(on: Meeting, what: str) -> Intervention:
    each = on.live.state.questions.get(name(what))
    assert each is not None
    return each


# `test_moderating_together.py` has two at once in quick runs.
@pytest.mark.slow
async def test_two_moderators_see_the_same_at_once(page: Page, browser: Browser, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        await on.say("s1", "Water is life.")
        await on.do(ask("a", "Who pays?", name="Ana"), by=SOMEBODY)
        other = await elsewhere.new_page()
        await other.add_init_script("delete window.WebSocket")  # over polling alone
        await lead(page, on)
        await lead(other, on, Role.CHAIR)
        for each in (page, other):
            await expect(each.locator("#Checked #q-a")).to_contain_text("Who pays?")
            await expect(each.locator("#q-a")).to_contain_text("The speaker was saying: Water is life.")
            await expect(each.locator("#q-a .about a").first).to_have_attribute("href", f"/s/{S}#s1")
        await on.do(ask("b", "who pays", origin="hub:nairobi"), by=SOMEBODY)
        await expect(page.locator("#Checked #q-b")).to_contain_text("Likely the same: no. 1")
        await expect(page.locator("#Checked #q-a")).to_contain_text("Likely the same: no. 2")
        await expect(page.locator("#Status")).to_have_text("New: no. 2")
        await expect(page.locator("#Checked h3").first).to_contain_text(re.compile(r"No\. \d · A question · "))
        assert (await page.title()).startswith("(2) Open hall")
        await other.get_by_role("button", name="Approve No. 1", exact=True).click()
        await expect(page.locator("#Queued #q-a")).to_contain_text("In the order of arrival")
        await page.get_by_role("button", name="More No. 2", exact=True).click()
        await page.get_by_role("button", name="Join them No. 2", exact=True).click()
        await expect(other.locator("#Others #q-b")).to_contain_text("Joined with a similar question (no. 1)")
        await expect(other.locator("#Done")).to_contain_text("Joined: No. 2")
        await other.get_by_role("button", name="Undo: Joined: No. 2").click()
        await expect(page.locator("#Checked #q-b")).to_be_visible()
        await page.get_by_role("button", name="More No. 1", exact=True).click()
        await page.get_by_role("button", name="Join them No. 1", exact=True).click()
        await expect(other.locator("#Others #q-b")).to_be_visible()
        await page.locator("#Rule").get_by_label("Places take turns").check()
        await page.get_by_role("button", name="Use this rule").click()
        await expect(other.get_by_label("Places take turns")).to_be_checked()


async def test_a_question_lives_by_keys_alone(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life.")
        for what, text in (("a", "Who pais?"), ("b", "When?"), ("c", "Go away!")):
            await on.do(ask(what, text), by=SOMEBODY)
        await lead(page, on)
        await expect(page.locator("#Checked .question")).to_have_count(3)
        await page.keyboard.press("n")
        await expect(page.locator("#q-a")).to_be_focused()
        await page.keyboard.press("e")
        await expect(page.locator("#Reword textarea")).to_be_focused()
        await page.keyboard.press("Control+A")
        await page.keyboard.type("Who pays?")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Ana")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#q-a")).to_contain_text("As it was written: Who pais?")
        await expect(page.locator("#q-a")).to_contain_text("Name as it was given: –")  # noqa: RUF001  # as it is written
        await expect(page.locator("#q-a")).to_be_focused()
        await page.keyboard.press("a")
        await expect(page.locator("#Queued #q-a")).to_be_visible()
        await expect(page.locator("#Status")).to_have_text("In the queue: No. 1")
        await expect(page.locator("#q-b"), "what has taken its place").to_be_focused()
        await page.keyboard.press("a")
        await expect(page.locator("#q-c")).to_be_focused()
        await page.keyboard.press("x")
        await expect(page.locator("#Decline select")).to_be_focused()
        await page.keyboard.press("Tab")
        await page.keyboard.type("It is no question.")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Others #q-c")).to_contain_text("It is no question.")
        await expect(page.locator("#CheckedTitle"), "nothing is left there").to_be_focused()
        await page.keyboard.press("n")
        await page.keyboard.press("n")
        await page.keyboard.press("p")
        while not await page.locator("#q-b").evaluate("row => row === document.activeElement"):
            await page.keyboard.press("n")
        await page.keyboard.press("i")
        await expect(page.locator("#Queued li").first).to_contain_text("Put here by a person")
        await expect(page.locator("#q-b")).to_be_focused()
        assert on.live.state.questions.arranged == ("b",)
        # One key puts it under the policy question that is taken up now; once more asks under which.
        listed = tuple(PolicyQuestion(id=PolicyQuestionId(f"p{n}"), text=f"Policy {n}?") for n in (1, 2))
        await on.do(do.ListPolicyQuestions(questions=listed))
        await on.do(do.TakeUp(question=listed[1].id), by=MODERATOR)
        await expect(page.locator("#Topics summary .soft")).to_have_text("Policy 2?")
        here = (await page.locator(".question.current").get_attribute("data-id")) or ""
        await expect(page.locator(f"#q-{here} [data-does=under]")).to_have_count(1)
        await page.keyboard.press("2")
        await expect(page.locator("#Status")).to_contain_text("Put under a policy question")
        await expect(page.locator(f"#q-{here} .particulars")).to_contain_text("Policy question 2")
        assert found(on, here).under == "p2"
        # Where that one is taken from the list since, the first that is left is offered.
        await on.do(do.ListPolicyQuestions(questions=listed[:1]))
        await expect(page.locator(f"#q-{here} .particulars")).not_to_contain_text("Policy question")
        await page.keyboard.press("2")
        await expect(page.locator("#PutUnder select")).to_have_value("p1")
        await page.keyboard.press("Escape")
        await on.do(do.ListPolicyQuestions(questions=listed))
        await expect(page.locator(f"#q-{here} .particulars")).to_contain_text("Policy question 2")
        await page.keyboard.press("2")
        await page.locator("#PutUnder select").select_option("Under no question")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Status")).to_contain_text("Under no question")
        assert found(on, here).under is None
        await page.keyboard.press("c")
        await expect(page.locator("#Called #q-b")).to_be_visible()
        await expect(page.locator("#Time")).to_be_visible()
        await expect(page.locator("#q-a")).to_be_focused()
        await page.keyboard.press("p")
        await expect(page.locator("#q-b")).to_be_focused()
        await page.keyboard.press("d")
        await expect(page.locator("#Answered #q-b")).to_contain_text("Answered here: Water is life.")
        assert found(on, "b").segment == "s1"
        await page.keyboard.press("u")
        await expect(page.locator("#Called #q-b")).to_be_visible()
        await page.get_by_text("Keyboard shortcuts", exact=True).press("Enter")
        await page.locator("#KeysOn").press("Space")
        await page.locator("#q-b").focus()
        await page.keyboard.press("d")
        await page.locator("#KeysOn").press("Space")
        assert found(on, "b").status is InterventionStatus.CALLED


async def test_several_at_once_search_and_what_is_left(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for n in range(4):
            await on.do(ask(f"q{n}", f"Question {n} about water"), by=SOMEBODY)
        await on.do(ask("r", "", kind=InterventionKind.REQUEST, name="Ana", origin="hub:lima"), by=SOMEBODY)
        await lead(page, on)
        await page.locator("#Sift [name=text]").fill("QUÉSTION 2")
        await expect(page.locator(".panels .question")).to_have_count(1)
        await expect(page.locator("#Shown")).to_have_text("Shown: 1 of 5")
        await page.locator("#Sift [name=text]").fill("")
        await page.locator("#Sift [name=place]").select_option("hub")
        await expect(page.locator(".panels .question")).to_have_count(1)
        await page.locator("#Sift [name=place]").select_option("")
        for n in range(2):
            await page.get_by_role("checkbox", name=f"Pick no. {n + 1}", exact=True).check()
        await page.locator("#q-r").scroll_into_view_if_needed()
        await expect(page.locator("#Several"), "however far the page has moved").to_be_in_viewport(ratio=1)
        await page.locator("#Several").get_by_role("button", name="Approve").click()
        await expect(page.locator("#Queued .question")).to_have_count(2)
        await page.locator("#Add textarea").fill("And here in the hall?")
        await page.get_by_role("button", name="Put it into the queue").click()
        await expect(page.locator("#Queued .question")).to_have_count(3)
        assert {each.origin for each in on.live.state.questions.with_status(InterventionStatus.QUEUED)} == {
            "room",
            "remote",
        }
        await page.get_by_role("button", name="Not taken No. 3").click()
        await on.do(do.CloseSession())
        await on.do(do.LeaveNote(text="It is closed."), by=MODERATOR)
        await expect(page.locator("#Notes")).to_contain_text("It is closed.")
        await page.locator("#Decline").get_by_role("button", name="Cancel").click()
        await expect(page.locator("#Rest"), "it waits for the sheet that is open").to_be_visible()
        await page.get_by_role("button", name="Do it for all of them").click()
        await expect(page.locator("#Answered .question")).to_have_count(3)
        await expect(page.locator("#Others .question")).to_have_count(3)
        assert not any(each.published for each in on.live.state.questions.with_status(InterventionStatus.CLOSED))
        await page.get_by_role("button", name="Undo: To be answered").click()
        await expect(page.locator("#Queued .question")).to_have_count(3)
        await expect(page.locator(".panels > .left:first-child #Left"), "it is to be done now").to_be_visible()
        await page.locator("#Left").focus()
        await on.do(do.Flag(intervention=InterventionId("q1"), flags=("abuse",)), by=MODERATOR)
        await expect(page.locator("#q-q1")).to_contain_text("Marked as rude")
        await expect(page.locator("#Left"), "whatever happens meanwhile").to_be_focused()
        await expect(page.get_by_role("button", name="Call"), "nobody has a turn any more").to_have_count(0)
        await page.locator("#q-q0").focus()
        await page.keyboard.press("o")
        await expect(page.locator("#Answered #q-q0")).to_contain_text("To be answered in writing")
        await page.get_by_role("button", name="Decide on what is left").click()
        await page.get_by_label("They are passed on to those who write the report").check()
        await page.get_by_role("button", name="Do it for all of them").click()
        await expect(page.locator("#Others #q-q1")).to_contain_text("Passed on to those who write the report")
        assert len(on.live.state.questions.with_status(InterventionStatus.TO_REPORT)) == 2
        await on.enter(page, Role.RAPPORTEUR)
        await page.goto(f"{on.running.address}/desk/{S}")
        await expect(page.locator("#Tagged")).to_contain_text("No. 2 Question 1 about water")


RUNG = """window.rung = 0;
window.AudioContext = class extends AudioContext {
    createOscillator() { document.body.dataset.rung = window.rung += 1; return super.createOscillator(); }
};"""


async def test_the_bell_is_off_until_somebody_wants_it(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await page.add_init_script(RUNG)
        await lead(page, on)
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await expect(page.locator("#q-a")).to_contain_text("New")
        assert await page.evaluate("rung") == 0
        await page.get_by_label("A bell for new ones").check()
        assert await page.evaluate("rung") == 1, "it is heard once, to be known"
        await on.do(ask("b", "When?"), by=SOMEBODY)
        await expect(page.locator("body")).to_have_attribute("data-rung", "2")
        await page.reload()
        await expect(page.get_by_label("A bell for new ones")).to_be_checked()


async def test_a_question_is_translated_into_the_language_of_the_page(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on, into_portuguese(on.running):
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await lead(page, on, query="?ui=pt")
        await expect(page.locator("#q-a .text").first).to_have_text("Who pays?")
        await expect(page.locator("#q-a .translated")).to_have_attribute("lang", "pt")
        await expect(page.locator("#q-a")).to_contain_text("apenas em linhas gerais. Original: inglês (não oficial)")


# The test above is the same with translators from the beginning.
@pytest.mark.slow
async def test_a_question_is_translated_once_there_are_translators(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a", "Who pays?"), by=SOMEBODY)
        await lead(page, on, query="?ui=pt")
        await expect(page.locator("#q-a .text").first).to_have_text("Who pays?")
        await expect(page.locator("#q-a .translated")).to_have_count(0)
        none = "Nenhuma máquina traduz isto aqui"
        await expect(page.locator("#q-a")).to_contain_text(none)
        async with into_portuguese(on.running):
            await expect(page.locator("#q-a .translated")).to_have_attribute("lang", "pt")
            await expect(page.locator("#q-a")).not_to_contain_text(none)
            # What is looked for may be in the translation alone.
            translated = await page.locator("#q-a .translated").inner_text()
            assert translated not in found(on, "a").text
            await page.locator("#Sift [name=text]").fill(translated)
            await expect(page.locator("#q-a")).to_be_visible()


async def test_the_podium_takes_answers_and_puts_off(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Water is life.")
        for what in "abcd":
            await on.do(ask(what, f"Question {what}?"), by=SOMEBODY)
        everything = do.SetStatus(interventions=tuple(map(InterventionId, "abcd")), status=InterventionStatus.QUEUED)
        await on.do(everything, by=MODERATOR)
        await lead(page, on, Role.CHAIR, "podium")
        await expect(page.locator("#Next .text")).to_have_text(["Question a?", "Question b?"])
        await expect(page.locator("#Undo")).to_be_hidden()
        await expect(page.locator("#Answered")).to_be_disabled()
        await expect(page.locator("#Later"), "it puts off what comes next").to_be_enabled()
        await page.get_by_role("button", name="Answered").click(force=True)
        await expect(page.locator("#Status")).to_contain_text("Press “Call the next” first")
        # Whoever hears nothing reads it as well.
        assert await page.locator("#Status").evaluate("said => said.getBoundingClientRect().height") > 20
        await page.get_by_role("button", name="Call the next").click()
        await expect(page.locator("#Now .text")).to_have_text("Question a?")
        await expect(page.locator("#Taken")).to_be_disabled()
        await expect(page.locator("#Taken")).to_be_focused()
        await page.get_by_role("button", name="Answered", exact=True).click()
        await expect(page.locator("#Now")).to_have_text("Nothing is being asked now")
        await page.get_by_role("button", name="Later", exact=True).dblclick(delay=50)
        await expect(page.locator("#Next .text")).to_have_text(["Question c?", "Question d?"])
        await page.get_by_role("button", name="Undo: Later: No. 2").click()
        await expect(page.locator("#Next .text")).to_have_text(["Question b?", "Question c?"])
        await expect(page.locator("#Undo")).to_have_text("Undo: Answered: No. 1")
        await on.do(do.SetStatus(interventions=(InterventionId("b"),), status=InterventionStatus.LATER), by=MODERATOR)
        await expect(page.locator("#Next .text")).to_have_text(["Question c?", "Question d?"])
        await expect(page.locator("#Undo"), "what others did is theirs").to_have_text("Undo: Answered: No. 1")
        assert (found(on, "a").segment, found(on, "b").status) == ("s1", InterventionStatus.LATER)
        await on.do(
            do.SetStatus(interventions=(InterventionId("c"), InterventionId("d")), status=InterventionStatus.LATER),
            by=MODERATOR,
        )
        for button in ("Taken", "Answered", "Later"):
            await expect(page.locator(f"#{button}"), "nothing is left").to_be_disabled()


async def test_a_cut_link_and_a_restart_between_two_acts_lose_nothing_and_double_nothing(
    page: Page, tmp_path: Path
) -> None:
    async with desk_hall(tmp_path / "data", free_port(43)) as hall:
        await page.goto(f"{hall.address}/enter/{hall.token}")
        await page.goto(f"{hall.address}/moderate/{SESSION}")
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        for text in ("Who pays?", "When does it begin?"):
            await page.locator("#Add textarea").fill(text)
            await page.get_by_role("button", name="Put it into the queue").click()
            await expect(page.locator("#Queued")).to_contain_text(text)
        await page.get_by_role("button", name="Call No. 1", exact=True).click()
        await expect(page.locator("#Called .question")).to_have_count(1)

        await hall.kill()
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "lost")
        await page.get_by_role("button", name="Answered No. 1", exact=True).click()
        await page.locator("#Add textarea").fill("And afterwards?")
        await page.get_by_role("button", name="Put it into the queue").click()
        await hall.start()
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        await expect(page.locator("#Answered .question")).to_have_count(1)
        await expect(page.locator("#Queued .question")).to_have_count(2)

        async def swallow(route: Route) -> None:
            await route.abort()

        await page.route("**/socket.io/**", swallow)
        await page.evaluate("dispatchEvent(new Event('offline'))")
        await page.get_by_role("button", name="Call No. 2", exact=True).click()
        await page.unroute("**/socket.io/**", swallow)
        await expect(page.locator("#Called .question")).to_have_count(1)
        questions = hall.state().questions
        assert [each.status for each in questions.with_status(*InterventionStatus)] == ["answered", "called", "queued"]
        assert [turn.intervention for turn in questions.turns] == [
            each.id for each in questions.with_status(InterventionStatus.ANSWERED, InterventionStatus.CALLED)
        ]
        await page.get_by_role("button", name="Undo: Answered").click()
        await expect(page.locator("#Status")).to_have_text("It does not fit what has happened meanwhile")


async def test_a_question_is_dragged_to_another_place_of_the_queue(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for name_of in "abc":
            await on.do(ask(name_of, f"Question {name_of}?"), by=SOMEBODY)
        queued = tuple(name(each) for each in "abc")
        await on.do(do.SetStatus(interventions=queued, status=InterventionStatus.QUEUED), by=MODERATOR)
        await lead(page, on)
        rows = page.locator("#Queued .question")
        await expect(rows).to_have_count(3)
        await page.keyboard.press("x")
        await expect(page.locator("#Status"), "no row is the current one").to_contain_text("Go to a question first")
        await page.locator("#q-c h3").drag_to(page.locator("#q-a"), target_position={"x": 60, "y": 3})
        await expect(rows.first).to_have_id("q-c")
        assert on.live.state.questions.arranged == ("c",)
        await expect(page.locator("#Queued .target"), "the first drag is over").to_have_count(0)
        await page.locator("#q-c h3").drag_to(page.locator("#q-b"), target_position={"x": 60, "y": 60})
        await expect(rows.last).to_have_id("q-c")
        await expect(page.locator("#Queued .target")).to_have_count(0)


MOVED = """async ([root, arranged, id, how]) => {
    const { Questions } = await import(`${root}/js/moderation/questions.js`);
    const known = new Questions();
    known.take({ whole: true, items: [], gone: [], alike: [], order: 'arrival', called: null, turn: null,
        queue: [...'abcd'].map((intervention) => ({ intervention, why: 'arrival' })), arranged: [...arranged] });
    return known.moved(id, how)?.join('') ?? null;
}"""


# The order is that of the server (unit/core/questions); buttons and keys are in the tests above.
@pytest.mark.slow
async def test_what_is_moved_by_hand_stands_where_it_was_put(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on)
        sheet = await page.locator("link[href*='css/moderation/moderate']").get_attribute("href")
        assert sheet is not None
        for arranged, moved, how, expected in (
            ("", "c", "up", "ac"),
            ("", "a", "down", "ba"),
            ("", "c", "first", "c"),
            ("ab", "c", "first", "cab"),
            ("ab", "b", "up", "ba"),
            ("ab", "b", "down", "acb"),
            ("", "a", "up", None),
            ("", "d", "down", None),
            ("", "x", "up", None),
        ):
            found = await page.evaluate(MOVED, [sheet.rpartition("/css/")[0], arranged, moved, how])
            assert found == expected, (arranged, moved, how)
