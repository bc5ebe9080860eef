from __future__ import annotations

import pytest
from aiohttp import hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.request_context import HttpProblem
from moothall.adapters.pages.visitor_request import read_form, see_other

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "headers", "answer"),
    [
        (b"a=1&b=&a=2", FORM, "200 {'a': '2'}"),
        (b"a=1&b=2&c=3&d=4", FORM, "400 unread"),
        (b"a=\xff", FORM, "400 unread"),
        (b"a=1", {"Content-Type": "text/plain"}, "415 unread"),
        (b"a=" + b"1" * 20, FORM, "413 long"),
        (b"a=" + b"1" * 20, {"Content-Type": "text/plain"}, "413 long"),
    ],
)
async def test_a_form_is_read_up_to_its_bounds(body: bytes, headers: dict[str, str], answer: str) -> None:
    async def take(request: web.Request) -> web.Response:
        try:
            form = await read_form(request, 20, fields=3, long="long", unread="unread")
        except HttpProblem as wrong:
            return web.Response(text=f"{wrong.status} {wrong.key}")
        return web.Response(text=f"200 {form}")

    app = web.Application()
    app.add_routes([web.post("/", take)])
    async with TestClient(TestServer(app)) as client, client.post("/", data=body, headers=headers) as got:
        assert await got.text() == answer


def test_a_browser_is_sent_on_and_keeps_nothing() -> None:
    response = see_other("/there?a=b", {"Referrer-Policy": "no-referrer"})
    assert (response.status, response.headers[hdrs.LOCATION]) == (303, "/there?a=b")
    assert (response.headers[hdrs.CACHE_CONTROL], response.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
