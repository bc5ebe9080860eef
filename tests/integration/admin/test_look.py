"""The conference's name, logo and colours: the secretariat sets them, pages show them, they are
stored and can be removed.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import aiohttp

from moothall.core.programme.look import MOST_LOGO_BYTES
from support.desks.admin import Browser, admin_house, make
from support.files.pictures import chunk, png


async def choose(browser: Browser, logo: bytes = b"", fields: dict[str, str] | None = None, **more: str) -> int:
    """Fill in the form of the look."""
    if browser.url != "/admin/look":
        await browser.get("/admin/look")
    form = aiohttp.FormData()
    for name, value in {**browser.hidden("/admin/look"), **(fields or {}), **more}.items():
        form.add_field(name, value)
    form.add_field("file", io.BytesIO(logo), filename="logo.png" if logo else "", content_type="image/png")
    return await browser.post("/admin/look", form)


def sheet_of(browser: Browser) -> str | None:
    found = re.search(r'<link rel="stylesheet" href="(/look/[0-9a-f]{16}\.css)">', browser.text)
    return found and found[1]


def logo_of(browser: Browser) -> str | None:
    found = re.search(r'<img class="logo" src="(/look/[0-9a-f]{16}\.png)" width="3" height="2" alt="">', browser.text)
    return found and found[1]


async def test_without_a_chosen_look_pages_ask_for_nothing_more(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        for page in ("/", "/agenda", "/admin", "/admin/look"):
            await secretary.get(page)
            assert "/look/" not in secretary.text.replace("/admin/look", "")
            assert 'class="conference"' not in secretary.text


async def test_name_logo_and_colours_are_on_the_pages_and_outlive_a_restart(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary, reader = await house.secretary(), await house.browser()
        told = png(3, 2, extra=chunk(b"tEXt", b"Author\0Ana"))
        fields = {"name": " Water <Forum>  2026 ", "light": "#7a0026", "dark": "f9b", "zone": "Africa/Nairobi"}
        assert await choose(secretary, told, fields) == 200, secretary.text
        assert "Saved." in secretary.text
        await make(secretary)
        assert "Water &lt;Forum&gt; 2026" in secretary.text
        assert logo_of(secretary)
        for page in ("/", "/agenda", "/s/water-board"):
            await reader.get(page)
            assert sheet_of(reader), page
        await reader.get("/")
        assert "<h1><bdi>Water &lt;Forum&gt; 2026</bdi></h1>" in reader.text
        assert house.running.backend.programme.zone().name == "Africa/Nairobi"
        sheet, logo = sheet_of(reader), logo_of(reader)
        assert sheet
        assert logo
        assert await reader.get(sheet) == 200
        assert reader.headers["Content-Type"].startswith("text/css")
        assert reader.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reader.headers["X-Content-Type-Options"] == "nosniff"
        assert "--accent: #ff99bb; --on-accent: #000000;" in reader.text
        async with reader.http.get(reader.address + logo) as answer:
            assert answer.content_type == "image/png"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert b"Ana" not in await answer.read()
        assert await secretary.get(sheet) == 200
        assert "immutable" in secretary.headers["Cache-Control"]  # The staff's browsers keep it as well.
        await reader.get("/screen/water-board")
        assert sheet_of(reader) is None

    async with admin_house(tmp_path) as house:
        secretary, reader = await house.secretary(), await house.browser()
        await reader.get("/")
        assert (sheet_of(reader), logo_of(reader)) == (sheet, logo)
        assert await choose(secretary, name="Water Forum", light="#7a0026", no_logo="1") == 200
        assert await reader.get(logo) == 404
        assert await choose(secretary, name="", light="") == 200
        assert await reader.get(sheet) == 404
        await reader.get("/")
        assert sheet_of(reader) is None
    kept = (tmp_path / "data" / "book.sqlite3").read_bytes()
    assert png(3, 2)[33:] not in kept


async def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        assert await choose(secretary, name="Forum", light="#ffcc00", dark="#000") == 400
        assert re.search(
            r"On light ground: #ffcc00 can&#39;t be read there\. Its contrast is 1\.\d:1, and 4\.5:1 is the least\. "
            r"The nearest colour that will do is #\w{6}\.",
            secretary.text,
        )
        assert "On dark ground: #000000" in secretary.text
        assert 'value="Forum"' in secretary.text
        assert not house.running.backend.look.shown.name
        assert await choose(secretary, light="reddish") == 400
        assert "is no colour" in secretary.text
        assert await choose(secretary, zone="Mars/Base") == 400
        assert await choose(secretary, name="x" * 101) == 400
        fair = "#8a5a00"
        assert await choose(secretary, light=fair) == 200
        advice = r"On light ground: contrast 5\.\d:1 can be read\. 7:1 would be better, as with #\w{6}\."
        assert re.search(advice, secretary.text)


async def test_a_logo_that_is_no_small_png_is_refused(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        for wrong in (b"<svg onload='alert(1)'/>", png(2_001, 1), png(3, 2)[:-1]):
            assert await choose(secretary, wrong) == 400
            assert "The logo has to be a PNG picture" in secretary.text
        assert await choose(secretary, bytes(MOST_LOGO_BYTES + 1)) == 413
        assert house.running.backend.look.shown.logo is None
        await secretary.get("/admin/look")
        form = aiohttp.FormData({"name": "Forged", "base": secretary.hidden("/admin/look")["base"]})
        form.add_field("file", io.BytesIO(b""), filename="")
        assert await secretary.post("/admin/look", form) == 403


async def test_of_two_who_save_at_once_the_second_is_told(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        one, other = await house.secretary(), await house.colleague()
        await one.get("/admin/look")
        await other.get("/admin/look")
        assert await choose(one, name="First") == 200
        assert await choose(other, name="Second") == 409
        assert 'value="Second"' in other.text
        assert house.running.backend.look.shown.name == "First"
        assert await choose(other, name="Second") == 200
        assert house.running.backend.look.shown.name == "Second"


async def test_the_first_steps_are_done_one_by_one_and_can_be_put_away(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin")
        assert "First steps" in secretary.text
        assert secretary.text.count(">Done<") == 0
        await choose(secretary, name="Forum", zone="Africa/Nairobi")
        await secretary.get("/admin")
        assert await secretary.send("/admin/rooms", title="Main hall") == 200
        assert secretary.text.count(">Done<") == 2
        assert await secretary.send("/admin/first-steps/rehearsal") == 200
        assert "Test meeting" in secretary.text
        assert "Technician" in secretary.text
        await secretary.get("/admin")
        assert secretary.text.count(">Done<") == 3
        assert await secretary.send("/admin/first-steps/hide") == 200
        assert "First steps" not in secretary.text
    async with admin_house(tmp_path) as house:
        secretary = await house.secretary()
        await secretary.get("/admin")
        assert "First steps" not in secretary.text


async def test_the_first_steps_end_with_the_last_or_with_a_meeting(tmp_path: Path) -> None:
    async with admin_house(tmp_path / "one") as house:
        secretary = await house.secretary()
        await make(secretary)
        await secretary.get("/admin")
        assert "First steps" in secretary.text
        await secretary.get("/admin/meetings/water-board")
        assert await secretary.send("/admin/meetings/water-board", act="open") == 200
        await secretary.get("/admin")
        assert "First steps" not in secretary.text
    async with admin_house(tmp_path / "two") as house:
        secretary = await house.secretary()
        await choose(secretary, name="Forum", zone="Africa/Nairobi")
        await make(secretary)
        await make(secretary, title="Try", rehearsal="1")
        await secretary.get("/admin")
        assert "First steps" not in secretary.text  # The first meeting has its technician's link.
