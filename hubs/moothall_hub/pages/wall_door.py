"""`/wall`: redirects to the wall that was shown last, so that a computer that starts a browser with it shows it again.

If that meeting is not on and another one is, it redirects to that one's wall.

The last wall is learnt only from requests of this computer itself and of the coordinator.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import is_name
from moothall.core.ports import Book, BookEntry
from moothall.core.sessions.state import ON
from moothall.services.sessions.catalogue import ListPublic

logger = logging.getLogger(__name__)

NAMESPACE, LAST = "wall", "last"
LONGEST = 500
KEPT = ("size", "theme", "steady", "ui")
"""The parameters of the last wall's address that are kept on the way to another meeting's wall."""


class WallDoor:
    """The handler of `/wall`. Make it with `load`."""

    def __init__(self, book: Book, last: str, coordinates: Callable[[web.Request], bool], listed: ListPublic) -> None:
        self._listed = listed
        self._book = book
        self._last = last
        self._coordinates = coordinates

    @classmethod
    async def load(cls, book: Book, coordinates: Callable[[web.Request], bool], listed: ListPublic) -> WallDoor:
        """Read the last wall from the book; raises StorageUnavailable.

        `coordinates` says whether a request is the coordinator's; `listed` gives the meetings that are copied here.
        """
        kept = await book.read(NAMESPACE)
        return cls(book, kept.get(LAST, b"").decode(), coordinates, listed)

    def routes(self) -> list[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.get("/wall", self.onward)]

    async def onward(self, _: web.Request) -> web.Response:
        """Redirect to the last wall, or to that of a meeting that is on instead; without any wall, to the list."""
        where = self._last or "/"
        with contextlib.suppress(StorageUnavailable):  # In that case it is the last wall.
            on = [f"/s/{quote(each.session)}/screen" for each in await self._listed() if each.status in ON]
            last = urlsplit(self._last)
            if on and last.path not in on:
                # Size and brightness belong to the room; the choice of text belongs to the meeting.
                look = [pair for pair in parse_qsl(last.query) if pair[0] in KEPT]
                where = on[0] + (f"?{urlencode(look)}" if look else "")
        return see_other(where)

    def middleware(self) -> Middleware:
        """Return a middleware that notes the wall that is shown."""

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
                    await self._book.write([BookEntry(NAMESPACE, LAST, where.encode())])
                except StorageUnavailable:
                    logger.warning("the chosen wall can't be stored at the moment")
            return response

        return middleware


def _itself(request: web.Request) -> bool:
    """Whether a request comes from this computer."""
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
