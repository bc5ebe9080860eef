"""Leads from the pages of a meeting to those of logs that aren't meetings.

A module by itself: a call is asked like a meeting, and the doors of meetings need not know that it has no text to read.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.pages.visitor_request import see_other
from moothall.core.events.types import LogKind
from moothall.core.kernel.ids import SessionId
from moothall.services.sessions.catalogue import Entry

_PAGES = frozenset(f"/s/{{session}}{page}" for page in ("", "/ask", "/questions", "/opinions", "/read"))


def log_pages(known: Callable[[SessionId], Entry | None]) -> Middleware:
    """Middleware that leads to the page of a call, a document or the register. `known` finds an entry without reading a
    log.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        there = request.match_info.route.resource
        if there is None or there.canonical not in _PAGES:
            return await handler(request)
        entry = known(SessionId(request.match_info["session"]))
        kind = LogKind.SESSION if entry is None else entry.kind
        if entry is not None and kind is LogKind.DOCUMENT:  # Comments are sent with the number of their paragraph.
            return see_other(f"/outcomes/{quote(entry.session)}")
        if request.method != hdrs.METH_GET:
            return await handler(request)
        query = f"?{request.query_string}" if "ui" in request.query else ""
        if entry is not None and kind is LogKind.CALL:
            return see_other(f"/calls/{quote(entry.session)}{query}")
        return see_other(f"/policy{query}") if kind is LogKind.REGISTER else await handler(request)

    return middleware
