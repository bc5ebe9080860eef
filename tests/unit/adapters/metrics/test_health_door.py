from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from moothall.adapters.metrics.health_door import HealthDoor


@web.middleware
async def refuse_all(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(status=429)


def client(*lacking: str) -> TestClient[web.Request, web.Application]:
    door = HealthDoor(lambda: lacking)
    app = web.Application(middlewares=[door.first(), refuse_all])
    app.add_routes(door.routes())
    return TestClient(TestServer(app))


async def test_a_loop_that_answers_is_alive_whether_it_is_ready_or_not() -> None:
    async with client("disk: full") as made, made.get("/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_it_is_ready_when_nothing_is_lacking() -> None:
    async with client() as made, made.get("/readyz") as answer:
        assert (answer.status, await answer.text()) == (200, "ready\n")
        assert answer.headers["Cache-Control"] == "no-store"


async def test_each_part_that_is_not_ready_has_a_line() -> None:
    async with client("disk: full", "doors: not open") as made, made.get("/readyz") as answer:
        assert (answer.status, await answer.text()) == (503, "disk: full\ndoors: not open\n")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Retry-After"] == "5"


async def test_nothing_else_is_asked_before_and_all_else_is() -> None:
    async with client() as made:
        for path in ("/healthz", "/readyz"):
            async with made.head(path) as answer:
                assert answer.status == 200
            async with made.post(path) as answer:
                assert answer.status == 429
        async with made.get("/") as answer:
            assert answer.status == 429
