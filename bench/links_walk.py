"""Six links of two meetings, for three jobs each, from `/admin` to paper: acts, print jobs and time.

    .venv/bin/python bench/links_walk.py                     # this checkout
    PYTHONPATH=FOLDER/server:FOLDER/tests .venv/bin/python bench/links_walk.py   # another checkout

The walk is scripted in Chromium at 1280 × 800, by the ways that the pages offer. An act is a click, a choice in a
field, a print job or a step back; the time is the machine's, without the seconds in which people look and think.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

sys.path.extend(
    str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests", "bench")
)

from playwright.async_api import Page, async_playwright

from e2e.conftest import QUIET, chromium
from timetable import enter, house

ROLES = ("technician", "captioner", "moderator")
MEETINGS = 2


class Walk:
    """A page, and the acts done on it so far."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.acts = self.prints = self.sheets = 0

    async def click(self, selector: str) -> None:
        """Click, which is one act, and wait for a page that may load."""
        await self.page.locator(selector).first.click()
        await self.page.wait_for_load_state()
        self.acts += 1

    async def print_all(self) -> None:
        """Print the page, which is one act."""
        self.sheets += (await self.page.pdf(prefer_css_page_size=True)).count(b"/Type /Page\n")
        self.acts += 1
        self.prints += 1


async def one_by_one(walk: Walk) -> None:
    """Print the links by each meeting's page."""
    for n in range(MEETINGS):
        await walk.click(f"main a[href='/admin/meetings/m{n}']")
        for role in ROLES:
            await walk.page.select_option("#LinkRole", role)
            walk.acts += 1
            await walk.click("form[action='/admin/links'] button")
            await walk.print_all()
            await walk.page.go_back()
            walk.acts += 1
        await walk.page.go_back()
        walk.acts += 1


async def at_once(walk: Walk) -> None:
    """Print the links by the page of links."""
    await walk.click("main a[href='/admin/links']")
    wanted = walk.page.locator("#Many input[name=role]")
    for n in range(await wanted.count()):
        box = wanted.nth(n)
        if await box.is_checked() != (await box.get_attribute("value") in ROLES):
            await box.click()
            walk.acts += 1
    await walk.click("#Many button.main")
    await walk.print_all()


async def measure() -> None:
    """Walk, and print the counts."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright, house(MEETINGS, 1, MEETINGS) as running:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        page = await (await browser.new_context(viewport={"width": 1280, "height": 800})).new_page()
        await page.goto(await enter(running))
        await page.goto(f"{running.address}/admin")
        walk, began = Walk(page), time.perf_counter()
        many = await page.locator("main a[href='/admin/links']").count()
        await (at_once if many else one_by_one)(walk)
        took = time.perf_counter() - began
        print(f"{walk.sheets} sheets: {walk.acts} acts, {walk.prints} print jobs, {took:.1f} s of the machine")
        await browser.close()


def main() -> None:
    """Run the command."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    asyncio.run(measure())


if __name__ == "__main__":
    main()
