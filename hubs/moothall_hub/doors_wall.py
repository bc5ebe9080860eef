"""`/wall`: the wall that was shown here last. A computer that starts a browser with it shows the last page again.

Which one that was is learnt from the computer itself and from the coordinator, from nobody else in the network.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from moothall.core.errors import StorageUnavailable
from moothall.core.ids import is_name
from moothall.core.ports import Book, BookEntry

logger = logging.getLogger(__name__)

SHELF, LAST = "wall", "last"
LONGEST = 500


class WallDoor:
    """See the module. Make it with `load`."""

    def __init__(self, book: Book, last: str, coordinates: Callable[[web.Request], bool]) -> None:
        self._book = book
        self._last = last
        self._coordinates = coordinates

    @classmethod
    async def load(cls, book: Book, coordinates: Callable[[web.Request], bool]) -> WallDoor:
        """Read the book; raises StorageUnavailable. `coordinates`: whether a request is the coordinator's."""
        kept = await book.read(SHELF)
        return cls(book, kept.get(LAST, b"").decode(), coordinates)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/wall", self.onward)]

    async def onward(self, _: web.Request) -> web.Response:
        """To the last wall; where there was none, to the list of the meetings."""
        return web.Response(status=303, headers={hdrs.LOCATION: self._last or "/", hdrs.CACHE_CONTROL: "no-store"})

    def middleware(self) -> Middleware:
        """Notes which wall is shown."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            response = await handler(request)
            where = request.path_qs
            if (
                response.status == 200
                and request.path.startswith("/s/")
                and request.path.endswith("/screen")
                and is_name(request.match_info.get("session", ""))
                and where != self._last
                and len(where) <= LONGEST
                and (_itself(request) or self._coordinates(request))
            ):
                self._last = where
                try:
                    await self._book.write([BookEntry(SHELF, LAST, where.encode())])
                except StorageUnavailable:
                    logger.warning("which wall is shown can't be kept at the moment")
            return response

        return middleware


def _itself(request: web.Request) -> bool:
    """Whether a request comes from this computer."""
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
