"""Answers to requests that fail: a page in the reader's language, or a plain sentence for a client that accepts no
HTML.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.pages.request_context import html, language
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable

logger = logging.getLogger(__name__)

_JSON = "application/json"

_STATUS_TEXTS = {
    400: ErrorText.REQUEST,
    404: ErrorText.NOTHING,
    405: ErrorText.METHOD,
    408: ErrorText.SLOW,
    503: ErrorText.UNAVAILABLE,
}


def error_page(pages: Pages, request: web.Request, status: int, key: str) -> web.Response:
    """Answer with a page that shows the sentence of `key` (one of ErrorText) in the reader's language."""
    ui = language(pages, request)
    return html(pages.render_error(status, key, ui=ui), ui, status=status)


def crowded_page(pages: Pages) -> Callable[[web.Request, int], web.Response]:
    """Make the page for `AddressGate.middleware` that reloads itself after a number of seconds."""
    return lambda request, seconds: _comes_back(pages, request, ErrorText.CROWDED, seconds)


def away(pages: Pages, request: web.Request, seconds: int) -> web.Response:
    """Answer while the meeting can't be reached for about so many seconds: with a page that reloads itself.

    The answer to a POST is a page that doesn't reload, since a reload would lose what was typed; programs get JSON or a
    sentence.
    """
    accepts = request.headers.get(hdrs.ACCEPT, "")
    if "text/html" in accepts:
        if request.method in {hdrs.METH_GET, hdrs.METH_HEAD}:
            return _comes_back(pages, request, ErrorText.AWAY, seconds)
        response = error_page(pages, request, 503, ErrorText.UNAVAILABLE)
    elif _JSON in accepts or request.content_type == _JSON:
        ui = language(pages, request)
        response = web.json_response({"error": ui.text(ErrorText.UNAVAILABLE)}, status=503)
    else:
        response = web.Response(status=503, text=ErrorText.UNAVAILABLE + "\n")
    response.headers[hdrs.RETRY_AFTER] = str(seconds)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response


def _comes_back(pages: Pages, request: web.Request, key: str, seconds: int) -> web.Response:
    ui = language(pages, request)
    sentence = ui.text(key, n=seconds)
    response = html(pages.render("lib/error.html", ui=ui, status=503, sentence=sentence), ui, status=503)
    response.headers[hdrs.RETRY_AFTER] = response.headers["Refresh"] = str(seconds)
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    return response


def error_pages(pages: Pages) -> Middleware:
    """Middleware that answers with a page when the router or a handler raises a bare HTTP error or fails.

    Clients that don't accept HTML get the handler's own answer, or a plain sentence when the handler failed.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        wants_page = "text/html" in request.headers.get(hdrs.ACCEPT, "")
        try:
            return await handler(request)
        except web.HTTPException as error:
            key = _STATUS_TEXTS.get(error.status)
            if key is None or not wants_page:
                raise
            response = error_page(pages, request, error.status, key)
            for name in (hdrs.ALLOW, hdrs.RETRY_AFTER):
                if name in error.headers:
                    response.headers[name] = error.headers[name]
            return response
        except Exception as error:  # the outermost edge: the client gets a sentence, the log the location
            if request.writer.output_size:
                raise  # An answer has begun, so nothing else can be sent.
            status, key = _failed(request, error)
            if wants_page:
                return error_page(pages, request, status, key)
            return web.Response(status=status, text=key + "\n", headers={hdrs.CACHE_CONTROL: "no-store"})

    return middleware


def _failed(request: web.Request, error: Exception) -> tuple[int, str]:
    """The status and the sentence for a handler's exception; an unexpected exception is logged."""
    if isinstance(error, StorageUnavailable):
        return 503, ErrorText.UNAVAILABLE
    # The route, not the address: the address may hold a link's token.
    route = request.match_info.route.resource
    door = "what is no door" if route is None else route.canonical
    if isinstance(error, RecordBroken):
        logger.error("%s: a record is damaged; `moothall verify` names it, restore it from a backup", door)
        return 500, ErrorText.BROKEN
    where = traceback.extract_tb(error.__traceback__)[-1]
    logger.error("%s failed with %s in %s:%s", door, type(error).__name__, where.name, where.lineno)
    return 500, ErrorText.OURS
