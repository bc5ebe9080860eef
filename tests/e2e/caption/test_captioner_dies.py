"""A captioner's browser dies in mid-word: the control room gets an alarm, one key puts the machine on air,
and the captioner returns.

A word is said each second; whoever is on air writes it, and at the end each word is in the text once.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from e2e.conftest import QUIET, chromium
from moothall.core.kernel.actors import Role
from support.desks.meeting import Meeting, S, meeting
from support.desks.spoken_meeting import spoken_in
from support.halls.readers import until
from support.memory.respeaking import lines_of, said

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

GONE = "The page of the captioner who is on air is gone"
AWAY = "Machine text while the captioner is away"


@asynccontextmanager
async def browser_of_its_own(
    started: Browser, folder: Path
) -> AsyncIterator[tuple[Browser, asyncio.subprocess.Process]]:
    """Another Chromium, and what its distribution starts it by, whose group may be killed."""
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    own = ("--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}")
    path, errors = chromium(), asyncio.subprocess.PIPE
    assert path is not None
    process = await asyncio.create_subprocess_exec(path, *QUIET, *sandbox, *own, stderr=errors, start_new_session=True)
    assert process.stderr is not None
    try:
        while not (found := re.search(rb"DevTools listening on (\S+)", line := await process.stderr.readline())):
            assert line, "Chromium has ended."
        yield await started.browser_type.connect_over_cdp(found[1].decode()), process
    finally:
        await kill(process)


async def kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def words(on: Meeting) -> list[str]:
    return " ".join(text for _, text in lines_of(on.live.state)).split()


async def go_on_air(page: Page, on: Meeting, entrance: str) -> None:
    assert (await page.context.request.get(entrance, max_redirects=0)).status == 303
    await page.bring_to_front()
    await page.goto(f"{on.running.address}/caption/{S}")
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")
    await page.keyboard.press("Alt+t")
    await expect(page.locator("#AirWho")).to_have_text("You are on air")


async def type_line(page: Page, on: Meeting, many: int) -> None:
    """The next words, once they were said."""
    there = len(words(on))
    await until(lambda: on.live.state.media_now(on.running.backend.clock.wall()) > (there + many) * 1_000)
    await page.keyboard.type(" ".join(said(there + many, there)))
    await page.keyboard.press("Enter")
    await until(lambda: len(words(on)) == there + many)


async def test_whose_browser_is_killed_is_followed_by_the_machine_by_one_key_and_takes_back(
    page: Page, browser: Browser, started: Browser, tmp_path: Path
) -> None:
    async with meeting(tmp_path) as on, spoken_in(on):
        entrance = await on.link(Role.CAPTIONER)
        control, reader = page, await (await browser.new_context()).new_page()
        await on.enter(control, Role.TECHNICIAN)
        await control.goto(f"{on.running.address}/control")
        await reader.goto(f"{on.running.address}/s/{S}")
        async with browser_of_its_own(started, tmp_path / "chromium") as (killed, process):
            captioner = await (await killed.new_context()).new_page()
            await until(lambda: words(on))
            await go_on_air(captioner, on, entrance)
            await type_line(captioner, on, 2)
            before = words(on)
            await captioner.keyboard.type("and half a wo")
            await expect(reader.get_by_text("and half a wo")).to_be_visible()
            await kill(process)
        await control.bring_to_front()
        alarm = control.locator(".alarm.urgent", has_text=GONE)
        await alarm.get_by_role("button", name=re.compile("^Put the machine on air")).focus()
        await control.keyboard.press("Enter")
        await expect(reader.locator("#State")).to_contain_text(AWAY)
        await until(lambda: len(words(on)) > len(before) + 2)
        again = await (await browser.new_context()).new_page()
        await go_on_air(again, on, entrance)
        await expect(reader.locator("#State")).not_to_contain_text(AWAY)
        await type_line(again, on, 2)
        assert words(on) == said(len(words(on)))
        assert words(on)[: len(before)] == before
        await expect(reader.get_by_text("and half a wo")).to_have_count(0)
        await reader.bring_to_front()
        shown = " ".join(await reader.locator("#Lines .text").all_inner_texts()).split()
        assert shown == words(on)
