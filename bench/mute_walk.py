"""A muted microphone among ten rooms: how long until the control room shows it, and where on the page.

    .venv/bin/python bench/mute_walk.py                     # this checkout
    PYTHONPATH=FOLDER/server:FOLDER/tests .venv/bin/python bench/mute_walk.py   # another checkout

Ten meetings are on, each with a microphone and the scripted recogniser. `/control` is open in Chromium at 1280 × 800,
and nobody touches it. After a while one microphone sends digital silence, as a muted one does. Counted are the seconds
from the first muted sample until the page says so (20 of them are the server's, which waits for so much before it calls
a microphone muted), the screenfuls that have to be scrolled to see that room, and how many of the ten rooms have their
name, and with it their state, in the window.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

# The page's stage is part of the tests, which are no package, so their folder has to be on the path before the next
# imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

import msgspec
from playwright.async_api import Page, async_playwright

from e2e.conftest import QUIET, chromium
from moothall.adapters.sound.sender import Sender
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.sessions.staff import HALL
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall.testing.scripted import Script, make_script, render

ROOMS = 10
MUTED = 6
"""The number of the room whose microphone is muted: in the middle of the list, as the rooms come."""
BEFORE_S = 30
SECOND = 32_000
"""Bytes of a second of sound."""
FOUND = """(sentence) => {
    const all = [...document.querySelectorAll('main li, main section')];
    const said = all.filter((each) => each.textContent.match(sentence));
    const room = said.find((each) => !said.some((other) => other !== each && each.contains(other)));
    return room && room.getBoundingClientRect().top + scrollY;
}"""
NAMED = """(rooms) => rooms.filter((name) => {
    const named = [...document.querySelectorAll('main *')].filter((each) => each.textContent.includes(name)).at(-1);
    const { top, bottom } = named?.getBoundingClientRect() ?? { top: -1, bottom: 0 };
    return top >= 0 && bottom <= innerHeight;
}).length"""
"""How many rooms have their name in the window; their state stands in the same row."""


async def begin(running: RunningServer) -> None:
    """Hold a meeting in each room."""
    programme = running.backend.programme
    await programme.keep(rooms=[Room(id=RoomId(f"hall-{n}"), title=f"Hall {n:02}") for n in range(ROOMS)])
    for n in range(ROOMS):
        session, now = SessionId(f"m{n}"), programme.now()
        planned = Planned(
            session=session, room=RoomId(f"hall-{n}"), title=f"Talk {n}", starts=now, ends=now + 3_600_000
        )
        await programme.make(planned)
        await programme.send(session, do.OpenSession())


async def link(running: RunningServer) -> str:
    """Return the secret of a new role link of a technician."""
    return (await running.backend.links.create(Role.TECHNICIAN, HALL, "bench"))[1]


async def seconds(page: Page, sentence: str) -> tuple[float, float]:
    """Return the seconds from now until the page says it, and at what height of the page, px."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while (at := await page.evaluate(FOUND, sentence)) is None:
        if clock() - began > 90:
            raise TimeoutError("The control room never said that a microphone is muted.")
        await asyncio.sleep(0.1)
    return clock() - began, float(at)


async def measure(runs: int) -> None:
    """Measure `runs` times, and print the figures."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    took: list[float] = []
    for run in range(runs):
        async with AsyncExitStack() as around:
            folder = Path(around.enter_context(tempfile.TemporaryDirectory()))
            script: Script = make_script(run, 5 * BEFORE_S)
            (folder / "script.json").write_bytes(msgspec.json.encode(script))
            settings = Settings(
                server=Server(port=0, data=str(folder / "data")),
                engine=EngineSection(count=1, model=f"scripted:{folder / 'script.json'}"),
                translation=Translation(translators=()),
            )
            running = await around.enter_async_context(hall(settings))
            await begin(running)
            playwright = await around.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *sandbox])
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.goto(f"{running.address}/enter/{await link(running)}")
            await page.goto(f"{running.address}/control")
            sound = render(script, 0)[: BEFORE_S * SECOND]
            senders = await around.enter_async_context(asyncio.TaskGroup())
            running_senders = []
            for n in range(ROOMS):
                played = sound + bytes(120 * SECOND) if n == MUTED else sound
                sender = Sender([running.address], await link(running), f"/s/m{n}/audio", played)
                running_senders.append(senders.create_task(sender.run()))
            await asyncio.sleep(BEFORE_S)
            found, at = await seconds(page, "muted")
            took.append(found)
            named = await page.evaluate(NAMED, [f"Hall {n:02}" for n in range(ROOMS)])
            height = await page.evaluate("document.documentElement.scrollHeight")
            print(
                f"said {found:.1f} s after the first muted sample, {max(0, int(at // 800))} screenfuls down "
                f"({at:.0f} px); {named} of {ROOMS} rooms named in the window; the page is {height:.0f} px high",
                flush=True,
            )
            for each in running_senders:
                each.cancel()
            await browser.close()
    print(f"median {statistics.median(took):.1f} s, slowest {max(took):.1f} s of {runs}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    asyncio.run(measure(parser.parse_args().runs))


if __name__ == "__main__":
    main()
