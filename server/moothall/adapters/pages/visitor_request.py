"""What the doors of asking have in common: the cookie, their addresses, and how forms are read."""

from __future__ import annotations

import unicodedata
from urllib.parse import parse_qs, quote, urlencode

from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import Asked, Wrong
from moothall.adapters.pages.texts import ErrorText
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.visible import visible
from moothall.core.questions.interventions import Floor, Intervention
from moothall.core.questions.listing import called_at

MAX_FIELDS = 24
"""Of a form."""
COOKIE = "asker"
"""Known at everything below a session's address."""
MAX_BODY_BYTES = 48 << 10
"""2,000 characters of four bytes take 24 KB in a form; more than is allowed may come, and is given back."""
PRIVATE = {
    # No site learns the page's address. Not no-referrer: browsers would send `Origin: null` with the form.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def kept_query(request: web.Request, ui: Catalogue, *, chosen: bool) -> str:
    """What addresses keep: the text that is read, and the page's language where the address names it."""
    channel = request.query.get("channel")
    kept = {**({"channel": channel} if channel else {}), **({"ui": ui.language} if chosen else {})}
    return f"?{urlencode(kept)}" if kept else ""


def title_of(wanted: Asked, ui: Catalogue) -> str:
    """The meeting's title, or what stands for none."""
    return wanted.snapshot.session.title.strip() or ui.text("Meeting without a title")


def title_language(wanted: Asked) -> str:
    """The language of the meeting's title; empty where what stands for none is the page's."""
    session = wanted.snapshot.session
    return session.languages[0] if session.title.strip() and session.languages else ""


def answer_links(base: str, floor: Floor, each: Intervention, query: str, *, there: bool) -> tuple[str, str]:
    """The way to where it was called, and so its answer begins: without scripts, and on the page that goes on.

    It is in the text that is read. Both empty where it was answered at no line, or that isn't `there` any more. `base`
    is the session's address, `query` what its addresses keep.
    """
    if each.segment is None or not there:
        return "", ""
    way = f"{base}/moment/{called_at(floor, each)}{query}"
    return way, f"{way}{'&' if query else '?'}live=1"


async def read_body(request: web.Request) -> bytes:
    """A request's body. Raises Wrong when it is too long."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise Wrong(413, ErrorText.LONG)
    return bytes(body)


async def read_form(request: web.Request) -> dict[str, str]:
    """The fields of the form in a request's body. Raises Wrong when it is too long or isn't one."""
    body = await read_body(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise Wrong(415, ErrorText.REQUEST)
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=MAX_FIELDS).items()}
    except ValueError as error:
        raise Wrong(400, ErrorText.REQUEST) from error


def clean(text: str) -> str:
    """As it is kept: line breaks are one character, and what can't be written down isn't.

    Neither are control characters nor those that turn other signs round, so that it says one thing and shows another.
    Empty where nothing of it can be seen.
    """
    lines = visible(text).encode("utf-8", "replace").decode()
    return lines if any(unicodedata.category(sign)[0] not in "CZ" for sign in lines) else ""


def page_of(session: SessionId, token: str) -> str:
    """The address of an author's page."""
    return f"/s/{quote(session)}/asked/{quote(token)}"


def onward(location: str) -> web.Response:
    """Send a browser that has posted something on to a page."""
    return private(web.Response(status=303, headers={hdrs.LOCATION: location, hdrs.CACHE_CONTROL: "no-store"}))


def private(response: web.Response) -> web.Response:
    """For nobody but the author: neither kept, nor listed, nor told to other sites."""
    response.headers.update(PRIVATE)
    return response
