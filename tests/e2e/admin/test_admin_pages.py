"""The staff's pages in Chromium: with the keyboard alone, in a narrow window, and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core.commands import OpenSession
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.look import Colours
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.log.act_queue import Receipt
from support.browser.axe import findings
from support.desks.admin import admin_house
from support.files.pictures import png
from support.files.programme_files import sample, week_before
from support.memory.programme import HOUR
from support.sign_in.house import house_with

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def press_to(page: Page, name: str) -> None:
    """Tab until something of that name has the focus."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        said = await focused.evaluate("e => (e.labels?.[0] ?? e).innerText.trim()")
        if said.startswith(name):
            return
    raise AssertionError(f"the keyboard doesn't reach {name}")


async def test_a_meeting_is_made_with_the_keyboard_alone(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        await page.goto(link)
        await expect(page).to_have_url(re.compile(r"/admin$"))
        await press_to(page, "Title")
        await page.keyboard.type("Water board")
        await press_to(page, "Languages that are spoken")
        await page.keyboard.type("English, Swahili")
        await press_to(page, "Access, sound and other settings")
        await page.keyboard.press("Enter")
        await press_to(page, "Everybody")
        await page.keyboard.press("ArrowDown")
        await press_to(page, "Make the meeting")
        await page.keyboard.press("Enter")
        await expect(page.locator(".sheet")).to_have_count(2)
        address = await page.locator(".address a").first.get_attribute("href")
        assert address is not None
        assert "/s/water-board?key=" in address
        live = await house.running.backend.sessions.find(SessionId("water-board"))
        assert live is not None
        assert (live.state.access, live.state.languages) == (Access.LINK, ("en", "sw"))
        await page.goto(address)
        await expect(page).to_have_url(re.compile(r"/s/water-board$"))


# `test_accessibility.py` has the pages at 400 %.
@pytest.mark.slow
async def test_nothing_is_wider_than_a_narrow_window_and_each_sheet_is_a_page(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path, clock=week_before()) as house:
        running = house.running
        await running.office.import_programme(sample("schedule.json"), zone="UTC", access=Access.PUBLIC, apply=True)
        await running.backend.programme.next_session(RoomId("main-hall"))
        link = await running.office.admin_link(new=True)
        assert link is not None
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.goto(link)
        planned = next(each.session for each in running.backend.programme.planned() if each.session != "harbour-ht01")
        for path in (
            "/admin",
            "/admin/meetings/harbour-ht01",
            f"/admin/meetings/{planned}",
            "/staff",
            "/enter/wrong",
            "/admin/links",
            "/admin/look",
        ):
            for ui in ("en", "ar", "ru"):
                await page.goto(f"{running.address}{path}?ui={ui}")
                await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
                assert await page.evaluate("document.documentElement.scrollWidth") <= 320, (path, ui)
        await page.goto(f"{running.address}/admin?ui=ar")
        await page.locator("#NewTitle").click()
        await page.fill("#Title", "اجتماع")
        await page.fill("#Languages", "العربية")
        await page.locator("#New button").click()
        await expect(page.locator(".sheet")).to_have_count(2)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320
        pdf = await page.pdf(prefer_css_page_size=True)
        assert re.findall(rb"/MediaBox \[0 0 (\d+) (\d+)", pdf) == [(b"420", b"594"), (b"420", b"594")]


# integration/admin/test_admin_links.py and test_sign_in.py have the same without a browser.
@pytest.mark.slow
async def test_the_secretariat_signs_in_and_limits_a_link_to_one_browser(page: Page, tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, _):
        await page.goto(f"{house.running.address}/admin")
        await page.get_by_role("link", name="Sign in").click()
        await expect(page).to_have_url(re.compile(r"/admin$"))
        await page.locator("#Links").get_by_role("link", name="Links and sheets").click()
        await expect(page.get_by_role("heading", name="Signed in with an account")).to_be_visible()
        await page.fill("#LinkLabel", "Ana")
        await page.get_by_label("Only for the first browser that opens it").check()
        await page.get_by_role("button", name="Make the link").click()
        address = await page.locator(".address a").first.get_attribute("href")
        assert address is not None
        ana = await house.browser()
        assert await ana.get(address) == 200
        await page.goto(address)
        await expect(page.get_by_role("heading", name="This link belongs to another browser")).to_be_visible()
        await page.goto(f"{house.running.address}/admin/links")
        await expect(page.get_by_text("Opened: 1 ×, browsers: 1")).to_be_visible()
        await page.get_by_role("button", name="Let another browser in").click()
        await expect(page.get_by_role("button", name="Let another browser in")).to_have_count(0)
        assert await ana.get("/staff") == 403


async def test_the_day_is_a_table_that_becomes_a_list_and_the_live_meeting_is_one_click_away(
    page: Page, tmp_path: Path
) -> None:
    async with admin_house(tmp_path, clock=week_before()) as house:
        running = house.running
        await running.office.import_programme(sample("schedule.json"), zone="UTC", access=Access.PUBLIC, apply=True)
        link = await running.office.admin_link(new=True)
        assert link is not None
        await page.goto(link)
        table = page.get_by_role("table")
        await expect(table.get_by_role("columnheader")).to_have_text(["Time", "Harbour room", "Main hall"])
        await expect(table.get_by_role("rowheader").first).to_have_text("09:00")
        await page.get_by_role("link", name="Wed 2 Dec").click()
        await expect(page.locator(".days [aria-current]")).to_contain_text("Wed 2 Dec")
        await expect(table.get_by_role("link", name="Closing: what was agreed")).to_be_visible()
        await page.set_viewport_size({"width": 390, "height": 800})
        places = table.locator("td > .place")
        await expect(places.first).to_be_visible()
        boxes = [await table.locator(".meeting").nth(n).bounding_box() for n in range(2)]
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[0]["y"] < boxes[1]["y"]
        await expect(table.get_by_role("rowheader").first).to_be_visible()  # Still a table for a screen reader.
        await page.get_by_role("link", name="Places", exact=True).click()
        await expect(page.get_by_label("Name of a new place")).to_be_visible()  # The fold opens by itself.
        on = await running.backend.programme.next_session(RoomId("main-hall"))
        await page.goto(f"{running.address}/admin")
        strip = page.get_by_role("region", name="Live now")
        await expect(strip.get_by_role("link", name="Text")).to_have_attribute("href", f"/desk/{on}")


async def test_a_meeting_is_dragged_to_another_place_and_time_and_a_clash_is_shown(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme = house.running.backend.programme
        await programme.keep(rooms=[Room(id=RoomId(name), title=name.title()) for name in ("garden", "hall")])
        nine = programme.now() - programme.now() % (24 * HOUR) + 33 * HOUR
        for name, room, hours in (("a", "garden", 0), ("b", "hall", 2), ("c", "garden", 4)):
            starts = nine + hours * HOUR
            made = Planned(
                session=SessionId(name), title=f"Talk {name}", room=RoomId(room), starts=starts, ends=starts + HOUR
            )
            assert isinstance(await programme.make(made), Planned)
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.goto(link)
        await expect(page.locator("#DragHint")).to_be_visible()
        block = page.locator(".meeting", has_text="Talk a")
        free = page.locator("td[data-place=hall]").nth(0)
        async with page.expect_navigation(url=re.compile(r"/admin\?day=")):
            await block.drag_to(free)
        moved = programme.plan_of(SessionId("a"))
        assert moved is not None
        assert (moved.room, moved.starts, moved.ends) == ("hall", nine, nine + HOUR)
        await expect(page.locator("td[data-place=hall]", has_text="Talk a")).to_be_visible()
        await expect(page.locator(".clash")).to_have_count(0)
        async with page.expect_navigation(url=re.compile(r"/admin\?day=")):
            await page.locator(".meeting", has_text="Talk c").drag_to(page.locator("td", has_text="Talk b"))
        await expect(page.locator("p.clash")).to_have_text("At the same time in the same place")
        # The start of what has begun stays, also of what somebody has begun meanwhile: its page says so.
        live = await programme.live(SessionId("b"))
        assert live is not None
        assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), [OpenSession()]), Receipt)
        async with page.expect_navigation(url=re.compile(r"/admin/meetings/b")):
            await page.locator(".meeting", has_text="Talk b").drag_to(page.locator("td[data-place=garden]").first)
        await expect(page.get_by_text("Its start stays.")).to_be_attached()
        await page.goto(f"{house.running.address}/admin")
        await expect(page.locator(".meeting", has_text="Talk b")).not_to_have_attribute("draggable", "true")


# integration/admin/test_admin_many_links.py has the same without a browser.
@pytest.mark.slow
async def test_the_links_of_a_day_are_one_print_job_and_a_table(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path, clock=week_before()) as house:
        running = house.running
        await running.office.import_programme(sample("schedule.json"), zone="UTC", access=Access.PUBLIC, apply=True)
        link = await running.office.admin_link(new=True)
        assert link is not None
        await page.goto(link)
        await page.locator("#Links").get_by_role("link", name="Links and sheets").click()
        await page.goto(f"{page.url}?day=all")
        meetings = await page.locator("[name=meeting]:checked").count()
        assert meetings > 1
        name = "World Forum on Water and Cities 2026, Nairobi"  # What is added to a sheet takes it to no second page.
        await running.backend.look.write(name=name, colours=Colours(), logo=png(90, 60))
        await page.get_by_label("Captioner").check()
        await page.locator("#Many summary").click()
        await page.fill("#ManyLabel", "Ana Maria Souza, who comes in the morning and goes at noon")
        await page.get_by_role("button", name="Make the links").click()
        sheets = page.locator(".sheet")
        await expect(sheets).to_have_count(3 * meetings)
        pdf = await page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/MediaBox \[0 0 420 594", pdf)) in (1, 3 * meetings)
        assert pdf.count(b"/Type /Page\n") == 3 * meetings
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await sheets.nth(1).get_by_role("button", name="Copy").click()
        await expect(page.get_by_role("status").filter(has_text="Copied: ")).to_be_visible()
        address = await sheets.nth(1).locator(".address a").get_attribute("href")
        assert await page.evaluate("navigator.clipboard.readText()") == address
        await page.evaluate("window.print = () => { document.title = 'printed'; }")
        await page.get_by_role("button", name="Print").click()
        assert await page.title() == "printed"
        async with page.expect_download() as download:
            await page.get_by_role("button", name="As a table").click()
        await (await download.value).save_as(tmp_path / "links.csv")
        saved = (tmp_path / "links.csv").read_text("utf-8-sig")
        assert len(saved.splitlines()) == 1 + 3 * meetings
        assert address is not None
        assert address in saved


# integration/admin/test_look.py has the same without a browser.
@pytest.mark.slow
async def test_chosen_colours_are_in_the_two_plain_themes_alone(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        await house.running.backend.look.write(name="", colours=Colours(light="#7a0026", dark="#ff99bb"), logo=None)
        accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
        for system, theme, colour in (
            ("light", "", "#7a0026"), ("dark", "", "#ff99bb"), ("dark", "light", "#7a0026"),
            ("light", "dark", "#ff99bb"),
            ("light", "yellow", "#00256b"), ("light", "blue", "#ffe27a"), ("dark", "system", "#ff99bb"),
        ):  # fmt: skip
            await page.emulate_media(color_scheme=system)  # type: ignore[arg-type]
            await page.goto(house.running.address)
            await page.evaluate(f"document.documentElement.dataset.theme = '{theme}'" if theme else "0")
            assert await page.evaluate(accent) == colour, (system, theme)
        await page.emulate_media(color_scheme="light", forced_colors="active")
        assert await page.evaluate(f"delete document.documentElement.dataset.theme; {accent}") == "#0d4a57"
        await page.emulate_media(media="print", forced_colors="none")
        assert await page.evaluate(accent) == "#0d4a57"


# The house of test_accessibility.py has meetings, and no first steps.
@pytest.mark.slow
async def test_the_first_steps_pass_axe_and_fit_a_narrow_window(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.goto(link)
        for ui in ("en", "ar"):
            await page.goto(f"{house.running.address}/admin?ui={ui}")
            assert await page.locator("#FirstSteps li").count() == 4
            assert await page.evaluate("document.documentElement.scrollWidth") <= 320
            assert await findings(page) == []
