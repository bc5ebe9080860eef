"""What visitors send and how it is read: forms, numbers, the cookie; and where they are sent on to."""

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


def kept_query(request: web.Request, ui: Catalogue) -> str:
    """What addresses keep: the text that is read, and the page's language where the address names it."""
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
    """The way to where it was called, and so its answer begins: without scripts, and on the page that goes on.

    It is in the text that is read. Both empty where it was answered at no line, or that isn't `there` any more. `base`
    is the session's address, `query` what its addresses keep.
    """
    if each.segment is None or not there:
        return "", ""
    way = f"{base}/moment/{called_at(questions, each)}{query}"
    return way, f"{way}{'&' if query else '?'}live=1"


async def read_body(request: web.Request, most: int = MAX_BODY_BYTES, long: str = ErrorText.LONG) -> bytes:
    """A request's body. Raises HttpProblem with the sentence `long` when it has more than `most` bytes."""
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
    """The fields of the form in a request's body; a field without a value is not there.

    Raises HttpProblem with the sentence `long` when it has more than `most` bytes, and with `unread` when it isn't a
    form or has more than so many fields.
    """
    read = await read_fields(request, most, fields=fields, long=long, unread=unread)
    return {name: values[-1] for name, values in read.items()}


async def read_fields(
    request: web.Request, most: int, *, fields: int, long: str, unread: str, blank: bool = False
) -> dict[str, list[str]]:
    """All values of each field of a form, as `read_form` reads it; `blank`: those that hold nothing too."""
    body = await read_body(request, most, long)
    if request.content_type != "application/x-www-form-urlencoded":
        raise HttpProblem(415, unread)
    try:
        return parse_qs(body.decode(), max_num_fields=fields, keep_blank_values=blank)
    except ValueError as error:
        raise HttpProblem(400, unread) from error


def number_at(request: web.Request, name: str, digits: int) -> int:
    """The number in a place of the address, as `number_in` reads it. Raises HttpProblem where there is none."""
    number = number_in(request.match_info[name], digits)
    if number is None:
        raise HttpProblem(404, ErrorText.NOTHING)
    return number


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


def see_other(location: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Send a browser on to another page; loading that again sends no form."""
    return web.Response(
        status=303, headers={hdrs.CACHE_CONTROL: "no-store", **(headers or {}), hdrs.LOCATION: location}
    )


def onward(location: str) -> web.Response:
    """Send an author that has posted something on to a page of theirs."""
    return private(see_other(location))


def private(response: web.Response) -> web.Response:
    """For nobody but the author: neither kept, nor listed, nor told to other sites."""
    response.headers.update(PRIVATE)
    return response
