"""Who was there, in Chromium: a count, a file of badges, the attendance list, the release, and what everybody sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, expect

from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.staff import HALL
from support.desks.admin import admin_house, make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOARD = SessionId("water-board")
REPORT = "/attendance/water-board"


async def test_from_the_first_count_to_the_year(browser: Browser, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        backend, address = house.running.backend, house.running.address
        await make(await house.secretary())
        await backend.programme.send(BOARD, do.OpenSession())
        office, visitor = await browser.new_context(locale="en-GB"), await browser.new_context(locale="en-GB")
        _, token = await backend.links.create(Role.SECRETARIAT, HALL, "office")
        await office.request.get(f"{address}/enter/{token}", max_redirects=0)

        page = await office.new_page()
        await page.goto(f"{address}/figures/water-board")
        await page.get_by_role("link", name="Who was there").click()
        await page.get_by_label("How many people are on site").fill("forty")
        await page.get_by_role("button", name="Save the count").click()
        await expect(page.get_by_role("alert")).to_contain_text("as a number from 0 to 100,000")
        await page.get_by_label("How many people are on site").fill("400")
        await page.get_by_role("button", name="Save the count").click()
        table = FilePayload(name="badges.csv", mimeType="text/csv", buffer=b"badge,name\n1,Ana\n2,Ben\n1,Ana\n")
        await page.get_by_label("A file of badges (CSV)").set_input_files(table)
        await page.get_by_label("The count before was wrong").last.check()
        await page.get_by_role("button", name="Count the badges").click()
        site = page.locator(".numbers > div", has_text="On site").locator("dd")
        await expect(site).to_have_text("2")
        await page.get_by_role("button", name="Open an attendance list").click()
        await page.get_by_role("link", name="Attendance list").click()

        own = await visitor.new_page()
        await own.goto(page.url)
        await own.get_by_label("Your name").fill("Ana Souza")
        await own.get_by_label("Whom you represent").fill("Radio Kisumu")
        await own.get_by_label("My name and whom I represent may be published").check()
        await own.get_by_role("button", name="Sign in on the list").click()
        await expect(own.get_by_role("status")).to_have_text("You are on the list.")
        await own.get_by_label("Your name").fill("Ana Sousa")
        await own.get_by_role("button", name="Change my entry").click()
        await expect(own.get_by_label("Your name")).to_have_value("Ana Sousa")

        reader = await visitor.new_page()
        await reader.goto(f"{address}/s/water-board")
        await expect(reader.locator("#Lines")).to_be_attached()
        await page.goto(f"{address}{REPORT}")
        online = page.locator(".numbers > div", has_text="Online").locator("dd")
        while await online.inner_text() != "1":  # Whoever reads is counted once their line is open.
            await page.reload()
        await backend.programme.send(BOARD, do.CloseSession())
        await reader.goto(f"{address}{REPORT}")
        await expect(reader.get_by_text("This report is not public yet.")).to_be_visible()
        await page.reload()
        await page.get_by_role("button", name="Make the list final").click()
        await page.get_by_role("button", name="Release this report").click()
        await reader.reload()
        await expect(reader.get_by_role("row", name="Ana Sousa Radio Kisumu")).to_be_visible()
        await reader.get_by_role("link", name="The whole year").click()
        await expect(reader.locator(".numbers").first).to_contain_text("2 to 3")
        await reader.get_by_role("link", name="What was recommended").click()
        await expect(reader.locator("#C\\.3-attendees")).to_contain_text("2 to 3")
        await office.close()
        await visitor.close()
