from __future__ import annotations

from gzip import decompress

from aiohttp import hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.entity_tags import tagged

BODY = b"words " * 1_000


async def answer(request: web.Request) -> web.Response:
    return tagged(request, BODY, {hdrs.CONTENT_TYPE: "text/plain; charset=utf-8", hdrs.CACHE_CONTROL: "no-cache"})


async def test_bytes_that_are_known_are_not_sent_again() -> None:
    app = web.Application()
    app.router.add_get("/", answer)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        async with client.get("/", headers={hdrs.ACCEPT_ENCODING: "gzip"}) as response:
            assert decompress(await response.read()) == BODY
            assert (response.content_type, response.charset) == ("text/plain", "utf-8")
            assert response.headers[hdrs.VARY] == hdrs.ACCEPT_ENCODING
            tag = response.headers[hdrs.ETAG]
        for known, status in ((tag, 304), (f'"other", W/{tag}', 304), ("*", 304), ('"other"', 200)):
            async with client.get(
                "/", headers={hdrs.ACCEPT_ENCODING: "identity", hdrs.IF_NONE_MATCH: known}
            ) as response:
                assert response.status == status, known
                assert response.headers[hdrs.ETAG] == tag
                assert response.headers[hdrs.CACHE_CONTROL] == "no-cache"
                assert await response.read() == (BODY if status == 200 else b"")
