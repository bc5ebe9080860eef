"""A meeting that is on is changed on its page; open pages of readers, walls and microphones follow by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Room, RoomId
from moothall.services.sessions.staff import room_scope
from support.browser.axe import findings
from support.desks.admin import admin_house, make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOARD = SessionId("water-board")


async def test_readers_walls_and_microphones_follow_what_is_changed_while_it_is_on(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme, address = house.running.backend.programme, house.running.address
        rooms = {name: Room(id=RoomId(name.lower()), title=name) for name in ("Hall", "Garden")}
        await programme.keep(rooms=list(rooms.values()))
        await make(await house.secretary(), place="hall")
        await programme.send(BOARD, do.OpenSession())
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        assert page.context.browser is not None
        others = await page.context.browser.new_context(locale="en-GB")
        reader, wall = await others.new_page(), await others.new_page()
        technicians = await page.context.browser.new_context(locale="en-GB")
        microphone = await technicians.new_page()
        _, token = await house.running.backend.links.create(Role.TECHNICIAN, room_scope(RoomId("hall")), "")
        await microphone.goto(f"{address}/enter/{token}")
        await microphone.goto(f"{address}/room/hall/microphone")
        await reader.goto(f"{address}/s/water-board")
        await wall.goto(f"{address}/room/hall/screen")
        await expect(microphone.locator("#OnTitle")).to_have_text("Water board")
        await expect(wall.locator("#Title")).to_have_text("Water board")

        await page.goto(link)
        await page.goto(f"{address}/admin/meetings/water-board")
        change, save = page.get_by_text("Change it").first, page.get_by_role("button", name="Save the changes")
        await change.click()
        await page.get_by_label("Keep none").check()
        await save.click()
        warning = page.get_by_role("alert")
        await expect(warning).to_contain_text("What has been recorded of the sound is deleted")
        assert await findings(page) == []
        await save.click()
        await expect(warning).to_have_count(0)
        await expect(reader.locator("#Notices")).to_contain_text("No sound is kept.")
        await expect(microphone.locator("#Kept")).to_have_text("The sound itself is not kept.")

        await change.click()
        await page.get_by_label("Place").select_option("Garden")
        await save.click()
        await expect(page.get_by_role("definition").filter(has_text="Garden")).to_be_visible()
        await expect(microphone.locator("#On")).to_be_hidden(timeout=15_000)
        await expect(wall.get_by_role("heading")).to_have_text("Hall", timeout=15_000)
        await wall.goto(f"{address}/room/garden/screen")
        await expect(wall.locator("#Title")).to_have_text("Water board")

        await change.click()
        await page.get_by_label("Only those who work here").check()
        await save.click()
        await expect(warning).to_contain_text("is sent away at once")
        await save.click()
        await expect(warning).to_have_count(0)
        await expect(reader.get_by_role("heading", level=1)).to_contain_text("not be open to you", timeout=15_000)
        await expect(wall.get_by_text("Water board")).to_have_count(0)
        await others.close()
        await technicians.close()
