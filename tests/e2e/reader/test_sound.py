"""Sound in step with the text: a line's time plays the sound from there, across files, and the line is marked."""

from __future__ import annotations

import asyncio
import math
import re
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, Route, expect

from moothall.adapters.sound.sound_folder import SoundFolder
from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import ChannelKind, SoundKept
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId, SourceId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SESSION, FLOOR, MIC = SessionId("plenary"), ChannelId("floor"), SourceId("mic")
RATE = 16_000
LINES = (1_000, 3_000, 7_000, 9_000)
"""When they were said, ms. The first file of the sound ends at 5 s, the second begins at 6."""


@asynccontextmanager
async def meeting(folder: Path, sound: SoundKept) -> AsyncIterator[RunningServer]:
    """A closed session with four lines and its sound, in two files."""
    shelf = SoundFolder(folder / "data" / "recordings", bitrate=24_000)
    settings = Settings(
        server=Server(port=0, data=str(folder / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running:
        live = await running.backend.sessions.open(SESSION)
        commands: list[do.AnyCommand] = [
            do.CreateSession(title="Plenary", languages=("en",), sound=sound),
            do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            do.OpenSession(),
            do.AttachSource(source=MIC, channel=FLOOR, t=0, rate=RATE),
            do.AttachEngine(channel=FLOOR, model="m"),
        ]
        assert isinstance(await live.writer.send(SYSTEM, CommandId("make"), commands), Receipt)
        for t0 in LINES:
            line = SegmentId(f"l{t0}")
            said: list[do.AnyCommand] = [
                do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=line,
                    first=0,
                    words=(Word(text=f"Line at {t0}.", t0=t0, t1=t0 + 500),),
                    start=do.SegmentStart(t0=t0, language="en"),
                ),
                do.EndSegment(channel=FLOOR, generation=1, segment=line, t1=t0 + 500, reason=EndReason.SENTENCE),
            ]
            answer = await live.writer.send(Actor(Role.ENGINE, "m"), CommandId(f"say:{t0}"), said)
            assert isinstance(answer, Receipt)
        assert isinstance(await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession()), Receipt)
        for first, seconds in ((0, 5), (6, 6)):
            writer = await shelf.begin(SESSION, MIC, first * RATE)
            await writer.write(array("h", (int(9_000 * math.sin(n / 6)) for n in range(seconds * RATE))).tobytes())
            await writer.close()
        yield running


def line(page: Page, t0: int) -> Locator:
    return page.locator(f"#l{t0}")


async def test_a_lines_time_plays_the_sound_from_there(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, SoundKept.PUBLISHED) as running:
        await page.goto(f"{running.address}/s/{SESSION}")
        await page.get_by_text("Listen to the meeting").click()
        audio = page.locator("#Sound audio")
        await expect(audio).to_have_attribute("src", re.compile(r"first=0&upto=5000$"))
        await line(page, 3_000).locator("a.time").click()
        await expect(line(page, 3_000)).to_have_attribute("aria-current", "true")
        assert await audio.evaluate("audio => audio.currentTime") >= 2.9
        # On into the next file, which begins later.
        await expect(audio).to_have_attribute("src", re.compile(r"first=96000&upto=12000$"))
        await expect(line(page, 7_000)).to_have_attribute("aria-current", "true")
        await expect(line(page, 3_000)).not_to_have_attribute("aria-current", "true")
        # Closed, it is silent, and a time is a link again.
        await page.get_by_text("Listen to the meeting").click()
        await expect(audio).to_have_js_property("paused", True)
        await line(page, 1_000).locator("a.time").click()
        await expect(page).to_have_url(re.compile(r"#l1000$"))
        await expect(page.locator("li[aria-current]")).to_have_count(0)


# A refinement of the test above.
@pytest.mark.slow
async def test_sound_that_is_closed_while_its_next_part_is_looked_for_stays_silent(page: Page, tmp_path: Path) -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        asked.set()
        await closed.wait()
        await route.continue_()

    async with meeting(tmp_path, SoundKept.PUBLISHED) as running:
        await page.goto(f"{running.address}/s/{SESSION}")
        await page.get_by_text("Listen to the meeting").click()
        audio = page.locator("#Sound audio")
        await expect(audio).to_have_attribute("src", re.compile(r"first=0&upto=5000$"))
        await page.route("**/sound.json*", late)
        await line(page, 3_000).locator("a.time").click()
        await asyncio.wait_for(asked.wait(), 60)
        await page.get_by_text("Listen to the meeting").click()
        await expect(page.locator("#Sound")).not_to_have_attribute("open", "")
        closed.set()
        await expect(audio).to_have_attribute("src", re.compile(r"first=96000&upto=12000$"))
        assert await audio.evaluate("audio => audio.paused")


# unit/adapters/reading/test_session_page.py has the page.
@pytest.mark.slow
async def test_where_the_sound_is_not_published_there_is_none(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path, SoundKept.UNTIL_CHECKED) as running:
        await page.goto(f"{running.address}/s/{SESSION}")
        await expect(line(page, 1_000)).to_be_visible()
        await expect(page.locator("#Sound")).to_have_count(0)
        answer = await page.request.get(f"{running.address}/s/{SESSION}/sound.json")
        assert answer.status == 404
