"""The door for browsers: the session's page, pages of older lines, the list of sessions, and static files.

The security headers of its answers are those of every answer: `moothall.adapters.limits.secure`.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.page_catalogues import Catalogue
from moothall.adapters.page_texts import ErrorText
from moothall.adapters.pages import OlderPage, Pages
from moothall.core.errors import StorageUnavailable
from moothall.core.ids import ChannelId, SessionId, is_name
from moothall.core.lanes import Feed
from moothall.core.ports import Clock
from moothall.core.views.captions import Line, Session, Snapshot

logger = logging.getLogger(__name__)

SnapshotOf = Callable[[SessionId, Feed], Awaitable[Snapshot | None]]
"""How a feed stands now; None when there is no such session or channel, or none that the public may read."""
PageOf = Callable[[SessionId, Feed, int], Awaitable[tuple[Line, ...] | None]]
"""The page of lines that ends before a line's number (`CaptionsView.page`); None as for a snapshot."""
PublicSessions = Callable[[], Awaitable[Sequence[Session]]]
"""Sessions that everybody may read, in the order of the list."""

DEFAULT_CHANNEL = ChannelId("floor")
MAX_DIGITS = 9

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

_STATUS_TEXTS = {400: ErrorText.REQUEST, 404: ErrorText.NOTHING, 405: ErrorText.METHOD, 503: ErrorText.UNAVAILABLE}


class _Wrong(Exception):
    """The request can't be served: a status and the key of its sentence."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status = status
        self.key = key


class PageDoor:
    """Handlers of the pages. What they show is asked for through the three functions given."""

    def __init__(
        self,
        pages: Pages,
        *,
        clock: Clock,
        snapshot_of: SnapshotOf,
        page_of: PageOf,
        public_sessions: PublicSessions,
    ) -> None:
        self._pages = pages
        self._clock = clock
        self._snapshot_of = snapshot_of
        self._page_of = page_of
        self._public_sessions = public_sessions

    def routes(self) -> list[web.RouteDef]:
        """All routes of this door, to be added to the application."""
        return [
            web.get("/", self.front_page),
            web.get("/s/{session}", self.session_page),
            web.get("/s/{session}/lines", self.lines_json),
            web.get("/static/{version}/{name:.+}", self.static_file),
        ]

    async def front_page(self, request: web.Request) -> web.Response:
        """The list of public sessions."""
        ui, chosen = self._language(request)
        html = self._pages.render_sessions(await self._public_sessions(), ui=ui, ui_chosen=chosen)
        return _html(html, ui)

    async def session_page(self, request: web.Request) -> web.Response:
        """The page of a session: live, its record, or with `?before=N` a page of older lines."""
        ui, chosen = self._language(request)
        try:
            session, feed, snapshot = await self._what(request)
            before = _before(request)
            older = None if before is None else await self._older(session, feed, snapshot, before)
        except _Wrong as wrong:
            return _html(self._pages.render_error(wrong.status, wrong.key, ui=ui), ui, status=wrong.status)
        html = self._pages.render_session(
            snapshot,
            channel=feed.channel,
            live=feed.live,
            ui=ui,
            ui_chosen=chosen,
            now=self._clock.wall(),
            older=older,
        )
        return _html(html, ui)

    async def lines_json(self, request: web.Request) -> web.Response:
        """A page of older lines: `{"lines": […], "before": M or null}`, with an ETag.

        `before` in the answer is what to ask for next, null at the beginning.
        """
        ui, _ = self._language(request)
        try:
            session, feed, snapshot = await self._what(request)
            before = _before(request)
            older = await self._older(session, feed, snapshot, _total(snapshot) if before is None else before)
        except _Wrong as wrong:
            body = msgspec.json.encode({"error": ui.text(wrong.key)})
            return web.Response(status=wrong.status, body=body, content_type="application/json")
        body = msgspec.json.encode({"lines": older.lines, "before": older.start or None})
        tag = sha256(body).hexdigest()[:32]
        headers = {hdrs.CACHE_CONTROL: ASK_AGAIN, hdrs.ETAG: f'"{tag}"'}
        if any(tag == seen.value for seen in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        response = web.Response(body=body, content_type="application/json", headers=headers)
        response.enable_compression()
        return response

    async def static_file(self, request: web.Request) -> web.Response:
        """A style sheet, script or image. Under the current version it may be kept for ever."""
        file = self._pages.static.get(request.match_info["name"])
        if file is None:
            return self.error_response(request, 404, ErrorText.NOTHING)
        current = request.match_info["version"] == self._pages.static.version
        headers = {
            hdrs.CONTENT_TYPE: file.type,
            hdrs.CACHE_CONTROL: FOR_EVER if current else ASK_AGAIN,
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=file.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=file.body, headers=headers)

    def error_response(self, request: web.Request, status: int, key: str) -> web.Response:
        """The page with the sentence of `key` (one of ErrorText) in the reader's language."""
        ui, _ = self._language(request)
        return _html(self._pages.render_error(status, key, ui=ui), ui, status=status)

    def error_pages(self) -> Middleware:
        """Middleware that answers a browser with a page where the router or a handler gives a bare error.

        Only requests that accept HTML get one; scripts keep what the door says.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if "text/html" not in request.headers.get(hdrs.ACCEPT, ""):
                return await handler(request)
            try:
                return await handler(request)
            except web.HTTPException as error:
                key = _STATUS_TEXTS.get(error.status)
                if key is None:
                    raise
                response = self.error_response(request, error.status, key)
                for name in (hdrs.ALLOW, hdrs.RETRY_AFTER):
                    if name in error.headers:
                        response.headers[name] = error.headers[name]
                return response
            except StorageUnavailable:
                return self.error_response(request, 503, ErrorText.UNAVAILABLE)
            except Exception as error:  # the outermost edge: whoever asked gets a sentence, the log the place
                where = traceback.extract_tb(error.__traceback__)[-1]
                logger.error("%s failed with %s in %s:%s", request.path, type(error).__name__, where.name, where.lineno)
                return self.error_response(request, 500, ErrorText.OURS)

        return middleware

    def _language(self, request: web.Request) -> tuple[Catalogue, bool]:
        """The interface's language for a request, and whether the address names it."""
        wanted = request.query.get("ui")
        chosen = wanted is not None and wanted in self._pages.catalogues.languages
        return self._pages.catalogues.choose(wanted, request.headers.get(hdrs.ACCEPT_LANGUAGE, "")), chosen

    async def _what(self, request: web.Request) -> tuple[SessionId, Feed, Snapshot]:
        """The session, feed and snapshot that a request asks for."""
        name = request.match_info["session"]
        wanted = request.query.get("channel")
        kind = request.query.get("feed", "live")
        if not is_name(name):
            raise _Wrong(404, ErrorText.NO_SESSION)
        if kind not in ("live", "lines"):
            raise _Wrong(400, ErrorText.FEED)
        if wanted is not None and not is_name(wanted):
            raise _Wrong(404, ErrorText.NO_CHANNEL)
        session = SessionId(name)
        feed = Feed(channel=ChannelId(wanted) if wanted else DEFAULT_CHANNEL, live=kind == "live")
        snapshot = await self._snapshot_of(session, feed)
        if snapshot is None:
            default = await self._snapshot_of(session, Feed(channel=DEFAULT_CHANNEL))
            raise _Wrong(404, ErrorText.NO_SESSION if default is None else ErrorText.NO_CHANNEL)
        return session, feed, snapshot

    async def _older(self, session: SessionId, feed: Feed, snapshot: Snapshot, before: int) -> OlderPage:
        total = _total(snapshot)
        stop = min(before, total)
        lines = await self._page_of(session, feed, stop) if stop else ()
        if lines is None:
            raise _Wrong(404, ErrorText.NO_SESSION)
        return OlderPage(lines=lines, start=max(0, stop - len(lines)), total=total)


def _total(snapshot: Snapshot) -> int:
    """How many lines the whole text has."""
    return (snapshot.before or 0) + len(snapshot.lines)


def _before(request: web.Request) -> int | None:
    """`?before=`: the number of a line, None when it isn't there."""
    text = request.query.get("before")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS and int(text) > 0):
        raise _Wrong(400, ErrorText.BEFORE)
    return int(text)


def _html(text: str, ui: Catalogue, *, status: int = 200) -> web.Response:
    headers = {
        hdrs.CACHE_CONTROL: ASK_AGAIN,
        hdrs.CONTENT_LANGUAGE: ui.language,
        hdrs.VARY: f"{hdrs.ACCEPT_LANGUAGE}, {hdrs.ACCEPT_ENCODING}",
    }
    response = web.Response(status=status, text=text, content_type="text/html", headers=headers)
    response.enable_compression()
    return response
