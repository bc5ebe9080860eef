"""Names and terms at the page of a meeting: added, removed, undone, proposed; by keyboard, and from right to left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.core.commands import AddChannel, ChooseTerm, CorrectSegment
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.browser.node import module
from support.desks.meeting import FLOOR, Meeting, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CAPTIONER = Actor(Role.CAPTIONER, "c1")


def chosen(on: Meeting) -> dict[str, bool]:
    return {term.term: term.wanted for term in on.live.state.terms.values()}


async def mend(on: Meeting, segment: str, text: str) -> None:
    line = on.live.state.segments.get(SegmentId(segment))
    assert line is not None
    fix = CorrectSegment(
        channel=FLOOR, segment=line.id, base_revision=line.revision, base_words=len(line.words), text=text
    )
    await on.do(fix, by=CAPTIONER)


async def test_a_term_is_added_taken_away_and_both_are_undone(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Ms. Amina Diallo (AfriNIC)", languages=("en", "pt")) as on:
        await on.sit_down(page, Role.CAPTIONER)
        terms = page.locator("#Terms")
        await terms.get_by_label("Add a name or term").fill("Moothall")
        await terms.get_by_label("Language").select_option(label="English")
        await terms.get_by_label("Add a name or term").press("Enter")
        summary = terms.locator("#TermList > summary")
        await expect(summary).to_have_text("All of them: 3")
        await expect(terms.get_by_label("Add a name or term")).to_have_value("")
        assert chosen(on) == {"Moothall": True}
        await summary.click()
        await expect(terms.locator("li")).to_have_text(
            ["Moothall Added here · English Take away"]
            + [f"{name} Of a speaker Take away" for name in ("Amina Diallo", "AfriNIC")]
        )
        await terms.get_by_role("button", name="Take away: AfriNIC").focus()
        await page.keyboard.press("Enter")
        await expect(terms.locator("#TermsAway li")).to_have_text("AfriNIC Prefer again")
        await expect(terms.get_by_label("Add a name or term")).to_be_focused()  # its row is gone
        assert chosen(on) == {"Moothall": True, "AfriNIC": False}
        await page.get_by_role("button", name="Undo: Taken away").click()
        await expect(terms.locator("#TermsAway")).to_be_hidden()
        await page.get_by_role("button", name="Undo: Preferred").click()
        await expect(summary).to_have_text("All of them: 2")
        assert chosen(on) == {}


# What is no term is in the unit tests of the rules; each form of a desk keeps what was refused.
@pytest.mark.slow
async def test_what_is_no_term_is_said_and_kept_to_be_mended(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.sit_down(page)
        field = page.get_by_label("Add a name or term")
        await field.fill("Smith, John")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Status")).to_have_text("That can't be done so")
        await expect(field).to_have_value("Smith, John")
        await expect(page.locator("#TermIn")).to_be_hidden()  # one language alone is spoken


async def test_what_was_corrected_twice_is_proposed_and_taken_or_left(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        for n, (stood, written) in enumerate(
            [
                ("moot hall", "Moothall"),
                ("moot hall", "Moothall"),
                ("a free nick", "AfriNIC"),
                ("a free nick", "AfriNIC"),
            ]
        ):
            await on.say(f"s{n}", f"Here is {stood} again.")
            await mend(on, f"s{n}", f"Here is {written} again.")
        await on.sit_down(page)
        proposed = page.locator("#TermsTwice")
        await expect(proposed.locator("li > p:first-child")).to_have_text(
            ["Corrected twice: AfriNIC", "Corrected twice: Moothall"]
        )
        await expect(page.locator("#Status")).to_have_text("Corrected twice: \u2068Moothall\u2069")
        await proposed.get_by_role("button", name="Prefer it: Moothall").click()
        await expect(proposed.locator("li")).to_have_count(1)
        await proposed.get_by_role("button", name="Leave it: AfriNIC").click()
        await expect(proposed).to_be_hidden()
        assert chosen(on) == {"Moothall": True, "AfriNIC": False}
        chair = await elsewhere.new_page()  # may choose none, and is not shown any
        await on.sit_down(chair, Role.CHAIR)
        await expect(chair.locator("#Terms")).to_be_hidden()


async def test_names_stand_their_own_way_round_on_a_page_from_right_to_left(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "أمينة ديالو") as on:
        await on.sit_down(page, query="?ui=ar")
        terms = page.locator("#Terms")
        await terms.locator("input").fill("AfriNIC")
        await page.keyboard.press("Enter")
        await expect(terms.locator("#TermList > summary")).to_have_text("كلها: 2")
        await terms.locator("#TermList > summary").click()
        name, button = terms.locator("li").first.locator("bdi"), terms.locator("li").first.get_by_role("button")
        boxes = await name.bounding_box(), await button.bounding_box()
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[0]["x"] > boxes[1]["x"]
        await expect(button).to_have_attribute("aria-label", "أزِله: AfriNIC")


async def test_how_a_term_stands_in_translations_is_said_by_keyboard(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina Diallo", languages=("en", "pt")) as on:
        await on.sit_down(page, Role.CAPTIONER)
        terms = page.locator("#Terms")
        await terms.locator("#TermList > summary").click()
        await expect(terms.locator("li details")).to_have_count(0)  # nothing is translated
        for tag in ("es", "pt", "ru"):
            await on.do(AddChannel(channel=ChannelId(tag.lower()), kind=ChannelKind.TRANSLATION, languages=(tag,)))
        abroad = terms.locator("li details")
        await expect(abroad).to_have_count(1)
        await abroad.locator("summary").focus()
        await page.keyboard.press("Enter")
        form = terms.get_by_role("form", name="In other languages: Amina Diallo")
        await page.keyboard.press("Tab")
        await expect(form.get_by_label("Not translated")).to_be_focused()
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await expect(form.get_by_label("Spanish")).to_be_focused()
        await page.keyboard.type("Amina Dialló")
        await on.introduce("Amina Diallo", "Bo Ek")  # what else happens leaves a row that is written in alone
        await expect(terms.locator("li details")).to_have_count(2)
        await expect(form.get_by_label("Spanish")).to_be_focused()
        await page.keyboard.type(" ")
        await page.keyboard.press("Enter")
        await expect(page.locator("#Status")).to_have_text("In other languages: \u2068Amina Diallo\u2069")
        chosen = on.live.state.terms["amina diallo"]
        assert (chosen.wanted, chosen.keep, chosen.written) == (True, True, {"es": "Amina Dialló"})
        await expect(form.get_by_label("Spanish")).to_be_focused()
        await expect(form.get_by_label("Spanish")).to_have_value("Amina Dialló")
        await expect(form.get_by_label("Not translated")).to_be_checked()
        hint = "Its forms can follow behind semicolons: Asamblea General; article la"
        await expect(form.locator(".hint")).to_have_text(hint)
        russian = form.get_by_label("Russian")
        await russian.fill("Женева; gn Женевы")
        await russian.press("Enter")
        assert await russian.evaluate(
            "field => field.validationMessage.startsWith('Behind a semicolon stands one of gen,')"
        )
        assert on.live.state.terms["amina diallo"].written == {"es": "Amina Dialló"}
        await russian.fill("Женева; gen Женевы;prep  Женеве; ")
        await russian.press("Enter")
        await expect(russian).to_have_value("Женева; gen Женевы; prep Женеве")
        chosen = on.live.state.terms["amina diallo"]
        assert chosen.written == {"es": "Amina Dialló", "ru": "Женева"}
        assert chosen.forms == {"ru": {"gen": "Женевы", "prep": "Женеве"}}
        await page.evaluate(module("axe-core/axe.min.js").read_text(encoding="utf-8"))
        found = await page.evaluate("axe.run('#Terms').then(({violations}) => violations.map(({id}) => id))")
        assert found == []
        await page.get_by_role("button", name="Undo: In other languages").first.click()
        await expect(russian).to_have_value("")
        await expect(form.get_by_label("Spanish")).to_have_value("Amina Dialló")
        await page.get_by_role("button", name="Undo: In other languages").click()
        await expect(form.get_by_label("Spanish")).to_have_value("")
        assert on.live.state.terms == {}


# A refinement of the test above.
@pytest.mark.slow
async def test_a_language_is_not_asked_for_in_which_the_term_is_said(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, languages=("en", "pt")) as on:
        for tag in ("es", "pt-BR"):
            await on.do(AddChannel(channel=ChannelId(tag.lower()), kind=ChannelKind.TRANSLATION, languages=(tag,)))
        await on.do(ChooseTerm(term="Pacto Digital", wanted=True, language="pt", written={"fr": "Pacte"}), by=CAPTIONER)
        await on.sit_down(page, Role.CAPTIONER, query="?ui=ar")
        await page.locator("#TermList > summary").click()
        form = page.locator("#Terms li form")
        await page.locator("#Terms li summary").click()
        await expect(form.locator("input[type=text]")).to_have_count(1)
        field = form.locator("input[type=text]")
        await expect(field).to_have_attribute("lang", "es")
        await field.fill("x" * 700)
        await expect(field).to_have_value("x" * 600)
        await field.fill("Pacto")
        await form.get_by_role("button").click()
        await expect(page.locator("#Status")).to_contain_text("Pacto Digital")
        assert on.live.state.terms["pacto digital"].written == {"es": "Pacto", "fr": "Pacte"}
