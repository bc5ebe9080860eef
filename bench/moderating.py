"""The page of questions in Chromium: rows in view, acts for approving 29 of 40, the delay from key to picture.

    .venv/bin/python bench/moderating.py                     # this checkout
    PYTHONPATH=FOLDER/server:FOLDER/tests .venv/bin/python bench/moderating.py   # another checkout

The walks are scripted: each act follows as soon as the page shows the result of the one before. The delay of a key runs
from its event's time stamp until the picture after it has been handed over: the first task after the next animation
frame. The table also shows the browser's own measure (Event Timing, in steps of 8 ms, the base of "interaction to next
paint"). An approval is also timed until its row is in the queue, which takes a round trip to the server.
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
from moothall.core.commands import SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Role
from support.desks.meeting import S, meeting
from support.sessions.questions import MODERATOR, SOMEBODY, ask, name

APPROVED, ALL = 29, 40
TEXT = "Who pays for the last mile where nobody can make money with it, and when will the fund be open ({n})?"
SHOWN = 200  # the most questions being checked that the page shows
WATCH = """
window.presses = [];
window.browser_says = [];
addEventListener('keydown', ({ key, timeStamp }) => requestAnimationFrame(() => {
  const after = new MessageChannel();
  after.port1.onmessage = () => window.presses.push([key, performance.now() - timeStamp]);
  after.port2.postMessage(0);
}), true);
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries()) if (name === 'keydown') window.browser_says.push(duration);
}).observe({ type: 'event', durationThreshold: 16 });
"""
IN_VIEW = """() => [...document.querySelectorAll('.panels .question')].filter((row) => {
  const { left, top, bottom, height } = row.getBoundingClientRect();
  const there = (y) => row.contains(document.elementFromPoint(left + 8, y));
  return height && top >= 0 && bottom <= innerHeight && there(top + 4) && there(bottom - 4);
}).length"""


@asynccontextmanager
async def moderator(browser: Browser, questions: int) -> AsyncIterator[Page]:
    """Open the page with this many questions, the last 200 being checked; all but 11 of each 40
    are from remote people.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with meeting(Path(folder)) as on:
            for n in range(questions):
                place = "room" if n % ALL >= APPROVED else "remote"
                await on.do(ask(f"q{n}", TEXT.format(n=n), origin=place), by=SOMEBODY)
            early = tuple(name(f"q{n}") for n in range(questions - SHOWN))
            if early:
                await on.do(SetStatus(interventions=early, status=InterventionStatus.QUEUED), by=MODERATOR)
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.add_init_script(WATCH)
            await on.enter(page, Role.MODERATOR)
            await page.goto(f"{on.running.address}/moderate/{S}")
            await page.locator(".panels .question").nth(questions - 1).wait_for(state="attached")
            yield page
            await page.close()


async def until_queued(page: Page, many: int) -> None:
    await page.wait_for_function("n => document.querySelectorAll('#Queued .question').length >= n", arg=many)


async def by_keys(page: Page) -> int:
    """Approve the remote questions, one after the other; returns the number of acts."""
    await page.keyboard.press("n")
    queued = 0
    for n in range(ALL):
        if n % ALL < APPROVED:
            queued += 1
            await page.keyboard.press("a")
            await until_queued(page, queued)
        else:
            await page.keyboard.press("n")
    return ALL + 1


async def picked(page: Page) -> int:
    """Filter the remote questions, pick all, approve them; returns the number of acts."""
    await page.locator("#Sift [name=place]").select_option("remote")
    every = page.locator("#Checked [data-does=pick-all]")
    boxes = page.locator("#Checked [data-does=pick]")
    acts = 2  # the choice in the list, and the approval
    if await every.count():
        await every.click()
        acts += 1
    else:
        for n in range(await boxes.count()):
            await boxes.nth(n).check()
            acts += 1
    await page.locator("#Several [data-does=approve]").click()
    await until_queued(page, APPROVED)
    return acts


def told(what: str, ms: list[float]) -> str:
    ms = sorted(ms)
    return f"{what:34} {len(ms):4} {ms[len(ms) // 2]:7.0f} {ms[int(len(ms) * 0.95)]:7.0f} {ms[-1]:7.0f}"


async def keys(page: Page, presses: int) -> None:
    """Print the ms of each key, and of approvals until they are shown."""
    print(f"{'ms':34} {'n':>4} {'p50':>7} {'p95':>7} {'max':>7}")
    await page.keyboard.press("n")
    for key in ("n", "ArrowDown", "j", "s", "q"):
        await page.evaluate("window.presses = []")
        for _ in range(presses):
            if key == "s":
                await page.keyboard.press("n")
            await page.keyboard.press(key)
            await asyncio.sleep(0.05)
            if await page.locator("dialog[open]").count():
                await page.keyboard.press("Escape")  # Close the choice of a question to join, which `j` opened.
        found = [ms for pressed, ms in await page.evaluate("window.presses") if pressed == key]
        print(told(f"{key} → next picture", found))
    if await page.locator("#Unpick").is_visible():
        await page.locator("#Unpick").click()
    await page.keyboard.press("n")
    await page.evaluate("window.presses = []")
    seen: list[float] = []
    queued = await page.locator("#Queued .question").count()
    for n in range(presses):
        began = time.perf_counter()
        await page.keyboard.press("a")
        await until_queued(page, queued + n + 1)
        seen.append(1000 * (time.perf_counter() - began))
    print(told("a → next picture", [ms for pressed, ms in await page.evaluate("window.presses") if pressed == "a"]))
    print(told("a → in the queue, seen by the script", seen))
    says = await page.evaluate("window.browser_says")
    slow = sum(each > 100 for each in says)
    print(f"the browser: {len(says)} keys of 16 ms or more, {slow} over 100 ms, slowest {max(says, default=0):.0f} ms")


async def run(given: argparse.Namespace) -> None:
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        async with moderator(browser, ALL) as page:
            print(f"{ALL} questions, 1280 × 800: {await page.evaluate(IN_VIEW)} rows whole in view")
            began = time.perf_counter()
            print(f"29 of 40 by keys: {await by_keys(page)} acts, {time.perf_counter() - began:.1f} s")
        async with moderator(browser, ALL) as page:
            began = time.perf_counter()
            print(f"29 of 40 picked: {await picked(page)} acts, {time.perf_counter() - began:.1f} s")
        print(f"load {os.getloadavg()[0]:.1f}, {given.questions} questions:")
        async with moderator(browser, given.questions) as page:
            await keys(page, given.presses)
        await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=300, help="how many stand there when keys are measured")
    parser.add_argument("--presses", type=int, default=40, help="of each key")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
