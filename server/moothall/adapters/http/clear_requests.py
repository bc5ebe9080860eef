"""Requests that are refused before any door sees them: others may read them otherwise, or a library can't read them.

A proxy and a server that disagree where a request ends let a second one hide in the first. aiohttp refuses most of what
can be read in two ways by itself; what it lets through is refused here. Short, since each line of it is a hole that a
library left.
"""

from __future__ import annotations

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware

_HANDSHAKE = (hdrs.UPGRADE, hdrs.CONNECTION, hdrs.SEC_WEBSOCKET_VERSION, hdrs.SEC_WEBSOCKET_KEY)


def clear_requests() -> Middleware:
    """Middleware that answers 400, ends the connection and reads nothing more of it.

    Chunks in HTTP/1.0 may be none for a proxy (RFC 9112, 6.1). Fields of a WebSocket's handshake that aren't ASCII are
    an error inside of aiohttp, which decodes them or says them back.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.version < HttpVersion11 and hdrs.TRANSFER_ENCODING in request.headers:
            return _refused("HTTP/1.0 has no Transfer-Encoding.\n")
        if not all(request.headers.get(name, "").isascii() for name in _HANDSHAKE):
            return _refused("The fields of a WebSocket's handshake are ASCII.\n")
        return await handler(request)

    return middleware


def _refused(sentence: str) -> web.Response:
    response = web.Response(status=400, text=sentence)
    response.force_close()
    return response
