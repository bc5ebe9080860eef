"""How soon a phone on a weak connection shows the newest line of a meeting, and then new words:
Chromium, cold, 390 px wide.

    .venv/bin/python bench/first_words.py                 # 2G: 250 ms, 50 kbit/s
    .venv/bin/python bench/first_words.py --query read=low --runs 5

The connection is the browser's own emulation: each answer begins 250 ms late, and all share 50 kbit/s; setting up
connections and TLS costs nothing there. A line is in view when a complete line of text is visible between the bars at
the top and at the bottom. The page is live when it shows a word that was said after the page was requested. Bytes are
those transferred over the connection.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
from pathlib import Path
from typing import Any

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from playwright.async_api import Browser, async_playwright

from e2e.conftest import QUIET, chromium
from support.browser.translated_lines import TEXTS
from support.halls.stage import Stage, ended, opened, partial, stage, words

LATENCY_MS, KBIT_S = 250, 50
WORDS = sorted({word for word in Path(__file__).with_name("README.md").read_text("utf-8").split() if word.isalpha()})
"""Words of an ordinary text, so that lines compress as badly as those of a meeting."""
WATCH = """() => {
    window.seen = {};
    const look = () => {
        const bar = document.querySelector('.bar')?.getBoundingClientRect().top ?? innerHeight;
        const top = document.querySelector('.top')?.getBoundingClientRect().bottom ?? 0;
        const whole = [...document.querySelectorAll('.line .text')].some((text) => {
            const box = text.getBoundingClientRect();
            return box.height > 0 && box.top >= top && box.bottom <= bar;
        });
        if (whole) window.seen.line ??= performance.now();
        const grown = document.querySelector('#Growing .text')?.textContent ?? '';
        const live = document.documentElement.classList.contains('live') && /new\\d/.test(grown);
        if (live) window.seen.live ??= performance.now();
        if (!window.seen.live) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


async def visit(browser: Browser, on: Stage, query: str) -> tuple[float, float, int, int]:
    """Return the ms to the first line in view and to the first new word, and the requests and bytes until then."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    speed = KBIT_S * 1000 / 8
    await devtools.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": LATENCY_MS, "downloadThroughput": speed, "uploadThroughput": speed},
    )
    sizes: dict[str, float] = {}

    def asked(event: Any) -> None:
        sizes[event["requestId"]] = 0

    def came(event: Any) -> None:
        sizes[event["requestId"]] += event["encodedDataLength"]

    def whole(event: Any) -> None:  # Chromium counts a page's own bytes only here, with its headers.
        sizes[event["requestId"]] = event["encodedDataLength"]

    devtools.on("Network.requestWillBeSent", asked)
    devtools.on("Network.dataReceived", came)
    devtools.on("Network.loadingFinished", whole)
    await page.add_init_script(f"({WATCH})()")
    await page.goto(f"{on.page}{query}", wait_until="commit", timeout=60_000)
    n = 0
    wanted = "line" if "read=low" in query else "live"  # with low data, words come only every 40 s
    while not await page.evaluate(f"window.seen.{wanted} ?? 0"):
        n += 1
        await on.say(words("g", n, f"new{n}"), signals=[partial("g", n + 1, "perhaps")])
        await asyncio.sleep(0.3)
    seen: dict[str, float] = await page.evaluate("window.seen")
    await context.close()
    return seen["line"], seen.get("live", 0), len(sizes), int(sum(sizes.values()))


async def measure(runs: int, query: str) -> None:
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        found = []
        for _ in range(runs):
            async with stage(*TEXTS) as on:
                chance = random.Random(19)  # noqa: S311  # the same text in every run
                for n in range(200):
                    said = " ".join(chance.choice(WORDS) for _ in range(18))
                    await on.say(opened(f"s{n}", n * 4_000), ended(f"s{n}", f"{said.capitalize()}.", n * 4_000 + 3_900))
                await on.say(opened("g", 900_000), words("g", 0, "And"))
                found.append(await visit(browser, on, query))
        await browser.close()
    print(f"{runs} visits, load {os.getloadavg()[0]:.1f}; medians")
    names = ("first line in view, ms", "live, ms", "requests", "bytes")
    for name, values in zip(names, zip(*found, strict=True), strict=True):
        print(f"{name:24} {statistics.median(values):8.0f}   {min(values):.0f} to {max(values):.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--query", default="", help="how the page is asked for, as read=low")
    given = parser.parse_args()
    asyncio.run(measure(given.runs, f"?{given.query}" if given.query else ""))


if __name__ == "__main__":
    main()
