"""Take the staff's pictures of the documentation anew: `docs/images/{control,desk,microphone}.png`.

    .venv/bin/python tools/docs_pictures.py [control] [desk] [microphone]

Run by hand when the look of these pages changes. It begins a meeting with invented text on a server of its own and
opens the pages in Chromium, with this machine's fonts: `tests/pictures/made_with.json` names those that they had. Then
look at them. The other pictures are taken by hand.
"""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from array import array
from pathlib import Path
from typing import Any

# The meeting is part of the tests, which are no package, so their folder has to be on the path before the next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from playwright.async_api import Page

from e2e.conftest import QUIET, chromium
from e2e.desk.test_control_big import SHOWN, card
from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SegmentId, SpeakerId
from support.desks.meeting import Meeting, S, meeting
from support.halls.microphone_process import chromium_with_microphone, write_capture

TITLE = "Access in rural areas: who pays?"
NAMES = ("Ana Brito", "Lucía, Quito", "Otieno, Kisumu")
SAID = (
    (1, "We publish in March, and the draft goes out for comments before the end of the year."),
    (1, "Forty-one percent of the readers told us that they had no hearing loss at all."),
    (1, "They were sitting in a noisy office, or they were listening in their second or third language."),
    (3, "May I add something from the side of the operators?"),
    (3, "The towers are there, what is lacking is power."),
    (2, "Thank you. Which of them have a battery that lasts for a night?"),
    (2, "And who repairs the panels, once the fund has run out?"),
    (2, "So if the fund paid for panels rather than"),
)
ROOMS = {
    "Plenary": ("cut", "Opening of the meeting"), "Room 1": ("late", TITLE), "Room 2": ("live", "Whose data?"),
    "Room 3": ("silence", "AI and the law of the sea"), "Kigali hall": ("off", "Youth summit"),
    "Garden": ("live", "Universal acceptance of names"), "Press centre": ("break", "Stock-taking"),
    "Room 7": ("live", "Schools"), "Library": ("live", "Names and terms"), "Studio": ("live", "Closing"),
}  # fmt: skip
HEARD = """() => {
    const meters = document.querySelectorAll('#Shown > .card:not(.bad) .meter');
    meters.forEach((meter, n) => meter.style.setProperty('--level', `${50 + (7 * n) % 13}%`));
    for (let next = Shown.nextElementSibling; next; next = next.nextElementSibling) next.hidden = true;
}"""
IMAGES = Path(__file__).resolve().parents[1] / "docs/images"


def cards() -> list[dict[str, Any]]:
    """Ten rooms, two of them with an alarm."""
    made = []
    for n, (place, (stands, title)) in enumerate(ROOMS.items(), 1):
        cut, late, on = stands == "cut", stands == "late", 110 + 37 * n % 40
        alarm = {"kind": "muted" if cut else "late", "urgent": cut, "values": {"n": 42 if cut else 14}, "by": None}
        room = {**card(n, place=place), "title": title, "stands": stands, "alarms": [alarm] if cut or late else []}
        room |= {"dead": 42 if cut else 0, "rate": 0 if cut else on, "lag": 14 if late else 2}
        room |= {"rates": [0 if cut and at > 47 else on + at * at % 17 for at in range(60)]}
        room |= {"delays": [2 + max(0, at - 40) * 12 * late // 19 for at in range(60)]}
        since = 1_764_000_000_000 if stands == "silence" else None
        made.append({**room, "silent_since": since, "readers": {"floor": 40 + 61 * n % 140}})
    return made


async def control(page: Page, on: Meeting) -> None:
    """Ten rooms at a glance."""
    await page.goto(f"{on.running.address}/control")
    await page.evaluate(SHOWN.replace("big: true", "big: false"), cards())
    await page.evaluate(HEARD)


async def desk(page: Page, on: Meeting) -> None:
    """Eight lines, and the second speaker at the word."""
    await on.sit_down(page)
    await page.keyboard.press("2")


async def microphone(page: Page, on: Meeting) -> None:
    """A microphone that hears something like speech and sends it."""
    await page.goto(f"{on.running.address}/s/{S}/microphone")
    await page.locator("#Allow").click()
    await page.locator("#Start").click()
    await page.mouse.move(0, 0)
    await page.locator("#Verdict[data-kind=ready]").wait_for()


PICTURES = {"control": control, "desk": desk, "microphone": microphone}


async def take(pictures: list[str]) -> None:
    """Take the pictures, each of a meeting of its own."""
    sound = array("h", (int(6_000 * math.sin(n / 9) * abs(math.sin(n / 2_500))) for n in range(60 * 16_000)))
    for name in pictures:
        with tempfile.TemporaryDirectory() as folder:
            heard = write_capture(Path(folder) / "sound.wav", sound.tobytes())
            async with (
                chromium_with_microphone(heard, chromium() or "", *QUIET) as it,
                meeting(Path(folder), *NAMES) as on,
            ):
                await on.do(do.DescribeSession(title=TITLE))
                for n, (speaker, text) in enumerate(SAID):
                    await on.say(f"l{n}", text, end=n + 1 < len(SAID))
                    await on.do(do.AssignSpeaker(segments=(SegmentId(f"l{n}"),), speaker=SpeakerId(f"p{speaker}")))
                page = await it.new_page(viewport={"width": 1_280, "height": 800 if name == "desk" else 824})
                await on.enter(page, Role.TECHNICIAN)
                await PICTURES[name](page, on)
                await page.wait_for_timeout(2_000)
                await page.locator("body:not(:has(#Stands[data-kind=sending]:not(.unseen)))").wait_for()
                await page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(take(sys.argv[1:] or list(PICTURES)))
