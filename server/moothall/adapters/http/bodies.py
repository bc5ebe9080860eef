"""Bodies: of requests, a time limit for their arrival, and the answer when one breaks off; of any, how it is read.

Without a limit a stranger could hold a connection by sending a byte now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.limits import MAX_BODY_BYTES

WITHIN_S = 20.0
"""Time limit for a body of up to `MAX_BODY_BYTES`: that is 3.3 KB/s for the largest; a question needs far less."""


async def up_to(content: StreamReader, most: int) -> bytes:
    """A body, or its first `most` bytes. One `read` of aiohttp returns what has come by then, which may be a part."""
    body = bytearray()
    while len(body) < most and (more := await content.read(most - len(body))):
        body += more
    return bytes(body)


def whole_bodies(larger: Mapping[str, int] | None = None) -> Middleware:
    """A middleware that answers 408 when a body has not arrived within `WITHIN_S`. Place it closest to the handlers.

    `larger`: routes, such as `/admin/programme`, that accept larger bodies, with their limit in bytes. Their time limit
    grows in proportion to the announced length. A body that breaks off is not an error of the server and is not logged.
    """
    most = larger or {}

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.can_read_body:
            return await handler(request)
        route = request.match_info.route.resource
        limit = most.get("" if route is None else route.canonical, MAX_BODY_BYTES)
        announced = min(request.content_length or 0, limit)
        waiting = True

        def came() -> None:
            if waiting:
                late.reschedule(None)

        try:
            async with asyncio.timeout(WITHIN_S * max(1.0, announced / MAX_BODY_BYTES)) as late:
                request.content.on_eof(came)
                try:
                    return await handler(request)
                finally:
                    waiting = False
        except TimeoutError:
            if not late.expired():
                raise
            text = "It took too long to send this request.\n"
            raise web.HTTPRequestTimeout(text=text) from None
        except (ConnectionResetError, web.RequestPayloadError):
            if request.content.is_eof():
                raise
            return web.Response(status=400)  # The client has gone, so nobody reads this.
        except RuntimeError:  # aiohttp raises this when the connection closed before any of the body was read.
            if request.transport is not None or request.content.is_eof():
                raise
            return web.Response(status=400)

    return middleware
