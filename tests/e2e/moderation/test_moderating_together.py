"""The pages of the staff while others change much on them at the same time."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Dialog, Page, Route, expect

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from support.desks.meeting import FLOOR, Meeting, S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def lead(page: Page, on: Meeting, query: str = "") -> None:
    await on.enter(page, Role.MODERATOR)
    await page.goto(f"{on.running.address}/moderate/{S}{query}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await expect(page.locator("#Desk")).to_be_visible()


def status(on: Meeting, what: str) -> InterventionStatus:
    each = on.live.state.questions.get(name(what))
    assert each is not None
    return each.status


async def test_a_press_is_not_lost_when_its_question_changes_meanwhile(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a"), ask("b"), by=SOMEBODY)
        await lead(page, on)
        await page.get_by_role("button", name="Approve No. 1", exact=True).hover()
        await page.mouse.down()
        await on.do(do.Flag(intervention=name("a"), flags=("reported",)), by=MODERATOR)
        await on.do(do.SetStatus(interventions=(name("b"),), status=InterventionStatus.LATER), by=MODERATOR)
        await expect(page.locator("#Done")).to_contain_text("Later: No. 2")
        await expect(page.locator("#Checked .question"), "the rows wait for the button to come up").to_have_count(2)
        await page.mouse.up()
        await expect(page.locator("#Queued #q-a")).to_be_visible()
        await expect(page.locator("#Others #q-b")).to_be_visible()


# The test of a question that changes meanwhile loses the same press.
@pytest.mark.slow
async def test_a_press_is_not_lost_when_something_is_told_meanwhile(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Ana Añez") as on:
        await on.sit_down(page)
        await page.locator("#Speakers [data-key=p1]").hover()
        await page.mouse.down()
        await on.do(do.PauseSession())
        await expect(page.get_by_role("button", name="End the break", exact=True)).to_be_visible()
        await page.mouse.up()
        await expect(page.locator("#Speakers [data-key=p1]")).to_have_attribute("aria-pressed", "true")
        assert on.live.state.channels[FLOOR].speaker == "p1"


# A refinement of how lists are renewed.
@pytest.mark.slow
async def test_a_rule_that_is_being_chosen_stays_chosen(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on)
        await page.get_by_label("Most wanted first").check()
        await on.do(ask("a"), by=SOMEBODY)
        await expect(page.locator("#Checked #q-a")).to_be_visible()
        await expect(page.get_by_label("Most wanted first")).to_be_checked()
        await page.get_by_role("button", name="Use this rule").click()
        await expect(page.locator("#Done")).to_contain_text("Undo")
        assert on.live.state.questions.order == "support"


# A refinement of keys and search, each in `test_moderating.py`.
@pytest.mark.slow
async def test_keys_act_on_nothing_that_the_search_hides(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a", "Who pays?"), ask("b", "When?"), by=SOMEBODY)
        await lead(page, on)
        await expect(page.locator("#q-b")).to_be_visible()
        await page.keyboard.press("n")
        await expect(page.locator("#q-a")).to_be_focused()
        await page.locator("#Sift [name=text]").fill("when")
        await expect(page.locator(".panels .question")).to_have_count(1)
        await page.locator("#Bell").focus()
        await page.keyboard.press("x")
        await page.keyboard.press("a")
        await page.keyboard.press("n")
        await expect(page.locator("#q-b")).to_be_focused()
        await page.keyboard.press("x")
        await expect(page.locator("#DeclineWhich"), "and a sheet says what it is about").to_have_text("No. 2 When?")
        assert status(on, "a") is InterventionStatus.CHECKED


# Keys that undo are in `test_staff_tools.py`; whose act it is, in the unit tests of undoing.
@pytest.mark.slow
async def test_a_key_undoes_the_last_act_of_ones_own(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a"), ask("b"), by=SOMEBODY)
        await lead(page, on)
        await page.get_by_role("button", name="Approve No. 1", exact=True).click()
        await expect(page.locator("#Queued #q-a")).to_be_visible()
        await on.do(do.SetStatus(interventions=(name("b"),), status=InterventionStatus.LATER), by=MODERATOR)
        await expect(page.locator("#Done li").first).to_contain_text("Later: No. 2")
        await page.locator("#q-a").focus()
        await page.keyboard.press("u")
        await expect(page.locator("#Checked #q-a")).to_be_visible()
        assert status(on, "b") is InterventionStatus.LATER
        await page.keyboard.press("u")
        await expect(page.locator("#Checked #q-b"), "then those of others").to_be_visible()


# Several at once are in `test_moderating.py`.
@pytest.mark.slow
async def test_several_are_answered_at_once(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a"), ask("b"), ask("c"), by=SOMEBODY)
        await on.do(do.SetStatus(interventions=tuple(map(name, "abc")), status=InterventionStatus.QUEUED), by=MODERATOR)
        await lead(page, on)
        for n in (1, 3):
            await page.get_by_role("checkbox", name=f"Pick no. {n}", exact=True).check()
        await page.locator("#Several").get_by_role("button", name="Answered", exact=True).click()
        await expect(page.locator("#Answered .question")).to_have_count(2)
        assert [status(on, each) for each in "abc"] == [
            InterventionStatus.ANSWERED,
            InterventionStatus.QUEUED,
            InterventionStatus.ANSWERED,
        ]


PRESSED = "([key, code]) => dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true }))"


async def test_keys_work_on_keyboards_without_latin_letters(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a"), ask("b"), ask("c"), by=SOMEBODY)
        await lead(page, on)
        for question, key, code in (("a", "ф", "KeyA"), ("b", "ش", "KeyA"), ("c", "a", "KeyQ")):
            await page.locator(f"#q-{question}").focus()
            await page.evaluate(PRESSED, [key, code])
            await expect(page.locator(f"#Queued #q-{question}")).to_be_visible()


# A staff page's line that is away is in `test_frozen_link.py` and `test_moderating.py`.
@pytest.mark.slow
async def test_asked_for_somebody_twice_while_the_link_is_away_it_is_asked_once(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await lead(page, on)
        await page.locator("#Add textarea").fill("And here?")
        await page.locator("#Add button").evaluate("button => { button.click(); button.click(); }")
        await expect(page.locator("#Queued .question")).to_have_count(1)
        await on.do(ask("b"), by=SOMEBODY)
        await expect(page.locator("#Checked #q-b")).to_contain_text("No. 2")


# A matter of the sheet of styles alone.
@pytest.mark.slow
async def test_the_page_is_no_longer_than_the_window(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(*(ask(f"q{n}", f"Question {n}?") for n in range(20)), by=SOMEBODY)
        await page.set_viewport_size({"width": 1366, "height": 768})
        await lead(page, on)
        await expect(page.locator("#Checked .question")).to_have_count(20)
        assert await page.evaluate("document.documentElement.scrollHeight") == 768
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.get_by_role("link", name="In the queue").click()
        await expect(page.locator("#QueuedTitle")).to_be_in_viewport()


SOCKET = """
export const io = () => {
    const ears = {};
    let any = () => {};
    const socket = {
        connected: true,
        joins: 0,
        on: (event, ear) => { ears[event] = ear; },
        onAny: (ear) => { any = ear; },
        timeout: () => ({ emit: (event, wish, done) => {
            socket.joins += 1;
            if (socket.joins === 1) { done(new Error('no answer in time')); return; }
            done(null, { told: 'whole' });
            any('interventions', { told: 'changed' }); // in the same answer to a poll
        } }),
    };
    setTimeout(() => ears.connect());
    return socket;
};
"""
JOINED = """async (root) => {
    const { DeskLink } = await import(`${root}/js/desk/link.js`);
    const told = [];
    return new Promise((done) => {
        const link = new DeskLink('/desk', () => ({}), {
            joined: (answer) => told.push(answer.told),
            told: (event, body) => { told.push(body.told); done(told); },
            stands: () => {},
        });
    });
}"""


async def test_what_is_told_with_the_joining_comes_after_it_and_joining_is_tried_again(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:

        async def stands_in(route: Route) -> None:
            await route.fulfill(content_type="text/javascript", body=SOCKET)

        await page.goto(f"{on.running.address}/s/{S}")
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        await page.route("**/vendor/socket.io.esm.min.js", stands_in)
        assert await page.evaluate(JOINED, sheet.rpartition("/css/")[0]) == ["whole", "changed"]


async def test_two_who_call_within_seconds_know_of_each_other(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.do(ask("a"), ask("b"), by=SOMEBODY)
        await on.do(do.SetStatus(interventions=(name("a"), name("b")), status=InterventionStatus.QUEUED), by=MODERATOR)
        await lead(page, on)
        other = await page.context.new_page()
        await other.goto(f"{on.running.address}/moderate/{S}")
        await expect(other.locator("#q-b")).to_be_visible()
        await page.locator("#q-a").get_by_role("button", name="Call", exact=False).first.click()
        await expect(other.locator("#Called #q-a")).to_be_visible()
        asked: list[str] = []

        async def answer(dialog: Dialog) -> None:
            asked.append(dialog.message)
            await (dialog.accept() if len(asked) > 1 else dialog.dismiss())

        other.on("dialog", answer)
        call = other.locator("#q-b").get_by_role("button", name="Call", exact=False).first
        await call.click()
        await expect(other.locator("#Status")).to_contain_text("does not fit")
        assert status(on, "a") is InterventionStatus.CALLED
        await call.click()
        await expect(page.locator("#Called #q-b")).to_be_visible()
        await expect(page.locator("#Status")).to_contain_text("called no. 2 instead of no. 1")
        assert len(asked) == 2
        assert "called no. 1" in asked[0]
        assert "Call no. 2 instead?" in asked[0]
