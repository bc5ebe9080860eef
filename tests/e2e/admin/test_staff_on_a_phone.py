"""Pages of the staff and of the secretariat on a phone: nothing is wider, and everything can be hit with a thumb."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page

from moothall.core import commands as do
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Room, RoomId
from moothall.services.sessions.staff import room_scope, session_scope
from support.desks.admin import admin_house, make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BOARD = SessionId("water-board")

MEETING = "/admin/meetings/water-board"
PAGES = (
    "/admin",
    *("/admin/links", "/admin/look", "/admin/hubs", "/admin/languages", "/admin/agenda", "/admin/access-needs"),
    *("/admin/tokens", "/admin/webhooks", "/admin/retention", "/admin/removed", "/admin/speakers", "/admin/reports"),
    "/attendance/water-board",
    "/admin/policy",
    "/moderate/water-board/opinions",
    "/admin/documents",
    "/admin/bodies",
    *(f"{MEETING}{part}" for part in ("", "/stream", "/zoom", "/agenda", "/duplicate", "/delete")),
)

# Whatever can be pressed and is smaller than 44 px, which is a finger's width; of a box to tick its label counts.
SMALL = """() => [...document.querySelectorAll('a, button, summary, select, input:not([type=hidden])')]
  .filter((each) => each.checkVisibility() && !each.matches('.skip'))
  .map((each) => [each.innerText || each.name, (each.closest('.choice') ?? each).getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44)
  .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""


# Buttons and links that look like some, where nothing lies between two of them; and days beside their numbers.
TOUCHING = """() => {
  const acts = [...document.querySelectorAll('.act')].filter((each) => each.checkVisibility());
  const boxes = acts.map((each) => [each.innerText, each.getBoundingClientRect()]);
  const parts = [...document.querySelectorAll('.days .count')].map((each) => {
    const day = document.createRange();
    day.selectNode(each.previousSibling);
    return [each.parentElement.innerText, day.getBoundingClientRect(), each.getBoundingClientRect()];
  });
  const apart = (a, b) => Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
  return [
    ...boxes.flatMap(([name, a], n) => boxes.slice(n + 1)
      .filter(([, b]) => apart(a, b) < 4).map((each) => [name, each[0]])),
    ...parts.filter(([, a, b]) => apart(a, b) < 2).map(([text]) => text),
  ];
}"""


async def test_all_that_can_be_pressed_is_large_enough_on_a_phone(page: Page, tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        programme, links, address = house.running.backend.programme, house.running.backend.links, house.running.address
        await programme.keep(rooms=[Room(id=RoomId("hall"), title="Hall"), Room(id=RoomId("garden"), title="Garden")])
        await make(await house.secretary(), place="hall")
        await programme.send(BOARD, do.OpenSession())
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(link)
        for role, scope in ((Role.MODERATOR, session_scope(BOARD)), (Role.TECHNICIAN, room_scope(RoomId("garden")))):
            _, token = await links.create(role, scope, "Ann")
            # Without a page, whose socket would still connect with the key that the next link replaces.
            await page.context.request.get(f"{address}/enter/{token}")
        for path in ("/staff", *PAGES):
            for ui in ("en", "ar", "zh", "ru"):
                await page.goto(f"{address}{path}?ui={ui}")
                await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
                assert await page.evaluate(SMALL) == [], (path, ui)
                assert await page.evaluate(TOUCHING) == [], (path, ui)
                assert await page.evaluate("document.documentElement.scrollWidth") <= 390, (path, ui)
