"""The page for correcting text, in Chromium: the delay from key or click to picture, and the cost of one wrong word.

    .venv/bin/python bench/captioning.py                     # this checkout
    PYTHONPATH=FOLDER/server:FOLDER/tests .venv/bin/python bench/captioning.py   # another checkout

A meeting of 3,000 lines and 300 questions, in which somebody speaks all the time (three words a second). The delay of a
key or click runs from its event's time stamp until the picture after it has been handed over: the first task after the
next animation frame. The table also shows the browser's own measure (Event Timing, in steps of 8 ms, the base of
"interaction to next paint"). Then a wrong word is corrected again and again while the text goes on, by mouse and by
keys: acts are counted, and time runs from the first act until the corrected line is shown and its edit box is gone. A
person's acts are added to the page's time by the keystroke-level model (Card, Moran, Newell, CACM 23, 1980): 1.1 s for
a pointing, 0.2 s for its click, and 0.12 s for each key (its good typist, since people who caption type).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from playwright.async_api import Browser, Page, async_playwright

from e2e.conftest import QUIET, chromium
from moothall.core.commands import AnyCommand, AttachEngine, CommitWords, EndSegment, SegmentStart
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SegmentId
from support.desks.meeting import FLOOR, Meeting, S, meeting
from support.sessions.questions import SOMEBODY, ask

TEXT = "The fund for the last mile was ment to pay for the lines that nobody can make money with in our county"
WRONG, RIGHT = "ment", "meant"
ENGINE = Actor(Role.ENGINE, "scripted")
AT_ONCE = 25  # lines that one act writes
KEY_S, POINT_S, CLICK_S = 0.12, 1.1, 0.2
WATCH = """
window.acts = [];
window.browser_says = [];
for (const kind of ['keydown', 'click']) {
  addEventListener(kind, ({ timeStamp }) => requestAnimationFrame(() => {
    const after = new MessageChannel();
    after.port1.onmessage = () => window.acts.push(performance.now() - timeStamp);
    after.port2.postMessage(0);
  }), true);
}
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) {
    if (['keydown', 'click'].includes(name)) window.browser_says.push(duration);
  }
}).observe({ type: 'event', durationThreshold: 16 });
"""


def line(n: int, generation: int, t: int) -> tuple[AnyCommand, AnyCommand]:
    """Return the commands for the engine's nth line, three words a second, from media time `t` on."""
    parts = [("" if i == 0 else " ") + word for i, word in enumerate(f"{TEXT} ({n}).".split())]
    sure = [0.3 if part.strip() == WRONG else 0.9 for part in parts]
    words = tuple(
        Word(part, t + 333 * i, t + 333 * (i + 1), p) for i, (part, p) in enumerate(zip(parts, sure, strict=True))
    )
    name = SegmentId(f"l{n}")
    start = SegmentStart(t0=t, language="en")
    return (
        CommitWords(channel=FLOOR, generation=generation, segment=name, first=0, words=words, start=start),
        EndSegment(channel=FLOOR, generation=generation, segment=name, t1=words[-1].t1, reason=EndReason.SENTENCE),
    )


async def written(on: Meeting, lines: int) -> None:
    await on.do(AttachEngine(channel=FLOOR, model="scripted"))
    generation = on.live.state.channels[FLOOR].generation
    for first in range(0, lines, AT_ONCE):
        many: list[AnyCommand] = []
        for n in range(first, min(first + AT_ONCE, lines)):
            many.extend(line(n, generation, 8_000 * n))
        await on.do(*many, by=ENGINE)


async def speaking(on: Meeting, lines: int) -> None:
    """Say three words a second, with a line's end after every twenty words or so, until cancelled."""
    generation, n = on.live.state.channels[FLOOR].generation, lines
    while True:
        commit, end = line(n, generation, 8_000 * n)
        assert isinstance(commit, CommitWords)
        for i, word in enumerate(commit.words):
            start = commit.start if i == 0 else None
            said = CommitWords(
                channel=FLOOR, generation=generation, segment=commit.segment, first=i, words=(word,), start=start
            )
            await on.do(said, by=ENGINE)
            await asyncio.sleep(1 / 3)
        await on.do(end, by=ENGINE)
        n += 1


@asynccontextmanager
async def desk(browser: Browser, given: argparse.Namespace) -> AsyncIterator[tuple[Meeting, Page]]:
    with tempfile.TemporaryDirectory() as folder:
        async with meeting(Path(folder), "Amina Diallo", "Li Wei") as on:
            await written(on, given.lines)
            for n in range(given.questions):
                await on.do(ask(f"q{n}", f"Who pays for the last mile, and when ({n})?"), by=SOMEBODY)
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.add_init_script(WATCH)
            began = time.perf_counter()
            await on.sit_down(page, Role.TECHNICIAN)
            await page.locator("#Lines .line").last.wait_for()
            print(f"the page with {given.lines} lines stands after {time.perf_counter() - began:.1f} s")
            async with asyncio.TaskGroup() as group:
                talk = group.create_task(speaking(on, given.lines))
                yield on, page
                talk.cancel()
            await page.close()


def told(what: str, ms: list[float]) -> str:
    ms = sorted(ms)
    p50, p95 = ms[len(ms) // 2], ms[min(len(ms) - 1, int(len(ms) * 0.95))]
    return f"{what:34} {len(ms):4} {p50:7.0f} {p95:7.0f} {ms[-1]:7.0f}"


async def taken(page: Page, what: str, every: list[float]) -> None:
    await asyncio.sleep(0.2)
    found = await page.evaluate("window.acts.splice(0)")
    every += found
    print(told(what, found))


async def acts(page: Page, times: int) -> None:
    """Measure and print the ms from each key and click to the next picture."""
    every: list[float] = []
    print(f"{'ms':34} {'n':>4} {'p50':>7} {'p95':>7} {'max':>7}")
    await page.locator("#Write textarea").click()
    await page.keyboard.type("who captions writes along with what is said ", delay=60)
    await taken(page, "a letter in Write a line", every)
    await page.keyboard.press("Escape")
    await page.evaluate("window.acts = []")
    for _ in range(times):
        await page.keyboard.press("e")
        await page.keyboard.press("Escape")
        await asyncio.sleep(0.05)
    await taken(page, "e, Escape", every)
    await page.keyboard.press("e")
    await page.keyboard.type(" and so on and so forth", delay=60)
    await page.keyboard.press("Escape")
    await taken(page, "a letter in a line's box", every)
    for _ in range(times):
        await page.locator("#Lines [data-does=pick]").nth(-3).click()
        await asyncio.sleep(0.03)
    await taken(page, "a line is picked", every)
    if await page.locator("#Unpick").is_visible():
        await page.locator("#Unpick").click()
    row = "" if await page.locator("#Lines .line[tabindex]").count() else " [data-does=pick]"
    await page.locator(f"#Lines .line{row}").last.focus()
    await page.evaluate("window.acts = []")
    for n in range(times):
        await page.keyboard.press("ArrowUp" if n % 20 < 10 else "ArrowDown")
        await asyncio.sleep(0.03)
    await taken(page, "an arrow goes to the next line", every)
    await page.locator("#Log").focus()
    await page.evaluate("window.acts = []")
    for n in range(times):
        await page.keyboard.press("1" if n % 2 else "2")
        await asyncio.sleep(0.1)
    await taken(page, "a speaker's key", every)
    print(told("all", every))
    says = await page.evaluate("window.browser_says")
    slow = sum(each > 100 for each in says)
    print(f"the browser: {len(says)} acts of 16 ms or more, {slow} over 100 ms, slowest {max(says, default=0):.0f} ms")


async def point_at(page: Page, line: str) -> tuple[float, float]:
    """Return the position of a line's wrong word in the window."""
    x, y = await page.evaluate(
        """(line) => {
            const doubt = document.querySelector(`#${line} > .text .doubt`);
            const { x, y, width, height } = doubt.getBoundingClientRect();
            return [x + width / 2, y + height / 2];
        }""",
        line,
    )
    return float(x), float(y)


async def wrong(page: Page, back: int) -> str:
    """Return the id of the nth line from the end, in view, that still has its wrong word."""
    await page.keyboard.press("n")
    row = page.locator("#Lines .line", has=page.locator(".doubt")).nth(-back)
    await row.scroll_into_view_if_needed()
    return str(await row.get_attribute("id"))


async def corrected(page: Page, line: str) -> None:
    await page.wait_for_function(
        "([line, right]) => !document.querySelector('.editor')"
        " && document.querySelector(`#${line} > .text`)?.textContent.includes(` ${right} `)",
        arg=[line, RIGHT],
    )


async def by_line(page: Page, times: int) -> None:
    """Measure the same in a checkout whose page opens whole lines, with the cursor at the end of the line's box.

    By mouse: *Correct* at the line, a double click on the word. By keys: `e`, which opens the newest finished line, and
    the keys of the browser for going to a word and marking it. The double click is a selection by script, since the
    place of a word in a box can't be asked for; a person's pointing and clicks are added.
    """
    took: dict[str, list[float]] = {"by mouse": [], "by keys": []}
    marks = """([wrong]) => {
        const box = document.querySelector('.editor textarea');
        const at = box.value.indexOf(` ${wrong} `) + 1;
        box.setSelectionRange(at, at + wrong.length);
    }"""
    pressed = 0
    for n in range(times):
        last = page.locator("#Lines .line", has=page.locator(".doubt")).last
        await last.scroll_into_view_if_needed()
        line = str(await last.get_attribute("id"))
        began = time.perf_counter()
        typed = RIGHT
        if n % 2 == 0:
            await last.locator("[data-does=mend]").click()
            await page.evaluate(marks, [WRONG])
        else:
            await page.locator("#Lines > .line:last-child .doubt").wait_for()  # `e` opens this line
            await page.locator("#Log").focus()
            began = time.perf_counter()
            await page.keyboard.press("e")
            line = str(await page.evaluate("document.activeElement.closest('.line')?.id"))
            await page.keyboard.press("Control+Home")
            before = TEXT.split().index(WRONG)
            for _ in range(before):
                await page.keyboard.press("Control+ArrowRight")
            await page.keyboard.press("Control+Shift+ArrowRight")
            marked = str(await page.evaluate("getSelection().toString()"))
            assert marked.strip() == WRONG, marked
            typed = marked.replace(WRONG, RIGHT)
            pressed = 1 + 2 + before + 2 + len(typed) + 1  # Control is held down from the second press to the marking
        await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
        await corrected(page, line)
        took["by keys" if n % 2 else "by mouse"].append(1000 * (time.perf_counter() - began))
    mouse = 2 * POINT_S + 3 * CLICK_S + (len(RIGHT) + 1) * KEY_S
    acts = {
        "by mouse": (f"Correct, a double click, {len(RIGHT)} letters, Enter", mouse),
        "by keys": (f"{pressed} keys, in the newest line", pressed * KEY_S),
    }
    _told(took, acts)


async def words(page: Page, times: int) -> None:
    """Measure what correcting one wrong word takes, by mouse and by keys."""
    took: dict[str, list[float]] = {"by mouse": [], "by keys": []}
    for n in range(times):
        line = await wrong(page, 2)
        began = time.perf_counter()
        if n % 2 == 0:
            await page.mouse.click(*await point_at(page, line))
        else:
            await page.keyboard.press("d")
            line = str(await page.evaluate("document.activeElement.closest('.line')?.id"))
        await page.keyboard.type(RIGHT)
        await page.keyboard.press("Enter")
        await corrected(page, line)
        took["by keys" if n % 2 else "by mouse"].append(1000 * (time.perf_counter() - began))
    letters = len(RIGHT) * KEY_S
    acts = {
        "by mouse": (f"a click, {len(RIGHT)} letters, Enter", POINT_S + CLICK_S + letters + KEY_S),
        "by keys": (f"d, {len(RIGHT)} letters, Enter", KEY_S + letters + KEY_S),
    }
    _told(took, acts)


def _told(took: dict[str, list[float]], acts: dict[str, tuple[str, float]]) -> None:
    for how, ms in took.items():
        what, person = acts[how]
        print(told(f"a wrong word, {how}", ms))
        print(f"  {what}: {person:.1f} s of a person, {person + sorted(ms)[len(ms) // 2] / 1000:.1f} s in all")


async def run(given: argparse.Namespace) -> None:
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        print(f"load {os.getloadavg()[0]:.1f}, {given.lines} lines, {given.questions} questions, {S}:")
        async with desk(browser, given) as (_, page):
            if not given.by_line:
                await acts(page, given.times)
            if not given.keys_only:
                await (by_line if given.by_line else words)(page, given.times)
        await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=3_000)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--times", type=int, default=30, help="each act is done so often")
    parser.add_argument("--keys-only", action="store_true", help="of a checkout in which no word can be chosen")
    parser.add_argument("--by-line", action="store_true", help="of such a checkout: the wrong word alone")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
