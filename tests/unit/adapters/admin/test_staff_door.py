from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.admin.staff_door import StaffDoor
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.app.web import LINK_TRIES
from moothall.core.kernel.actors import Role
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock, SeededRandomness


async def test_one_address_tries_five_links_a_second_and_keeps_nobody_else_out() -> None:
    clock, randomness = ManualClock(), SeededRandomness()
    links = RoleLinks(book=MemoryBook(), clock=clock, randomness=randomness)
    _, token = await links.create(Role.CHAIR, HALL, "")
    door = StaffDoor(
        links=links,
        pages=Pages(find_web_folder()),
        gate=AddressGate(clock, randomness, LINK_TRIES),
        room_of=lambda _: None,
        secure=False,
        address_of=lambda request: request.headers.get("X-From", "192.0.2.1"),
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as http:

        async def tried(guess: str, **headers: str) -> int:
            async with http.get(f"/enter/{guess}", headers=headers, allow_redirects=False) as answer:
                return answer.status

        assert {await tried("a" * 32) for _ in range(LINK_TRIES.burst)} == {404}
        await clock.advance(1_000)
        assert [await tried("a" * 32) for _ in range(5)] == [404] * 5
        assert await tried(token) == 429, "who guesses isn't told that it is right"
        assert await tried(token, **{"X-From": "192.0.2.2"}) == 303
