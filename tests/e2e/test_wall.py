"""*Clear the wall* in Chromium: the wall, the overlay, and the pages from which they are emptied."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from asking import SOMEBODY, ask, name, stand
from desk_meeting import Meeting, S, meeting
from moothall.core import events as ev
from moothall.core.actors import Actor, Role
from moothall.core.floor.parts import Standing
from moothall.core.signals import Unrecorded
from stage import FLOOR, Stage, ended, opened, partial, stage, words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MODERATOR = Actor(Role.MODERATOR, "m1")


async def visit(page: Page, on: Stage, path: str) -> None:
    """Open one of the pages and wait until its stream is open."""
    async with page.expect_response(lambda response: "/events" in response.url):
        await page.goto(on.page + path)


@pytest.mark.parametrize("path", ["/screen", "/overlay"])
async def test_a_wall_is_emptied_and_begins_with_the_next_line(page: Page, path: str) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on, path)
        newest = page.locator("#Newest")
        await on.say(opened("g", 12_000), words("g", 0, "Rude words"), signals=[partial("g", 2, "and more")])
        await expect(newest).to_contain_text("Rude words and more")
        await on.say(ev.WallCleared(t=13_000))
        await expect(newest).to_have_text("")
        await on.say(words("g", 2, "and more of"), signals=[partial("g", 5, "them")])
        await on.say(ended("g", "Rude words and more of them."), signals=[partial("h", 0, "Good")])
        await on.say(signals=[partial("h", 0, "Good day")])
        await expect(newest).to_have_text("")
        await on.say(opened("h", 14_000), words("h", 0, "Good day"), signals=[partial("h", 2, "to")])
        await expect(newest).to_have_text("Good day to ")
        await on.say(signals=[partial("i", 0, "And")])
        await expect(newest).to_contain_text("And")
        later = await page.context.new_page()
        await visit(later, on, path)
        await expect(later.locator("#Newest")).to_contain_text("Good day")
        assert "Rude" not in await later.content()
        await on.say(ev.WallCleared(t=None))
        for each in (page, later):
            await expect(each.locator("#Newest")).to_contain_text("Rude words and more of them.")
        await later.close()


async def test_a_box_in_somebodys_page_keeps_its_text(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on, "/embed")
        await on.say(ev.WallCleared(t=60_000), opened("h", 61_000), ended("h", "And on."))
        await expect(page.locator("#Newest")).to_contain_text("And on.")
        await expect(page.locator("#Newest")).to_contain_text("line number 2")


async def test_what_is_not_kept_goes_too_and_so_does_the_text_of_a_meeting_that_is_over(page: Page) -> None:
    async with stage() as on:
        await on.lines(3)
        await visit(page, on, "/screen")
        await on.say(
            ev.NotRecordedBegan(t0=1_000), signals=[Unrecorded(channel=FLOOR, text="Off we go", language="en")]
        )
        await expect(page.locator(".moment")).to_contain_text("Off we go")
        await on.say(ev.WallCleared(t=60_000))
        await expect(page.locator("#Newest")).to_have_text("")
        await on.say(signals=[Unrecorded(channel=FLOOR, text="Off we go now", language="en")])
        nothing = Unrecorded(channel=FLOOR, text="", language="")
        await on.say(ev.NotRecordedEnded(t1=70_000), ev.SessionClosed(t=80_000), signals=[nothing])
        await expect(page.locator("#State")).to_have_text("Closed: this is the record")
        await expect(page.locator("#Newest")).to_have_text("")
        await on.say(ev.WallCleared(t=None))
        await expect(page.locator("#Newest")).to_contain_text("line number 2")
        await visit(page, on, "/screen")
        await on.say(ev.WallCleared(t=90_000))
        await expect(page.locator("#Newest")).to_have_text("")


async def sit(page: Page, on: Meeting, role: Role, path: str) -> None:
    await page.goto(await on.link(role))
    await page.goto(on.running.address + path)
    await expect(page.locator("#Stands")).to_have_attribute("data-kind", "live")


async def called(on: Meeting, text: str = "A rude question") -> None:
    await on.do(ask("a", text), by=SOMEBODY)
    await on.do(stand(Standing.QUEUED, "a"), stand(Standing.CALLED, "a"), by=MODERATOR)


@pytest.mark.parametrize(
    ("role", "path"),
    [(Role.MODERATOR, f"/moderate/{S}"), (Role.CHAIR, f"/podium/{S}"), (Role.CAPTIONER, f"/desk/{S}")],
)
async def test_the_walls_are_emptied_from_each_page_of_the_staff(
    page: Page, browser: Browser, tmp_path: Path, role: Role, path: str
) -> None:
    async with meeting(tmp_path) as on, await browser.new_context() as elsewhere:
        await on.say("s1", "Something rude.")
        await called(on)
        wall = await elsewhere.new_page()
        await wall.goto(f"{on.running.address}/s/{S}/screen")
        await expect(wall.locator("#Newest")).to_contain_text("Something rude.")
        await sit(page, on, role, path)
        await page.get_by_role("button", name="Clear the wall").click()
        await expect(page.locator("#Status")).to_have_text("The walls are empty")
        await expect(wall.locator("#Newest")).to_have_text("")
        each = on.live.state.floor.get(name("a"))
        assert each is not None
        assert each.standing is Standing.CHECKED
        if await page.locator("#Done").count():
            await page.get_by_role("button", name="Undo: Wall cleared").click()
            await expect(wall.locator("#Newest")).to_contain_text("Something rude.")
            assert on.live.state.floor.called == "a"


async def test_a_key_empties_the_walls_and_another_one_takes_it_back(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await called(on)
        await sit(page, on, Role.MODERATOR, f"/moderate/{S}")
        await expect(page.locator("#Called #q-a")).to_be_visible()
        await page.keyboard.press("z")
        await expect(page.locator("#Checked #q-a")).to_be_visible()
        await page.keyboard.press("u")
        await expect(page.locator("#Called #q-a")).to_be_visible()


async def test_who_looks_after_all_meetings_empties_the_walls_of_one(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await called(on)
        await sit(page, on, Role.TECHNICIAN, "/control")
        await page.get_by_role("button", name="Clear the wall: Open hall").click()
        await expect(page.locator("#Status")).to_have_text("The walls are empty: \u2068Open hall\u2069")
        assert on.live.state.wall_cleared is not None
        assert on.live.state.floor.called is None


async def test_who_only_listens_has_no_such_button(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:
        await sit(page, on, Role.INTERPRETER, f"/desk/{S}")
        await expect(page.locator("#ClearWall")).to_be_hidden()
