"""`/admin` with 21 and with 300 meetings: its height, the server's time for it, and the way to a desk.

    .venv/bin/python bench/timetable.py                     # this checkout
    PYTHONPATH=FOLDER/server:FOLDER/tests .venv/bin/python bench/timetable.py   # another checkout

The walk is scripted in Chromium at 1280 × 800: from `/admin` to the desk of the live meeting in a room, by the links of
the page. Clicks are counted, and screenfuls that have to be scrolled to reach what is clicked. The server's time is
that of whole answers over one connection, one after the other, without a browser.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from aiohttp import ClientSession, CookieJar
from playwright.async_api import Page, async_playwright

from e2e.conftest import QUIET, chromium
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection, Server, Settings, Translation

HOUR = 3_600_000
DAY = 24 * HOUR
TITLES = ("Broadband for the islands", "Who decides about the water?", "Budget hearing, first reading", "Closing")


@asynccontextmanager
async def house(meetings: int, days: int, rooms: int) -> AsyncIterator[RunningServer]:
    """Run a server with `meetings` meetings, of which the first of each room is on."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(port=0, data=folder)
        settings = Settings(server=server, engine=EngineSection(count=0), translation=Translation(translators=()))
        async with hall(settings) as running:
            programme = running.backend.programme
            await programme.keep(rooms=[Room(id=RoomId(f"hall-{n}"), title=f"Hall {n}") for n in range(rooms)])
            first = programme.now() // HOUR * HOUR
            for n in range(meetings):
                slot, room = divmod(n, rooms)
                day, hour = slot % days, slot // days
                starts = first + day * DAY + hour * HOUR
                planned = Planned(
                    session=SessionId(f"m{n}"),
                    room=RoomId(f"hall-{room}"),
                    title=f"{TITLES[n % len(TITLES)]} {n}",
                    starts=starts,
                    ends=starts + HOUR,
                )
                await programme.make(planned)
            for room in range(min(2, rooms)):
                await programme.send(SessionId(f"m{room}"), do.OpenSession())
            yield running


async def enter(running: RunningServer) -> str:
    """Return the address of a new role link of the secretariat."""
    _, token = await running.backend.links.create(Role.SECRETARIAT, HALL, "bench")
    return f"{running.address}/enter/{token}"


async def server_ms(running: RunningServer, path: str, times: int) -> tuple[float, float, int]:
    """Return the median and slowest ms of an answer, and its bytes."""
    took, size = [], 0
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await (await client.get(await enter(running))).read()
        for _ in range(times):
            began = time.perf_counter()
            async with client.get(running.address + path) as answer:
                size = len(await answer.read())
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took), size


async def walk(page: Page, title: str) -> tuple[int, int, float]:
    """Return the clicks, screenfuls and seconds from `/admin` to the desk of a meeting."""
    clicks = screens = 0
    began = time.perf_counter()
    strip = page.locator(".strip-of-live li", has_text=title).locator("a[href^='/desk/']")
    steps = [strip] if await strip.count() else [page.get_by_role("link", name=title).first, None]
    for step in steps:
        link = step or page.locator("main a[href^='/desk/']").first
        box = await link.bounding_box()
        assert box is not None
        screens += max(0, int(box["y"] // 800))
        clicks += 1
        await link.click()
        await page.wait_for_load_state()
    assert "/desk/" in page.url
    return clicks, screens, time.perf_counter() - began


async def measure(answers: int) -> None:
    """Measure each house, and print its figures."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
        for meetings, days, rooms in ((21, 3, 3), (300, 5, 10)):
            async with house(meetings, days, rooms) as running:
                context = await browser.new_context(viewport={"width": 1280, "height": 800})
                page = await context.new_page()
                await page.goto(await enter(running))
                await page.goto(f"{running.address}/admin")
                height = await page.evaluate("document.documentElement.scrollHeight")
                middle, slowest, size = await server_ms(running, "/admin", answers)
                clicks, screens, seconds = await walk(page, f"{TITLES[1]} 1")
                print(
                    f"{meetings} meetings, {days} days, {rooms} rooms: {height} px; "
                    f"server {middle:.0f} ms, slowest {slowest:.0f} ms, {size / 1024:.0f} KiB; "
                    f"to the desk: {clicks} clicks, {screens} screenfuls down, {seconds:.1f} s"
                )
                await context.close()
        await browser.close()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--answers", type=int, default=20, help="of the server, whose time is measured")
    asyncio.run(measure(parser.parse_args().answers))


if __name__ == "__main__":
    main()
