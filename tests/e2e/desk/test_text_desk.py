"""The desk of people who correct and type the text: by word, by key, in all lines, abbreviated,
seen while it is typed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import SegmentId
from support.desks.meeting import FLOOR, Meeting, S, meeting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ENGINE = Actor(Role.ENGINE, "scripted")
MARKED = (
    "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))(document.activeElement)"
)
CHOSEN = "getSelection().toString()"


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def point_at(page: Page, text: Locator, word: str) -> None:
    """Click in the middle of a word of a line."""
    x, y = await text.evaluate(
        """(text, word) => {
            const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
            while (nodes.nextNode()) {
                const at = nodes.currentNode.nodeValue.indexOf(word);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(nodes.currentNode, at);
                range.setEnd(nodes.currentNode, at + word.length);
                const { x, y, width, height } = range.getBoundingClientRect();
                return [x + width / 2, y + height / 2];
            }
            return [0, 0];
        }""",
        word,
    )
    await page.mouse.click(x, y)


async def unsure(on: Meeting, line: str, *words: tuple[str, float]) -> None:
    """A finished line of the engine, with how sure it was of each word."""
    if not on.live.state.channels[FLOOR].generation:
        await on.do(do.AttachEngine(channel=FLOOR, model="scripted"))
    channel = on.live.state.channels[FLOOR]
    t = channel.committed_through
    said = tuple(
        Word((" " if n else "") + text, t + 100 * n, t + 100 * n + 100, p) for n, (text, p) in enumerate(words)
    )
    name, start = SegmentId(line), do.SegmentStart(t0=t, language="en")
    commits = do.CommitWords(
        channel=FLOOR, generation=channel.generation, segment=name, first=0, words=said, start=start
    )
    ends = do.EndSegment(
        channel=FLOOR, generation=channel.generation, segment=name, t1=said[-1].t1, reason=EndReason.SENTENCE
    )
    await on.do(commits, ends, by=ENGINE)


async def test_a_click_on_a_word_marks_it_in_the_lines_box_and_typing_replaces_it(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "The fund was ment for that.")
        await on.say("s2", "Nobody has seen a report.")
        await on.sit_down(page, Role.CAPTIONER)
        await point_at(page, page.locator("#s1 > .text"), "ment")
        await expect(page.locator(".editor textarea")).to_be_focused()
        assert await page.evaluate(MARKED) == "ment"
        await page.keyboard.type("meant")
        await press(page, "Enter")
        await expect(page.locator("#s1 > .text")).to_have_text("The fund was meant for that.")
        await expect(page.locator("#s1")).to_be_focused()
        await point_at(page, page.locator("#s2 > .text"), "report")
        await page.keyboard.type("rapport")
        await press(page, "Escape")
        await expect(page.locator("#s2 > .text")).to_have_text("Nobody has seen a report.")
        assert on.text("s2") == "Nobody has seen a report."
        await on.sit_down(page, Role.CHAIR, "?role=chair")
        await point_at(page, page.locator("#s2 > .text"), "report")
        await expect(page.locator(".editor")).to_have_count(0)


async def test_a_better_text_leaves_the_word_marked_and_doubtful(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.sit_down(page, Role.CAPTIONER)
        await unsure(on, "s1", ("The", 0.9), ("fund", 0.9), ("was", 0.9), ("ment", 0.3), ("for", 0.9), ("that.", 0.9))
        await expect(page.locator("#s1 > .text .doubt")).to_have_text("ment")
        await point_at(page, page.locator("#s1 > .text"), "ment")
        area = page.locator(".editor textarea")
        await expect(area).to_be_focused()
        better = "The whole fund was ment for that."
        name = SegmentId("s1")
        await on.do(
            do.CorrectSegment(channel=FLOOR, segment=name, base_revision=0, base_words=6, text=better), by=ENGINE
        )
        await expect(area).to_have_value(better)
        assert await page.evaluate(MARKED) == "ment"
        await press(page, "Escape")
        await expect(page.locator("#s1 > .text")).to_have_text(better)
        await expect(page.locator("#s1 > .text .doubt")).to_have_text("ment")


async def test_keys_go_from_line_to_line_and_from_word_to_word(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        for n in range(1, 4):
            await on.say(f"s{n}", f"This is the line number {n}.")
        await unsure(on, "s4", ("The", 0.9), ("sores", 0.3), ("of", 0.9), ("the", 0.9), ("Nial", 0.2))
        await on.sit_down(page, Role.CAPTIONER)
        await expect(page.locator("#Lines .line[tabindex='0']")).to_have_count(1)
        await press(page, "ArrowUp", "ArrowUp")
        await expect(page.locator("#s3")).to_be_focused()
        await press(page, "ArrowRight", "ArrowRight")
        assert await page.evaluate(CHOSEN) == "is"
        await on.say("s5", "What comes meanwhile changes nothing of that.")
        await expect(page.locator("#s5")).to_have_count(1)
        assert await page.evaluate(CHOSEN) == "is"
        await page.keyboard.type("e was")  # no single keys now: `e` and `w` are letters
        await expect(page.locator(".editor textarea")).to_have_value("This e was the line number 3.")
        await press(page, "Enter")
        await expect(page.locator("#s3 > .text")).to_have_text("This e was the line number 3.")
        await press(page, "d")
        await expect(page.locator("#s4")).to_be_focused()
        assert await page.evaluate(CHOSEN) == "sores"
        await press(page, "Shift+ArrowRight")
        assert await page.evaluate(CHOSEN) == "Nial"
        await page.keyboard.type("Nile")
        await press(page, "Enter")
        await expect(page.locator("#s4 > .text")).to_have_text("The sores of the Nile")
        await press(page, "ArrowUp", "ArrowUp", "e")
        await expect(page.locator("#s2 textarea")).to_be_focused()
        await press(page, "Escape", "Shift+ArrowUp")
        await expect(page.locator("#Picked")).to_have_text("2 lines picked")
        await press(page, "n")
        await expect(page.locator("#s5")).to_be_focused()
        await press(page, "Escape", "e")
        await expect(page.locator("#s5 textarea"), "the newest, where none has the focus").to_be_focused()


async def test_a_word_is_replaced_in_all_lines_by_one_act_and_none_that_somebody_corrects(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        for n, text in enumerate(("Kisumo speaks.", "Who asks Kisumo?", "The Kisumoans.", "I am from Kisumo."), 1):
            await on.say(f"s{n}", text)
        await on.sit_down(page, Role.CAPTIONER)
        other = await elsewhere.new_page()
        await on.sit_down(other, Role.TECHNICIAN)
        await other.locator("#s4 .mend").click()
        await expect(page.locator("#s4 .claimed")).to_contain_text("is correcting this line")
        await page.bring_to_front()
        await point_at(page, page.locator("#s1 > .text"), "Kisumo")
        await page.keyboard.type("Kisumu")
        await page.locator(".editor").get_by_role("button", name="Replace in all lines").click()
        await expect(page.locator("#ReplaceMany")).to_have_text(
            "2 lines would change · Left out, since somebody is correcting them: 1."
        )
        await expect(page.locator("#ReplaceLines li")).to_have_text(
            [re.compile("Kisumu speaks"), re.compile("Who asks Kisumu")]
        )
        await press(page, "Enter")
        await expect(page.locator("#Status")).to_have_text("2 lines corrected")
        await expect(page.locator("#Lines .text")).to_have_text(
            ["Kisumu speaks.", "Who asks Kisumu?", "The Kisumoans.", "I am from Kisumo."]
        )
        await expect(page.locator("#UndoWhat")).to_have_text("2 lines corrected")
        await page.locator("#UndoLast").click()
        await expect(page.locator("#s1 > .text")).to_have_text("Kisumo speaks.")
        assert [on.text(f"s{n}") for n in (1, 2)] == ["Kisumo speaks.", "Who asks Kisumo?"]
        await other.bring_to_front()
        await other.keyboard.press("Escape")
        await expect(page.locator(".claimed")).to_have_count(0)


async def test_abbreviations_are_written_out_and_stay_with_the_link(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await on.say("s1", "Good morning.")
        await on.sit_down(page, Role.CAPTIONER)
        await page.locator("#Abbreviations > summary").click()
        await page.get_by_label("Short form", exact=True).fill("tt")
        await page.get_by_label("Written out", exact=True).fill("transparency and accountability")
        await press(page, "Enter")
        await page.get_by_text("Paste a list").click()
        await page.locator("#PasteShort textarea").fill("igf\tInternet Governance Forum\nno tab\n")
        await page.get_by_role("button", name="Take them over").click()
        await expect(page.locator("#ShortSaid")).to_contain_text("Not taken over, rows 2:")
        await expect(page.locator("#Shorts li")).to_have_count(2)
        await expect(page.locator("#Shorts")).to_have_attribute("data-kept", "")
        await page.evaluate("localStorage.clear()")  # as on another computer
        await page.reload()
        await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
        await page.keyboard.press("w")
        await page.keyboard.type("Tt at the igf")
        await press(page, "Enter")
        await expect(page.locator("#Lines .text").last).to_have_text(
            "Transparency and accountability at the Internet Governance Forum"
        )
        await page.keyboard.type("tt ")
        await expect(page.locator("#Write textarea")).to_have_value("transparency and accountability ")
        await press(page, "Backspace")
        await expect(page.locator("#Write textarea")).to_have_value("tt ")
        await press(page, "Escape", "e")
        await expect(page.locator(".editor textarea")).to_be_focused()
        await page.keyboard.type(" tt.")
        await press(page, "Enter")
        await expect(page.locator("#Lines .text").last).to_contain_text("Forum transparency and accountability.")


async def test_readers_see_a_line_as_it_is_typed_and_nothing_of_it_in_a_break_or_unrecorded(
    page: Page, context: BrowserContext, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        reader = await context.new_page()
        await reader.goto(f"{on.running.address}/s/{S}")
        await reader.evaluate(
            """() => {
                const growing = document.getElementById('Growing');
                window.seen = [];
                const watch = new MutationObserver(() => window.seen.push(growing.textContent));
                watch.observe(growing, { childList: true, subtree: true, characterData: true });
            }"""
        )
        await on.sit_down(page, Role.CAPTIONER)
        growing, field = reader.locator("#Growing"), page.locator("#Write textarea")
        await field.click()
        await page.keyboard.type("Not shown")
        await page.locator("#AsTyped").check()
        await expect(growing).to_contain_text("Not shown")
        await field.fill("We begin with")
        await expect(growing).to_contain_text("We begin with")
        assert not list(on.live.state.segments.items())
        await on.do(do.BeginNotRecorded(), by=SYSTEM)
        await expect(growing).not_to_contain_text("We begin")
        await field.fill("We begin with a secret")
        await on.do(do.EndNotRecorded(), by=SYSTEM)
        await on.do(do.PauseSession(), by=SYSTEM)
        await field.fill("We begin with another secret")
        await on.do(do.ResumeSession(), by=SYSTEM)
        await expect(page.locator("#State")).not_to_have_attribute("data-kind", "break")
        await field.press_sequentially(" of mine")
        await field.fill("")
        await field.fill("We begin with a song")
        await expect(growing).to_contain_text("We begin with a song")
        assert not [text for text in await reader.evaluate("window.seen") if "secret" in text]
        await field.press("Enter")
        await expect(reader.locator("#Lines .text")).to_have_text("We begin with a song")
        await expect(growing).not_to_contain_text("We begin")
        await field.fill("Never sent")
        await expect(growing).to_contain_text("Never sent")
        await page.goto("about:blank")
        await expect(growing).not_to_contain_text("Never sent")
        assert [line.whole for _, line in on.live.state.segments.items()] == ["We begin with a song"]


async def test_older_lines_come_when_somebody_goes_back_and_what_is_read_stays_in_place(
    page: Page, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on:
        for n in range(1, 181):
            await on.say(f"s{n}", f"Line {n}.")
        await on.sit_down(page, Role.CAPTIONER)
        await expect(page.locator("#Lines .line")).to_have_count(120)
        await page.locator("#Log").evaluate("log => { log.scrollTop = 0 }")
        await expect(page.locator("#Lines .line")).to_have_count(180)
        await expect(page.locator("#s61")).to_be_in_viewport()
        before = await page.locator("#s61").bounding_box()
        await on.say("s181", "Line 181.")
        await expect(page.locator("#s181")).to_have_count(1)
        assert await page.locator("#s61").bounding_box() == before
        await page.locator("#Newest").click()
        await expect(page.locator("#s181")).to_be_focused()
        await expect(page.locator("#Newest")).to_be_hidden()
        await expect(page.locator("#Lines .line")).to_have_count(120)


async def test_on_a_phone_the_field_is_above_the_foot_whatever_stands_there(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, "Amina", languages=("en", "fr")) as on:
        for n in range(12):
            await on.say(f"s{n}", "Nobody here has seen a report on it since 2023.")
        await page.set_viewport_size({"width": 390, "height": 700})
        await on.sit_down(page, query="?ui=en")
        for told in ("", "A long message that takes two rows of the foot at least on a phone as narrow as this one."):
            await page.evaluate("told => { document.getElementById('Status').textContent = told; }", told)
            await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            field, foot = [await page.locator(each).bounding_box() for each in ("#Write", ".foot")]
            assert field is not None
            assert foot is not None
            assert 0 < field["y"] < field["y"] + field["height"] <= foot["y"] + 1
            newest = await page.locator("#s11 .text").bounding_box()
            assert newest is not None
            assert newest["y"] + newest["height"] <= field["y"], "nothing lies on the newest line"
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.evaluate("() => { document.getElementById('Status').textContent = ''; }")
        await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        log = await page.locator("#Log").bounding_box()
        assert log is not None
        assert log["height"] >= 0.5 * 844, "the text has half of the window"
