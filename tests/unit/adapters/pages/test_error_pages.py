from __future__ import annotations

from collections.abc import AsyncIterator
from html import unescape

import pytest
from aiohttp import ClientError, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.error_pages import error_pages
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable

FAILURES = {
    "full": StorageUnavailable("It says: rhubarb."),
    "broken": RecordBroken("It says: rhubarb."),
    "bug": ValueError("rhubarb"),
}
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async def busy(_: web.Request) -> web.Response:
        raise web.HTTPServiceUnavailable(headers={"Retry-After": "7"})

    async def fail(request: web.Request) -> web.StreamResponse:
        begun = web.StreamResponse()
        if request.query.get("begun"):
            await begun.prepare(request)
            await begun.write(b"x")
        raise FAILURES[request.query["with"]]

    app = web.Application(middlewares=[error_pages(Pages(find_web_folder()))])
    app.add_routes([web.get("/busy", busy), web.get("/fail", fail)])
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_bare_error_becomes_a_page_and_keeps_its_headers(client: Client) -> None:
    async with client.get("/busy", headers={"Accept": "text/html"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "7")
        assert "be reached at the moment." in await response.text()


@pytest.mark.parametrize(
    "case",
    [("full", 503, "in a minute"), ("broken", 500, "is damaged"), ("bug", 500, "went wrong on our side")],
)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
async def test_whoever_asks_for_what_fails_gets_a_sentence(
    client: Client, caplog: pytest.LogCaptureFixture, case: tuple[str, int, str], accept: str
) -> None:
    how, status, sentence = case
    async with client.get(f"/fail?with={how}", headers={"Accept": accept, "Accept-Language": "en"}) as response:
        assert response.status == status
        assert sentence in unescape(await response.text())
    assert "rhubarb" not in caplog.text
    assert ("`moothall verify`" in caplog.text) == (how == "broken")


async def test_what_fails_after_its_answer_has_begun_says_nothing_more(client: Client) -> None:
    async with client.get("/fail?with=bug&begun=1") as response:
        assert response.status == 200
        with pytest.raises(ClientError):
            await response.read()
