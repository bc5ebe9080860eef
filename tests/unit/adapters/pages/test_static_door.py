from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.joining import LATE
from moothall.adapters.pages.static_door import MOVED, StaticDoor
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages


def test_what_has_moved_is_not_where_it_was_and_is_where_it_is_said_to_be() -> None:
    web_folder = find_web_folder()
    assert [name for name in MOVED if (web_folder / name).exists()] == []
    assert [name for name in MOVED.values() if not (web_folder / name).exists()] == []


@pytest.mark.parametrize("late", ["", LATE])
async def test_an_open_page_of_another_release_is_led_to_a_script_that_has_moved(late: str) -> None:
    """Its own version stays in the address, so that what the script imports comes from there too."""
    pages = Pages(find_web_folder())
    app = web.Application()
    app.add_routes(StaticDoor(pages).routes())
    async with TestClient(TestServer(app)) as client:
        async with client.get(f"/static/0123/{late}js/reader/quote.js", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "/static/0123/js/panels/quote.js")
        async with client.get("/static/0123/js/panels/quote.js") as answer:
            assert (answer.status, answer.content_type) == (200, "text/javascript")
        async with client.get(f"/static/{pages.static.version}/js/reader/quote.js", allow_redirects=False) as answer:
            assert answer.status == 404, "no page of this release asks for it there"
