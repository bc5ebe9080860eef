"""Only this server's own pages may send something: the check for all doors, and the answer to everybody else.

The sender may have been on a page of this server, behind a misconfigured proxy. So the answer says why nothing was
done, repeats what was typed, and links back. It is no form: a foreign page could fill that in for its visitors.
"""

from __future__ import annotations

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import own_origins
from moothall.adapters.http.security_headers import origin_allowed
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, wants_json
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import DoorText
from moothall.adapters.pages.visitor_request import clean, kept_query, private, read_form

TYPED = frozenset(
    {
        *("text", "name", "note", "people", "title", "languages", "starts", "ends", "zone", "questions", "label"),
        *("light", "dark"),
        *("reach", "statement", "theme", "new-themes", "topics", "emerging", "exhibitors", "proposing"),
        *("reason", "start", "language", "names", "ground"),
        *("expires", "city", "country", "institution", "coordinator", "expected", "address", "below", "days", "until"),
        *("issues", "site", "symbol", "id", "first", "last", "paragraph", "comments"),
        "representing",
        *("holders", "due"),
        "objectives",
    }
)
"""The form fields in which somebody types text. The six words that let a hub in are not repeated, nor
the private addresses of people who asked."""
_JSON = "application/json"
MACHINES = {"/hub/pair": _JSON, "/socket.io/": "text/plain"}
"""Routes to which programs may also send, without an Origin header, and the content type of what they send. Browsers
send a form with its origin.
"""
KEYED = frozenset({"/closedcaption", "/captions", "/log/add-checkpoint"})
"""Routes to which programs may send with any content type: a key in the address admits them, or a signature in the
body, and no cookie does."""
PROGRAMS = "/api/"
"""The beginning of the routes to which programs send with a token in a header: no cookie admits anybody there."""


def own_pages_only(pages: Pages, origins: frozenset[str]) -> Middleware:
    """Middleware that answers 403 to a POST from a foreign page, before any door sees it.

    `origins`: the origins whose pages may send, exactly as browsers write them. A browser always names the origin of a
    form; a client that doesn't is no browser.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        there = request.match_info.route.resource
        if request.method != hdrs.METH_POST or there is None:
            return await handler(request)
        origin = request.headers.get(hdrs.ORIGIN)
        keyed = there.canonical in KEYED or there.canonical.startswith(PROGRAMS)
        machine = keyed or MACHINES.get(there.canonical) == request.content_type
        if origin_allowed(origin, own_origins(request, origins)) and (origin is not None or machine):
            return await handler(request)
        return private(await _refused(request, there.canonical, pages))

    return middleware


async def _refused(request: web.Request, route: str, pages: Pages) -> web.Response:
    ui = language(pages, request)
    sentence = ui.text(DoorText.ORIGIN)
    if request.content_type == _JSON or wants_json(request):
        return web.json_response({"error": sentence}, status=403, headers={hdrs.CACHE_CONTROL: "no-store"})
    text = pages.render(
        "reader/not_ours.html",
        ui=ui,
        status=403,
        sentence=sentence,
        typed=await _typed(request),
        back=f"{_back(request, route)}{kept_query(request, ui)}",
    )
    return own_html(text, ui, status=403)


async def _typed(request: web.Request) -> list[str]:
    try:
        given = await read_form(request)
    except HttpProblem:  # A file, which the sender still has, or no form of this server.
        return []
    return [text for name, value in given.items() if name in TYPED and (text := clean(value).strip())]


def _back(request: web.Request, route: str) -> str:
    """The path of the nearest page above a route: for most forms the page on which they are."""
    if "{number}" in route:  # Anything with a number is on the list of questions.
        return f"{'/'.join(request.rel_url.raw_path.split('/')[:3])}/questions"
    pages = {
        resource.canonical
        for resource in request.app.router.resources()
        if not resource.canonical.endswith("/")
        and resource.canonical not in KEYED
        and not resource.canonical.startswith(PROGRAMS)
        and any(each.method == hdrs.METH_GET for each in resource)
    }
    names, given = route.split("/"), request.rel_url.raw_path.split("/")
    nearest = next((n for n in range(len(names), 1, -1) if "/".join(names[:n]) in pages), 1)
    return "/".join(given[:nearest]) or "/"
