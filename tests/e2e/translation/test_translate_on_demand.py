"""A reader requests a closed meeting in another language on its page in Chromium, with and without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from moothall.app.hall import RunningServer, hall
from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Origin, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.services.log.act_queue import Receipt
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from support.browser.browsing import tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FLOOR, OLD = ChannelId("floor"), SessionId("old")
LINES = 40


@asynccontextmanager
async def old_meeting(data: Path) -> AsyncIterator[RunningServer]:
    """A server with a closed meeting, and a translator of its own that says everything again."""
    server, engine = Server(port=0, data=str(data)), EngineSection(count=0)
    # Over before there is a translator: one that is on would be translated by itself.
    async with hall(Settings(server=server, engine=engine, translation=Translation(translators=()))) as before:
        writer = (await before.backend.sessions.open(OLD)).writer
        steps: list[tuple[Actor, list[do.AnyCommand]]] = [
            (SYSTEM, [do.CreateSession(title="Old meeting", languages=("en",))]),
            (SYSTEM, [do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))]),
            (SYSTEM, [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="scripted")]),
            (Actor(Role.ENGINE, "scripted"), [command for n in range(LINES) for command in _line(n)]),
            (SYSTEM, [do.CloseSession()]),
        ]
        for number, (actor, commands) in enumerate(steps):
            assert isinstance(await writer.send(actor, CommandId(f"c{number}"), commands), Receipt)
    translation = Translation(languages=("es", "ar"), translators=("echo",))
    async with hall(Settings(server=server, engine=engine, translation=translation)) as running:
        assert await running.backend.sessions.find(OLD) is not None
        while not running.translation.translators.directions:
            await running.backend.clock.sleep(20)
        yield running


def _line(number: int) -> Sequence[do.AnyCommand]:
    segment, t0 = SegmentId(f"s{number:02}"), 1_000 * number
    start = do.SegmentStart(t0=t0, language="en", origin=Origin.MACHINE)
    said = (Word(f"Line {number}.", t0, t0 + 900),)
    return (
        do.CommitWords(channel=FLOOR, generation=1, segment=segment, first=0, words=said, start=start),
        do.EndSegment(channel=FLOOR, generation=1, segment=segment, t1=t0 + 900, reason=EndReason.SENTENCE),
    )


async def test_it_is_asked_for_and_comes_while_it_is_read(page: Page, tmp_path: Path) -> None:
    async with old_meeting(tmp_path) as running:
        await page.goto(f"{running.address}/s/{OLD}?say=lines")
        await expect(page.locator(".missing")).to_have_text("Not translated here: العربية")
        await page.get_by_text("Another language").click()
        await page.get_by_role("button", name="Português").click()
        await expect(page).to_have_url(f"{running.address}/s/{OLD}?channel=mt-pt&say=lines")
        await expect(page.locator("#Lines .text")).to_have_text([f"[pt] Line {n}." for n in range(LINES)])
        await expect(page.locator("#Announcer > *")).to_have_count(0)
        assert await page.evaluate("scrollY") < 100  # It doesn't run after what comes.
        await expect(page.locator("#State")).to_have_text("Closed: this is the record")
        await page.reload()
        await expect(page.locator("#Lines .text")).to_have_count(LINES)
        await expect(page.locator(".texts form button")).to_have_text(["Español"])


# unit/adapters/reading/test_languages_door.py has the form without a browser.
@pytest.mark.slow
async def test_so_it_does_without_scripts(browser: Browser, tmp_path: Path) -> None:
    async with old_meeting(tmp_path) as running, tab(browser, java_script_enabled=False) as page:
        await page.goto(f"{running.address}/s/{OLD}")
        await page.get_by_text("Another language").click()
        await page.get_by_role("button", name="Español").click()
        lines = page.locator("#Lines .text")
        while await lines.count() < LINES:
            await running.backend.clock.sleep(200)
            await page.reload()
        await expect(lines.first).to_have_text("[es] [pt] Line 0.")
        await page.reload()
        await expect(page.get_by_text("The machine is still translating this text.")).to_have_count(0)
