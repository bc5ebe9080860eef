"""The links of many meetings at once: made once, as sheets and as a table, never doubled unless asked."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from html import unescape
from pathlib import Path

from moothall.core.kernel.actors import Role
from moothall.services.programme.links_of_sessions import MOST_AT_ONCE
from support.desks.admin import AdminHouse, Browser, admin_house, make

Fields = list[tuple[str, str]]


async def two_meetings(house: AdminHouse) -> Browser:
    """In one place; the second is read by who has its link."""
    secretary = await house.secretary()
    await secretary.send("/admin/rooms", title="=Hall")
    await make(secretary, title="Water", place="hall")
    await make(secretary, title="Land", access="link")
    await secretary.get("/admin/links")
    return secretary


def chosen(browser: Browser, *more: tuple[str, str], meetings: tuple[str, ...] = ("water", "land")) -> Fields:
    """The form of the page with those meetings."""
    hidden = browser.hidden("/admin/links/many")
    return [*hidden.items(), *(("meeting", each) for each in meetings), *more]


def table(browser: Browser) -> list[list[str]]:
    """The lines of the table below its head."""
    return list(csv.reader(io.StringIO(browser.text.removeprefix("\ufeff"))))[1:]


async def test_links_of_a_day_are_made_once_and_are_sheets_and_a_table(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await two_meetings(house)
        links = house.running.backend.links
        before = links.list()
        assert re.search(r'name="meeting" value="water" checked', secretary.text)
        roles = (("role", "captioner"), ("role", "moderator"), ("role", "reader"), ("role", "hub"))
        form = chosen(secretary, *roles, ("label", "@Ana"), ("paper", "a4"))
        assert await secretary.post("/admin/links/many", form) == 200, secretary.text
        assert secretary.headers["Cache-Control"] == "no-store"
        assert 'data-paper="a4"' in secretary.text
        assert "You correct the text while it comes." in secretary.text
        addresses = secretary.addresses()
        made = [each for each in links.list() if each not in before]
        assert [(each.scope, each.role) for each in made if each.role is not Role.READER] == [
            ("session:land", Role.CAPTIONER), ("session:land", Role.MODERATOR),
            ("session:water", Role.CAPTIONER), ("session:water", Role.MODERATOR),
        ]  # fmt: skip
        assert len(addresses) == 5  # The second meeting has a reader's link already, which its making made.
        assert sum("/s/water" in each for each in addresses) == 1

        form_of_page = secretary.hidden("/admin/links/table")
        assert unescape(secretary.url) == "/admin/links/many"
        assert await secretary.post("/admin/links/table", form_of_page) == 200
        assert secretary.headers["Cache-Control"] == "no-store"
        assert secretary.headers["Content-Disposition"] == 'attachment; filename="links.csv"'
        assert secretary.text.startswith("\ufeffday,time,meeting,room,role,label,address\r\n")
        rows = table(secretary)
        assert [row[-1] for row in rows] == addresses
        water = next(row for row in rows if row[2] == "Water" and row[4] == "Captioner")
        assert water[3] == "'=Hall"
        assert water[5] == "'@Ana"
        assert await (await house.browser()).get(rows[0][-1]) == 200

        again = form_of_page | {"sheets": "=nobody guess =../x " + "x" * 99}
        assert await secretary.post("/admin/links/table", again) == 200
        assert table(secretary) == []

        assert await secretary.post("/admin/links/many", form) == 200  # The same form again makes nothing.
        assert secretary.url == "/admin/links"
        captioners = [("role", "captioner")]
        assert await secretary.post("/admin/links/many", chosen(secretary, *captioners)) == 200
        assert "Nothing was made" in secretary.text
        assert "There already, and not made again: 2" in secretary.text
        await secretary.get("/admin/links")
        assert await secretary.post("/admin/links/many", chosen(secretary, *captioners, ("again", "1"))) == 200
        assert len(secretary.addresses()) == 2


async def test_a_link_for_each_place_serves_its_meetings_and_terms_are_those_that_fit(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await two_meetings(house)
        terms = (("each", "place"), ("with_session", "1"), ("one_browser", "1"), ("expires", "2999-01-01 00:00"))
        form = chosen(secretary, ("role", "chair"), ("role", "reader"), *terms)
        assert await secretary.post("/admin/links/many", form) == 200, secretary.text
        links = house.running.backend.links
        chairs = {each.scope: links.terms(each.link) for each in links.list() if each.role is Role.CHAIR}
        assert list(chairs) == ["session:land", "room:hall"]
        assert [each.with_session for each in chairs.values()] == [True, False]
        assert all(each.one_browser and each.expires for each in chairs.values())
        assert await secretary.send("/admin/links/table") == 200
        meeting, room = (row for row in table(secretary) if row[4] == "Chair")
        assert (room[2], room[3], meeting[2], meeting[3]) == ("", "'=Hall", "Land", "")


async def test_a_form_that_asks_for_nothing_or_too_much_makes_nothing(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        secretary = await two_meetings(house)
        links = house.running.backend.links
        before = links.list()
        wrong: list[Fields] = [
            chosen(secretary),
            chosen(secretary, ("role", "captioner"), meetings=("gone",)),
            chosen(secretary, ("role", "captioner"), ("expires", "2001-01-01 00:00")),
        ]
        for form in wrong:
            assert await secretary.post("/admin/links/many", form) == 400
        assert "A link has to expire later than now." in secretary.text
        assert 'value="2001-01-01 00:00"' in secretary.text
        form = chosen(secretary, ("role", "captioner"))
        assert await secretary.post("/admin/links/many", form, origin="https://elsewhere.example") == 403
        assert await secretary.post("/admin/links/many", [*form[1:]]) == 403
        assert links.list() == before


async def test_two_secretaries_who_ask_for_the_same_get_it_once(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        first = await two_meetings(house)
        second = await house.colleague()
        await second.get("/admin/links?day=all")
        role = ("role", "rapporteur")
        await asyncio.gather(*(each.post("/admin/links/many", chosen(each, role)) for each in (first, second)))
        assert [each.status for each in (first, second)] == [200, 200]
        assert sorted(len(each.addresses()) for each in (first, second)) == [0, 2]
        assert MOST_AT_ONCE >= 100 * 4
