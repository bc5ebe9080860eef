from __future__ import annotations

from collections import Counter

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.connections import AT_ONCE, MOST_OUTSIDE, Connections, unshared_connections
from moothall.adapters.http.open_files import KEPT_BACK, room_for
from moothall.adapters.http.slots import NoSlot, Slots
from moothall.testing.clock import SeededRandomness


async def test_a_request_has_a_place_for_as_long_as_it_is_answered() -> None:
    refused = Counter[str]()
    requests = Slots(SeededRandomness(), most=10, each=1, refused=refused)
    connections = Connections(Slots(SeededRandomness(), most=10), requests)
    inside: list[object] = []

    async def answer(request: web.Request) -> web.Response:
        inside.append(requests.take(request.query["from"]))
        return web.Response()

    app = web.Application(middlewares=[connections.middleware(lambda request: request.query["from"])])
    app.router.add_get("/", answer)
    async with TestClient(TestServer(app)) as client:
        for _ in range(2):
            assert (await client.get("/", params={"from": "192.0.2.1"})).status == 200
        requests.take("192.0.2.2")
        answered = await client.get("/", params={"from": "192.0.2.2"})
        assert answered.status == 503
        assert "your address" in await answered.text()
        for number in range(9):
            requests.take(f"198.51.100.{number}")
        answered = await client.get("/", params={"from": "192.0.2.3"})
        assert (answered.status, "your address" in await answered.text()) == (503, False), "it is everybody's"
    assert inside == [NoSlot.ADDRESS] * 2
    assert requests.count == 10
    assert refused == {"address": 1, "full": 1}


def test_what_comes_at_once_fits_into_the_files_that_are_kept_back() -> None:
    for files in (256, 1_024, 20_000):
        made = unshared_connections(SeededRandomness(), most=room_for(10_000, files).connections)
        assert 2 * made.at_once + MOST_OUTSIDE < KEPT_BACK or made.at_once == AT_ONCE
    assert unshared_connections(SeededRandomness(), most=3).at_once == 1
