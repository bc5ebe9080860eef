"""From a frame in the browser to text on the screen: the reader's page in Chromium. EN 301 549, 7.1.1, asks for 100 ms.

    .venv/bin/python bench/painting.py            # 300 frames on a page of 200 lines
    .venv/bin/python bench/painting.py --slow 4   # on a processor four times slower

The time of a frame runs from the moment at which the browser hands it to scripts until the picture with it has been
handed over: the first task after the next animation frame.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from playwright.async_api import async_playwright

from e2e.conftest import QUIET, chromium
from support.browser.browsing import PAINTED
from support.halls.stage import ended, opened, partial, stage, words

WORDS = "This is what somebody says while everybody reads it word by word"


async def measure(frames: int, slow: float) -> list[float]:
    """Return the ms of each frame, sorted."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright, stage() as on:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        page = await browser.new_page()
        if slow > 1:
            session = await page.context.new_cdp_session(page)
            await session.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        await page.add_init_script(PAINTED)
        await on.lines(200)
        async with page.expect_response(lambda response: "/events" in response.url):
            await page.goto(on.page)
        said = WORDS.split()
        for n in range(frames):
            segment, first = f"floor-1-{n // len(said)}", n % len(said)
            begin = [opened(segment)] if first == 0 else []
            await on.say(*begin, words(segment, first, said[first]), signals=[partial(segment, first + 1, "perhaps")])
            if first == len(said) - 1:
                await on.say(ended(segment, WORDS))
            await asyncio.sleep(0.05)
        took: list[float] = await page.evaluate("window.painted")
        await browser.close()
        return sorted(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--slow", type=float, default=1, help="how many times slower the processor is made")
    given = parser.parse_args()
    took = asyncio.run(measure(given.frames, given.slow))
    shares = {name: took[int(len(took) * share)] for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    print(f"{len(took)} frames, load {os.getloadavg()[0]:.1f}, processor slowed {given.slow:g} times")
    print(", ".join(f"{name} {ms:.0f} ms" for name, ms in shares.items()), f"max {took[-1]:.0f} ms", sep=", ")


if __name__ == "__main__":
    main()
