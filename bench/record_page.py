"""How soon a phone shows the record of a long meeting, and what is sent for it: Chromium, cold, 390 px wide.

    .venv/bin/python bench/record_page.py             # 150 ms, 1.6 Mbit/s, a processor 4 times slower
    .venv/bin/python bench/record_page.py --latency 250 --kbit 50 --slow 1 --runs 3

The connection is the browser's own emulation, as in `first_words.py`; the default is the usual profile of a middling
phone. The record has 30,000 words in 3,000 lines of twelve speakers. It is readable when a whole line is visible
between the bars; the bytes before the first scroll are those until the page is at rest, before it fetches the rest for
the browser's own search.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
from pathlib import Path

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from playwright.async_api import Browser, Page, async_playwright

from e2e.conftest import QUIET, chromium
from first_words import WATCH, WORDS
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import SpeakerId
from support.halls.stage import Stage, ended, opened, stage

LINES, WORDS_A_LINE, EACH_MS, SPEAKERS, TURN = 3_000, 10, 3_600, 12, 8
QUIET_S = 4.0
"""Seconds after which a page counts as at rest; it fetches the rest of a record a second later."""


async def tell(on: Stage) -> None:
    """Log three hours of speech, and close the meeting."""
    chance = random.Random(22)  # noqa: S311  # the same text in every run
    await on.say(*(ev.SpeakerIntroduced(speaker=SpeakerId(f"p{n}"), name=f"Speaker {n}") for n in range(SPEAKERS)))
    for n in range(LINES):
        said = " ".join(chance.choice(WORDS) for _ in range(WORDS_A_LINE))
        line = opened(f"floor-1-{n}", n * EACH_MS, speaker=f"p{n // TURN % SPEAKERS}")
        await on.say(line, ended(f"floor-1-{n}", f"{said.capitalize()}.", (n + 1) * EACH_MS))
    await on.say(ev.SessionClosed(t=LINES * EACH_MS), by=SYSTEM)


async def visit(browser: Browser, on: Stage, latency: int, kbit: int, slow: float) -> dict[str, float]:
    """Measure one visit."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    speed = kbit * 1000 / 8
    await devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": latency, "downloadThroughput": speed, "uploadThroughput": speed},
    )
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": slow})
    bytes_ = 0

    def came(event: dict[str, float]) -> None:
        nonlocal bytes_
        bytes_ += int(event["encodedDataLength"])

    devtools.on("Network.dataReceived", came)
    await page.add_init_script(f"({WATCH})()")
    await page.goto(on.page, wait_until="load", timeout=120_000)
    line = await _once(page, "window.seen.line ?? 0")
    loaded = await page.evaluate("performance.now()")
    await asyncio.sleep(QUIET_S)
    at_rest = bytes_
    whole = f"document.querySelectorAll('#Lines > .line').length === {LINES} ? performance.now() : 0"
    found = {
        "readable, ms": line,
        "KB before the first scroll": at_rest / 1000,
        "all lines for find in page, s": (await _once(page, whole) - loaded) / 1000,
        "KB with all lines": bytes_ / 1000,
    }
    await context.close()
    return found


async def _once(page: Page, what: str) -> float:
    """Wait until a script's value isn't 0, and return it."""
    found = 0.0
    while not found:
        found = await page.evaluate(what)
        await asyncio.sleep(0.05)
    return found


async def measure(runs: int, latency: int, kbit: int, slow: float) -> None:
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright, stage() as on:
        await tell(on)
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        found = [await visit(browser, on, latency, kbit, slow) for _ in range(runs)]
        await browser.close()
    print(f"{latency} ms, {kbit} kbit/s, processor {slow:g} times slower; {runs} visits, load {os.getloadavg()[0]:.1f}")
    for name in found[0]:
        values = [each[name] for each in found]
        print(f"{name:32} {statistics.median(values):9.1f}   {min(values):.1f} to {max(values):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--latency", type=int, default=150, help="ms")
    parser.add_argument("--kbit", type=int, default=1_600, help="kbit/s")
    parser.add_argument("--slow", type=float, default=4, help="how many times slower the processor is made")
    given = parser.parse_args()
    asyncio.run(measure(given.runs, given.latency, given.kbit, given.slow))


if __name__ == "__main__":
    main()
