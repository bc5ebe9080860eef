"""Refuses ambiguous requests before any handler sees them.

A proxy and a server that disagree about where a request ends let a second request hide in the first (request
smuggling). aiohttp refuses most requests that can be read in two ways; this module refuses the rest. It is short
because each rule covers a hole that a library left.
"""

from __future__ import annotations

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware

_HANDSHAKE = (hdrs.UPGRADE, hdrs.CONNECTION, hdrs.SEC_WEBSOCKET_VERSION, hdrs.SEC_WEBSOCKET_KEY)


def clear_requests() -> Middleware:
    """A middleware that answers an ambiguous request 400 and closes the connection without reading further.

    It refuses Transfer-Encoding in HTTP/1.0, which a proxy may ignore (RFC 9112 §6.1), and WebSocket handshake fields
    that aren't ASCII, on which aiohttp fails when it decodes or echoes them.
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
