"""What a request for a session's page names, and the parts of its answer: language, session, text, headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.core.kernel.ids import ChannelId, SessionId, is_name
from moothall.core.kernel.lanes import Feed
from moothall.core.views.captions import Line, Snapshot

SnapshotOf = Callable[[SessionId, Feed], Awaitable[Snapshot | None]]
"""Returns the present snapshot of a feed; None when there is no such session or channel, or the visitor may not read
it.
"""
PageOf = Callable[[SessionId, Feed, int], Awaitable[tuple[Line, ...] | None]]
"""Returns the page of lines that ends before a line's number (`CaptionsView.page`); None as for a snapshot."""

DEFAULT_CHANNEL = ChannelId("floor")
AGAIN_S = "10"
"""After how many seconds a client that was refused for now may ask again."""
_JSON = "application/json"


class HttpProblem(Exception):
    """The request can't be served: a status, the key of its sentence, and the values for the sentence's
    placeholders.
    """

    def __init__(self, status: int, key: str, **values: object) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.values = values


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A session that may be read, and the requested text of it."""

    session: SessionId
    feed: Feed
    snapshot: Snapshot


async def asked(
    request: web.Request, snapshot_of: SnapshotOf, channel: str | None = None, session: SessionId | None = None
) -> SessionRequest:
    """Return the session and text that a request's address names; `channel` and `session` override the names in the
    address.

    Raises HttpProblem when they don't exist or may not be read.
    """
    name = request.match_info["session"] if session is None else session
    wanted = channel if channel is not None else request.query.get("channel")
    kind = request.query.get("feed", "live")
    if not is_name(name):
        raise HttpProblem(404, ErrorText.NO_SESSION)
    if kind not in ("live", "lines"):
        raise HttpProblem(400, ErrorText.FEED)
    if wanted and not is_name(wanted):
        raise HttpProblem(404, ErrorText.NO_CHANNEL)
    session = SessionId(name)
    feed = Feed(channel=ChannelId(wanted) if wanted else DEFAULT_CHANNEL, live=kind == "live")
    snapshot = await snapshot_of(session, feed)
    if snapshot is None:
        default = await snapshot_of(session, Feed(channel=DEFAULT_CHANNEL))
        raise HttpProblem(404, ErrorText.NO_SESSION if default is None else ErrorText.NO_CHANNEL)
    return SessionRequest(session=session, feed=feed, snapshot=snapshot)


async def began(wanted: SessionRequest, page_of: PageOf, number: int) -> int:
    """When the line of that number began, media ms. Raises HttpProblem when its page can't be read."""
    snapshot, first = wanted.snapshot, wanted.snapshot.before or 0
    if number >= first:
        return snapshot.lines[number - first].t0
    page = await page_of(wanted.session, wanted.feed, number + 1)
    if not page:
        raise HttpProblem(404, ErrorText.NO_SESSION)
    return page[-1].t0


def language(pages: Pages, request: web.Request) -> Catalogue:
    """The interface's language for a request; it records whether the address names the language, so that links
    keep it.
    """
    return pages.catalogues.choose(request.query.get("ui"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


def html(text: str, ui: Catalogue, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a page in the language of `ui`."""
    own = {**page_headers(ui), **(headers or {})}
    response = web.Response(status=status, text=text, content_type="text/html", headers=own)
    response.enable_compression()
    return response


def page_headers(ui: Catalogue) -> dict[str, str]:
    """The headers of every page in the language of `ui`."""
    return {
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.CONTENT_LANGUAGE: ui.language,
        hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.ACCEPT_ENCODING}",
    }


def own_html(text: str, ui: Catalogue, *, status: int = 200) -> web.Response:
    """Answer with a page for this visitor alone: no cache stores it."""
    return html(text, ui, status=status, headers={hdrs.CACHE_CONTROL: "no-store"})


def wants_json(request: web.Request) -> bool:
    """Whether the client is a script that accepts JSON, not a browser that loads a page."""
    return _JSON in request.headers.get(hdrs.ACCEPT, "")


def own_json(value: object, *, status: int = 200) -> web.Response:
    """Answer with JSON for this visitor alone: no cache stores it."""
    headers = {hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(body=msgspec.json.encode(value), status=status, content_type=_JSON, headers=headers)


def refusal(wrong: HttpProblem, pages: Pages, ui: Catalogue) -> web.Response:
    """Answer with a page that says in one sentence why the request can't be served."""
    sentence = ui.text(wrong.key, **wrong.values)
    return html(pages.render("lib/error.html", ui=ui, status=wrong.status, sentence=sentence), ui, status=wrong.status)


def refusal_for(request: web.Request, wrong: HttpProblem, pages: Pages, ui: Catalogue) -> web.Response:
    """Answer a browser as `refusal` does, and a program with a line of text. No cache stores it."""
    if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        response = refusal(wrong, pages, ui)
    else:
        sentence = ui.text(wrong.key, **wrong.values)
        response = web.Response(status=wrong.status, text=f"{sentence}\n", headers={hdrs.CONTENT_LANGUAGE: ui.language})
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if wrong.status == 503:
        response.headers[hdrs.RETRY_AFTER] = AGAIN_S
    return response
