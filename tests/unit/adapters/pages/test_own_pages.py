from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import urlencode

import pytest
from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from moothall.adapters.pages.own_pages import TYPED, own_pages_only
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.visitor_request import MAX_BODY_BYTES
from moothall.core.programme.agenda import AgendaPart

ORIGIN = "https://hall.example.org"
ELSEWHERE = {"Origin": "https://elsewhere.example", "Accept-Language": "en"}
FORM = "application/x-www-form-urlencoded"
PAGES = Pages(find_web_folder())
POSTS = (
    "/",
    "/leave",
    "/hub/pair",
    "/s/{session}/ask",
    "/s/{session}/language",
    "/s/{session}/asked/{token}/words",
    "/s/{session}/asked/{number}/support",
    "/admin/links/{link}/revoke",
)
Client = TestClient[web.Request, web.Application]


async def done(request: web.Request) -> web.Response:
    return web.Response(text=f"done {await request.text()}")


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application(middlewares=[own_pages_only(PAGES, frozenset({ORIGIN}))])
    for path in POSTS:
        app.router.add_post(path, done)
    for path in ("/", "/s/{session}", "/s/{session}/ask", "/s/{session}/asked/{token}", "/admin"):
        app.router.add_get(path, done)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as made:
        yield made


async def refused(client: Client, path: str, body: object = None, **headers: str) -> str:
    """The page."""
    async with client.post(path, data=body, headers={**ELSEWHERE, **headers}) as answer:
        assert answer.status == 403
        assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "strict-origin")
        assert "Set-Cookie" not in answer.headers
        text = unescape(await answer.text())
        assert "<h1>This was sent from a page that is not ours, so nothing was done with it.</h1>" in text
        return text


@pytest.mark.parametrize(
    "origin", ["null", "", f"{ORIGIN}.evil.example", f"{ORIGIN}:443", ORIGIN.upper(), "http://hall.example.org"]
)
async def test_only_our_own_pages_may_send(client: Client, origin: str) -> None:
    await refused(client, "/s/s/ask", Origin=origin)
    async with client.post("/s/s/ask", data=b"x", headers={"Origin": ORIGIN}) as answer:
        assert await answer.text() == "done x"


async def test_who_says_no_origin_is_a_machine_where_machines_send_and_refused_elsewhere(client: Client) -> None:
    for path, body, status in (
        ("/hub/pair", {"json": {}}, 200),
        ("/hub/pair", {"data": {"words": "x"}}, 403),
        ("/s/s/ask", {"json": {}}, 403),
        ("/s/s/ask", {"data": {"text": "x"}}, 403),
    ):
        async with client.post(path, **body) as answer:
            assert answer.status == status, (path, body)


async def test_what_is_no_post_and_what_leads_nowhere_is_left_to_others(client: Client) -> None:
    async with client.get("/s/s/ask", headers=ELSEWHERE) as answer:
        assert answer.status == 200
    for path, status in (("/nowhere", 404), ("/s/s", 405)):
        async with client.post(path, headers=ELSEWHERE) as answer:
            assert answer.status == status


async def test_what_was_typed_stands_there_and_nothing_that_was_chosen_or_that_lets_anybody_in(client: Client) -> None:
    fields = {"text": "Why <now>?\nAnd how?", "name": " ", "form": "token", "kind": "question", "words": "acorn album"}
    text = await refused(client, "/s/s/ask", urlencode(fields).encode(), **{"Content-Type": FORM})
    assert re.findall(r'<p class="typed" dir="auto">([^<]*<now>[^<]*)</p>', text) == ["Why <now>?\nAnd how?"]
    assert text.count('class="typed"') == 1
    assert "<form" not in text, "a page of somebody else would have filled it in"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"text=" + b"x" * MAX_BODY_BYTES, FORM),
        (b"\xff", FORM),
        (b"text=x", "text/plain"),
        (None, "multipart/form-data"),
    ],
)
async def test_what_cannot_be_read_is_refused_alike(client: Client, body: bytes | None, kind: str) -> None:
    assert 'class="typed"' not in await refused(client, "/s/s/ask", body, **{"Content-Type": kind})


@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/s/s/ask?ui=en", "/s/s/ask?ui=en"),
        ("/s/%C3%BC/language?channel=es", "/s/%C3%BC?channel=es"),
        ("/s/s/asked/AbC.q/words", "/s/s/asked/AbC.q"),
        ("/s/s/asked/1/support", "/s/s/questions"),
        ("/admin/links/l1/revoke", "/admin"),
        ("/leave", "/"),
        ("/", "/"),
    ],
)
async def test_it_leads_back_to_the_nearest_page(client: Client, path: str, back: str) -> None:
    assert f'<a href="{back}">Back to the page</a>' in await refused(client, path)


@pytest.mark.parametrize("headers", [{"Accept": "application/json"}, {"Content-Type": "application/json"}])
async def test_scripts_get_the_sentence(client: Client, headers: dict[str, str]) -> None:
    async with client.post("/s/s/ask", data=b"{}", headers={**ELSEWHERE, **headers}) as answer:
        assert answer.status == 403
        assert "not ours" in (await answer.json())["error"]


def test_every_field_in_which_somebody_types_is_known() -> None:
    pages = find_web_folder() / "pages"
    templates = {path.relative_to(pages).as_posix(): path.read_text() for path in pages.rglob("*.html")}
    parts = ["admin/_hub_fields.html", "admin/_policy_questions.html"]  # of forms that stand elsewhere
    forms = re.findall(r'<form method="post".*?</form>', "".join(templates.values()), re.DOTALL)
    found = {part.value for part in AgendaPart}  # whose fields a loop makes
    for form in (*forms, *(templates[name] for name in parts)):
        for tag in re.findall(r"<(?:input|textarea)\b[^>]*>", form):
            name, kind = re.search(r'\bname="([\w-]+)"', tag), re.search(r'\btype="([\w-]+)"', tag)
            if name is not None and (kind is None or kind[1] not in ("hidden", "checkbox", "radio", "file")):
                found.add(name[1])
    assert found - TYPED == {"words", "addresses"}
    assert TYPED - found == set()
