"""Reads what visitors send: forms, numbers, the cookie; and redirects them to the next page."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from urllib.parse import parse_qs, quote, urlencode

from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.request_context import HttpProblem, SessionRequest
from moothall.adapters.pages.texts import ErrorText
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.visible import visible
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import called_at

MAX_FIELDS = 24
"""The most fields of a form."""
COOKIE = "asker"
"""The cookie of an asker's token, valid for all paths below a session's address."""
MAX_BODY_BYTES = 48 << 10
"""2,000 characters of four bytes take 24 KB in a form. The limit is higher, so that a text that is too long can be
shown again.
"""
PRIVATE = {
    # No other site learns the page's address. The policy isn't no-referrer: browsers would send `Origin: null` with the
    # form.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def kept_query(request: web.Request, ui: Catalogue) -> str:
    """The query that links keep: the text that is read, and the page's language when the address names it."""
    channel = request.query.get("channel")
    kept = {**({"channel": channel} if channel else {}), **ui.kept}
    return f"?{urlencode(kept)}" if kept else ""


def title_of(wanted: SessionRequest, ui: Catalogue) -> str:
    """The meeting's title, or the placeholder for none."""
    return wanted.snapshot.session.title.strip() or ui.text("Meeting without a title")


def title_language(wanted: SessionRequest) -> str:
    """The language of the meeting's title; empty for the placeholder, which is in the page's language."""
    session = wanted.snapshot.session
    return session.languages[0] if session.title.strip() and session.languages else ""


def answer_links(base: str, questions: Questions, each: Intervention, query: str, *, there: bool) -> tuple[str, str]:
    """The links to the moment at which a question was called, where its answer begins: without scripts, and on the live
    page.

    They lead into the text that is read. Both are empty when no line belongs to the call, or when that line isn't
    `there` any more. `base` is the session's address, `query` the query that links keep.
    """
    if each.segment is None or not there:
        return "", ""
    way = f"{base}/moment/{called_at(questions, each)}{query}"
    return way, f"{way}{'&' if query else '?'}live=1"


async def read_body(request: web.Request, most: int = MAX_BODY_BYTES, long: str = ErrorText.LONG) -> bytes:
    """Read a request's body. Raises HttpProblem (413) with the sentence `long` when it has more than `most` bytes."""
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > most:
            raise HttpProblem(413, long)
    return bytes(body)


async def read_form(
    request: web.Request,
    most: int = MAX_BODY_BYTES,
    *,
    fields: int = MAX_FIELDS,
    long: str = ErrorText.LONG,
    unread: str = ErrorText.REQUEST,
) -> dict[str, str]:
    """Return the fields of the form in a request's body, without empty fields; the last value of each counts.

    Raises HttpProblem with the sentence `long` when the body has more than `most` bytes, and with `unread` when it
    isn't a form or has more than `fields` fields.
    """
    read = await read_fields(request, most, fields=fields, long=long, unread=unread)
    return {name: values[-1] for name, values in read.items()}


async def read_fields(
    request: web.Request, most: int, *, fields: int, long: str, unread: str, blank: bool = False
) -> dict[str, list[str]]:
    """Return all values of each field of a form, as `read_form` reads it; `blank`: whether empty values are
    included.
    """
    body = await read_body(request, most, long)
    if request.content_type != "application/x-www-form-urlencoded":
        raise HttpProblem(415, unread)
    try:
        return parse_qs(body.decode(), max_num_fields=fields, keep_blank_values=blank)
    except ValueError as error:
        raise HttpProblem(400, unread) from error


def number_at(request: web.Request, name: str, digits: int) -> int:
    """The number in a variable part of the path, as `number_in` reads it. Raises HttpProblem (404) when there
    is none.
    """
    number = number_in(request.match_info[name], digits)
    if number is None:
        raise HttpProblem(404, ErrorText.NOTHING)
    return number


def clean(text: str) -> str:
    """Return the text as it is stored: line breaks are one character, and characters that can't be encoded are
    replaced.

    Control characters are removed, and so are those that change the direction of others, which could show another text
    than is stored. Empty when nothing of the text is visible.
    """
    lines = visible(text).encode("utf-8", "replace").decode()
    return lines if any(unicodedata.category(sign)[0] not in "CZ" for sign in lines) else ""


def page_of(session: SessionId, token: str) -> str:
    """The path of an author's page; `token` is the author's secret."""
    return f"/s/{quote(session)}/asked/{quote(token)}"


def see_other(location: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Redirect a browser to another page with status 303, so that loading it again sends no form."""
    return web.Response(
        status=303, headers={hdrs.CACHE_CONTROL: "no-store", **(headers or {}), hdrs.LOCATION: location}
    )


def onward(location: str) -> web.Response:
    """Redirect an author who has sent something to a page of their own."""
    return private(see_other(location))


def private(response: web.Response) -> web.Response:
    """Set the headers of a page for its author alone: search engines don't list it, and other sites don't learn its
    address.
    """
    response.headers.update(PRIVATE)
    return response
