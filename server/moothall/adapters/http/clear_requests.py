"""Requests that are refused before any door sees them: others may read them otherwise, or a library can't read them.

A proxy and a server that disagree where a request ends let a second one hide in the first. aiohttp refuses most of what
can be read in two ways by itself; what it lets through is refused here.
"""

from __future__ import annotations

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware


def clear_requests() -> Middleware:
    """Middleware that answers 400, ends the connection and reads nothing more of it.

    Chunks in HTTP/1.0 may be none for a proxy (RFC 9112, 6.1). A `Sec-WebSocket-Key` that isn't ASCII is an error in
    aiohttp's handshake.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.version < HttpVersion11 and hdrs.TRANSFER_ENCODING in request.headers:
            return _refused("HTTP/1.0 has no Transfer-Encoding.\n")
        if not request.headers.get(hdrs.SEC_WEBSOCKET_KEY, "").isascii():
            return _refused("The key of a WebSocket's handshake is base64.\n")
        return await handler(request)

    return middleware


def _refused(sentence: str) -> web.Response:
    response = web.Response(status=400, text=sentence)
    response.force_close()
    return response
