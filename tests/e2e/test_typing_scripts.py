"""Where the author's page ends a line of what is typed in a turn; the script is pure."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from stage import stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CASES: list[tuple[str, list[str], str]] = [
    ("I wonder", [], "I wonder"),
    ("I wonder.", [], "I wonder."),
    ("I wonder. ", ["I wonder."], ""),
    ("One. Two! Three? Fo", ["One.", "Two!", "Three?"], "Fo"),
    ("He said “no.” And ", ["He said “no.”"], "And "),
    ("It costs 3.5 or ", [], "It costs 3.5 or "),
    ("As J. S. Mill wrote. ", ["As J. S. Mill wrote."], ""),
    ("one\ntwo", ["one"], "two"),
    ("为什么\uff1f我想", ["为什么\uff1f"], "我想"),
    ("لماذا؟ ثم", ["لماذا؟"], "ثم"),
    ("क्यों। फिर", ["क्यों।"], "फिर"),
    (" \n . ", ["."], ""),
    ("word " * 70, [" ".join(["word"] * 60)], "word " * 10),
    ("w" * 310, ["w" * 300], "w" * 10),
]


async def test_sentences_end_lines(page: Page) -> None:
    async with stage() as on:
        await page.goto(on.address)
        sheet = await page.locator("link[rel=stylesheet]").first.get_attribute("href")
        assert sheet is not None
        module = sheet.rpartition("/css/")[0] + "/js/questions/sentences.js"
        script = "async (v) => { const m = await import(v.module); return v.texts.map((t) => m.sentences(t)); }"
        made = await page.evaluate(script, {"module": module, "texts": [text for text, _, _ in CASES]})
        assert made == [{"done": done, "rest": rest} for _, done, rest in CASES]
