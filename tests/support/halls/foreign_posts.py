"""Posts to a server or a hub from a page that isn't its own, at every route that it has."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

import aiohttp

ORIGINS = ("https://elsewhere.example", "null", "{own}.evil.example", "{own}/", None)
"""Origins that are none of our pages'; None sends no `Origin`, as programs that are no browser do."""
MACHINES = {"POST /hub/pair": {400, 403, 503}, "POST /socket.io/": {400, 403}}
"""Routes to which such programs post, and the statuses that answer an empty post."""
KEYED = frozenset({"POST /closedcaption", "POST /captions"})
"""Routes that need a key in the address; a post without a key is answered by a sentence."""
SENT = {
    "application/x-www-form-urlencoded": b"form=x&text=Why%3F",
    "application/json": b"{}",
    "multipart/form-data; boundary=b": b'--b\r\nContent-Disposition: form-data; name="form"\r\n\r\nx\r\n--b--\r\n',
}
SENTENCE = "This was sent from a page that is not ours, so nothing was done with it."


async def wrongly_answered(
    http: aiohttp.ClientSession, own: str, posts: Iterable[tuple[str, str]], origin: str | None
) -> list[tuple[str, str, int, str]]:
    """Return the posts (route, path) whose answer isn't the page of refusal with the typed text and a way back."""
    wrong = []
    said = {} if origin is None else {"Origin": origin.format(own=own)}
    for route, path in posts:
        for kind, body in SENT.items():
            headers = {**said, "Content-Type": kind, "Accept-Language": "en"}
            async with http.post(own + path, data=body, headers=headers, allow_redirects=False) as answer:
                status, text = answer.status, html.unescape(await answer.text())
            if origin is None and kind == "application/json" and route in MACHINES:
                right = status in MACHINES[route]
            elif origin is None and route in KEYED:
                right = status in {400, 403, 429} and text.endswith(".\n")
            elif origin is None and route.startswith("POST /api/"):
                right = status == 401 and text.startswith('{"error":"Send a token')
            elif kind == "application/json":
                right = status == 403 and text == f'{{"error": "{SENTENCE}"}}'
            else:
                typed = '<p class="typed" dir="auto">Why?</p>' in text or "urlencoded" not in kind
                right = (
                    status == 403 and f"<h1>{SENTENCE}</h1>" in text and typed and await _leads_back(http, own, text)
                )
            if not right:
                wrong.append((path, kind, status, text))
    return wrong


async def _leads_back(http: aiohttp.ClientSession, own: str, text: str) -> bool:
    found = re.search(r'<a href="([^"]+)">Back to the page</a>', text)
    if found is None:
        return False
    async with http.get(own + found[1]) as page:
        return page.status in (200, 403, 404)  # not open to everybody, or the thing that the test names doesn't exist
