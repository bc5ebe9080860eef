"""Bodies of requests: by when one has to have come, and what is made of one that breaks off.

Without a time a stranger keeps a connection for as long as it sends a byte now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.limits import MAX_BODY_BYTES

WITHIN_S = 20.0
"""How long a body of up to `MAX_BODY_BYTES` may take: 3.3 KB a second for the largest, a question needs far less."""


def whole_bodies(larger: Mapping[str, int] | None = None) -> Middleware:
    """Middleware that answers 408 when a body has not come within `WITHIN_S`; closest to the handlers.

    `larger`: routes, such as `/admin/programme`, that take larger bodies, and of how many bytes at most: these get as
    much longer as what their request announces is larger. A body that breaks off is no error of ours and isn't told.
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
            return web.Response(status=400)  # Nobody reads it.
        except RuntimeError:  # So aiohttp calls it where the connection was gone before anything was read of it.
            if request.transport is not None or request.content.is_eof():
                raise
            return web.Response(status=400)

    return middleware
