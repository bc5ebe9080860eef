"""The web server's connections: how many there may be, in all and from one address, and which of them have a place.

One over the bound gets the place of another of which nothing is being answered (`waiting_connections`), where there is
one. One that comes from a proxy, or from a node that has proved itself, is counted in all and not by its address, which
says nothing; what is asked through it is counted by whose it is. `taking` takes them from the system.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import CARRIED, AddressOf
from moothall.adapters.http.open_files import AcceptFailures
from moothall.adapters.http.places import Full, Place, Places
from moothall.adapters.http.waiting_connections import Name, Wait, Waiting, WaitingConnections
from moothall.core.ports import Randomness

AT_ONCE = 128
"""Connections that are taken in one turn of the loop, where there are places enough."""
AT_ONCE_SHARE = 25
"""Of the places one of so many at most. Whose place they get closes its file in the next turn: they, as many again and
`MOST_OUTSIDE` have to fit into `open_files.KEPT_BACK`."""
MOST_OUTSIDE = 64
"""Connections without a place of which the request is awaited. Overflow: the first of them is closed unanswered."""
GAVE_WAY = "gave-way"
"""By what those are counted that gave their place to another one."""
_BUSY = {
    Full.ALL: "As many requests are being answered as the server can. Wait a little and try again.\n",
    Full.ADDRESS: "Too many requests from your address are being answered. Wait a little and try again.\n",
}


class Newcomers:
    """Connections that were taken and have not asked anything yet. Bound: the places that there are."""

    def __init__(self) -> None:
        self._there: set[asyncio.Protocol] = set()
        self._none = asyncio.Event()
        self._none.set()

    def add(self, connection: asyncio.Protocol) -> None:
        """One was taken."""
        self._there.add(connection)
        self._none.clear()

    def remove(self, connection: asyncio.Protocol) -> None:
        """It asks, or is gone. To say so twice changes nothing."""
        self._there.discard(connection)
        if not self._there:
            self._none.set()

    async def wait(self, seconds: float) -> None:
        """Until all have asked, and no longer than that."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._none.wait(), seconds)
        await asyncio.sleep(0)  # What was asked last reaches its handler.


class Taken(Waiting, Protocol):
    """A connection that has a place."""

    inner: asyncio.Protocol
    """The web server's protocol."""
    request: Place | None
    """That of the request that it has sent, or is sending."""

    def share(self) -> None:
        """It carries what others ask, and counts for no address from now on."""
        ...


class Outside(Protocol):
    """A connection that has none."""

    def give_up(self) -> None:
        """Close it, unless it has asked."""
        ...


class Connections:
    """Those of one server: how many there may be, which of them wait, and who gives way."""

    def __init__(self, places: Places, requests: Places, proxies: Callable[[str], bool] = lambda _: False) -> None:
        """`places`: for connections; `requests`: for requests that are being answered; `proxies`: which addresses are
        those of proxies.
        """
        self._places = places
        self._requests = requests
        self._proxies = proxies
        # Bound: the places.
        self._by_inner: dict[object, Taken] = {}
        self.waiting = WaitingConnections()
        self.outside: dict[Outside, None] = {}
        self.new = Newcomers()
        self.failures = AcceptFailures()

    @property
    def at_once(self) -> int:
        """How many may be taken in one turn of the loop."""
        return max(1, min(AT_ONCE, self._places.most // AT_ONCE_SHARE))

    def refuse(self, full: Full) -> None:
        """Count that a connection was given no place."""
        self._places.refuse(full.reason)

    def name_of(self, peer: object) -> Name:
        """Whose a connection from `peer`, the address of its other end, is."""
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        return None if self._proxies(address) else self._places.name_of(address)

    def enter(self, name: Name, *, whole: bool = False) -> Place | Full:
        """A place for a new connection, or why there is none. `whole`: its request is there."""
        place = self._places.take_as(name)
        if isinstance(place, Full) and self.waiting.make_room(name, _now(), own=place is Full.ADDRESS, whole=whole):
            self._places.refuse(GAVE_WAY)
            place = self._places.take_as(name)
        return place

    def begin(self, connection: Taken, name: Name) -> None:
        """It has a place, and waits from now on."""
        self._by_inner[connection.inner] = connection
        self.new.add(connection.inner)
        self.waiting.put(connection, Wait.WHOLE, name, _now())

    def leave(self, connection: Taken) -> None:
        """It is gone, or gave way. To say so twice changes nothing."""
        self.new.remove(connection.inner)
        self.waiting.remove(connection)
        self._by_inner.pop(connection.inner, None)

    def middleware(self, address_of: AddressOf) -> Middleware:
        """Middleware by which each request takes a place for as long as it is answered, and its connection waits for as
        long as the request isn't whole.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            address = address_of(request)
            place = self._place(address)
            if isinstance(place, Full):
                return web.Response(status=503, text=_BUSY[place], headers={"Retry-After": "10"})
            connection = self._by_inner.get(request.protocol)
            if connection is None:  # It gave way while it waited for its rate, or came by itself as in tests.
                try:
                    return web.Response(status=503) if request.transport is None else await handler(request)
                finally:
                    place.leave()
            name = self._places.name_of(address)
            if CARRIED in request:
                connection.share()
            self._asks(connection, place, name)
            answering = True

            def whole() -> None:
                if answering:
                    self.waiting.remove(connection)

            try:
                request.content.on_eof(whole)
                return await handler(request)
            finally:
                answering = False
                place.leave()
                connection.request = None
                if self._by_inner.get(request.protocol) is connection:
                    self.waiting.put(connection, Wait.NEXT, name, _now())

        return middleware

    def _asks(self, connection: Taken, place: Place, name: Name) -> None:
        connection.request = place
        self.waiting.put(connection, Wait.WHOLE, name, _now())

    def _place(self, address: str) -> Place | Full:
        place = self._requests.take(address)
        if place is Full.ADDRESS and self.waiting.make_room_for_request(self._places.name_of(address), _now()):
            self._requests.refuse(GAVE_WAY)
            place = self._requests.take(address)
        if isinstance(place, Full):
            self._requests.refuse(place.reason)
        return place


def unshared_connections(randomness: Randomness, most: int) -> Connections:
    """So many, of which one address may have all: that of an access point may be everybody's."""
    return Connections(Places(randomness, most=most), Places(randomness, most=most))


def _now() -> float:
    return asyncio.get_running_loop().time()
