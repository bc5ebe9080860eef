from __future__ import annotations

from gzip import decompress

from aiohttp import hdrs, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.http.entity_tags import MOST_TAGGED, tag_answers, tagged

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


async def cookie(_: web.Request) -> web.Response:
    response = web.Response(text="yours")
    response.set_cookie("a", "b")
    return response


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"on and on")
    return response


ANSWERS = {
    "/page": web.Response(text="words", headers={"Cache-Control": "no-cache", "Content-Disposition": "attachment"}),
    "/own": web.Response(text="words", headers={"Cache-Control": "private, no-store"}),
    "/static": web.Response(text="words", headers={"Cache-Control": "public, immutable"}),
    "/wrong": web.Response(text="words", status=404),
    "/known": web.Response(text="words", headers={"ETag": '"own"'}),
    "/large": web.Response(body=bytes(MOST_TAGGED + 1)),
}


async def test_answers_that_may_be_kept_get_the_tag_of_their_bytes() -> None:
    app = web.Application(middlewares=[tag_answers()])
    for path in ANSWERS:

        async def answer(request: web.Request) -> web.Response:
            made = ANSWERS[request.path]
            return web.Response(body=made.body, status=made.status, headers=made.headers)

        app.router.add_get(path, answer)
    app.router.add_get("/cookie", cookie)
    app.router.add_get("/stream", stream)
    async with TestClient(TestServer(app)) as client:
        found = {}
        for path in (*ANSWERS, "/cookie", "/stream"):
            async with client.get(path) as response:
                found[path] = response.headers.get("ETag")
        tag = found.pop("/page")
        assert tag is not None
        assert found.pop("/known") == '"own"'
        assert set(found.values()) == {None}, found
        async with client.get("/page", headers={"If-None-Match": f'"other", W/{tag}'}) as response:
            assert (response.status, await response.read()) == (304, b"")
            assert (response.headers["ETag"], response.headers["Cache-Control"]) == (tag, "no-cache")
            assert "Content-Disposition" not in response.headers
        async with client.head("/page") as response:
            assert (response.status, response.headers["ETag"]) == (200, tag)
