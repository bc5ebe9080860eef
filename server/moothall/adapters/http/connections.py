"""Limits on the web server's connections, in all and for each address, and the choice of which connections keep a slot.

A connection over the limit gets the slot of another one that is idle (`waiting_connections`), where there is one. A
connection from a proxy, or from a node that has proved itself, counts only in the total: its address says nothing about
the visitor, and each request on it counts for its own visitor's address. `taking` accepts the connections.
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
from moothall.adapters.http.slots import NoSlot, Slot, Slots
from moothall.adapters.http.waiting_connections import Name, Wait, WaitingConnection, WaitingConnections
from moothall.core.ports import Randomness

AT_ONCE = 128
"""The most connections accepted in one turn of the event loop, where there are slots enough."""
AT_ONCE_SHARE = 25
"""One turn accepts at most 1/25 of the slots. A connection that gives up its slot closes its file only in the next
turn: these, the newly accepted ones and `MOST_OUTSIDE` have to fit into `open_files.KEPT_BACK` together."""
MOST_OUTSIDE = 64
"""Connections without a slot whose request is awaited. Overflow: the oldest is closed without an answer."""
GAVE_WAY = "gave-way"
"""The key of the `refused` counters for connections and requests that gave up their slot to another."""
_BUSY = {
    NoSlot.ALL: "As many requests are being answered as the server can. Wait a little and try again.\n",
    NoSlot.ADDRESS: "Too many requests from your address are being answered. Wait a little and try again.\n",
}


class NewConnections:
    """Connections that were accepted and have not sent anything yet. Bound: the slots."""

    def __init__(self) -> None:
        self._there: set[asyncio.Protocol] = set()
        self._none = asyncio.Event()
        self._none.set()

    def add(self, connection: asyncio.Protocol) -> None:
        """Add a connection that was just accepted."""
        self._there.add(connection)
        self._none.clear()

    def remove(self, connection: asyncio.Protocol) -> None:
        """Remove a connection that has sent data or is closed. A second call changes nothing."""
        self._there.discard(connection)
        if not self._there:
            self._none.set()

    async def wait(self, seconds: float) -> None:
        """Wait until all have sent a request, at most `seconds`."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._none.wait(), seconds)
        await asyncio.sleep(0)  # Let the last request reach its handler.


class SlotHolder(WaitingConnection, Protocol):
    """A connection that has a slot."""

    inner: asyncio.Protocol
    """The web server's protocol."""
    request: Slot | None
    """The slot of the request that it has sent or is sending; None between requests."""

    def share(self) -> None:
        """Count it in the total only, since a node carries the requests of many visitors on it."""
        ...


class Outside(Protocol):
    """A connection that has no slot."""

    def give_up(self) -> None:
        """Close it, unless it has sent a request."""
        ...


class Connections:
    """The connections of one server: how many there may be, which of them wait, and which gives way."""

    def __init__(self, slots: Slots, requests: Slots, proxies: Callable[[str], bool] = lambda _: False) -> None:
        """`slots`: slots for connections; `requests`: slots for requests in progress; `proxies`: whether an address is
        a proxy's.
        """
        self._slots = slots
        self._requests = requests
        self._proxies = proxies
        # Bound: the slots.
        self._by_inner: dict[object, SlotHolder] = {}
        self.waiting = WaitingConnections()
        self.outside: dict[Outside, None] = {}
        self.new = NewConnections()
        self.failures = AcceptFailures()

    @property
    def at_once(self) -> int:
        """How many connections may be accepted in one turn of the loop."""
        return max(1, min(AT_ONCE, self._slots.most // AT_ONCE_SHARE))

    def refuse(self, full: NoSlot) -> None:
        """Count a connection that got no slot."""
        self._slots.refuse(full.reason)

    def name_of(self, peer: object) -> Name:
        """The name under which a connection from `peer`, the address of its other end, is counted; None for a
        proxy's.
        """
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        return None if self._proxies(address) else self._slots.name_of(address)

    def enter(self, name: Name, *, whole: bool = False) -> Slot | NoSlot:
        """A slot for a new connection, or the reason why there is none. `whole`: its request has arrived in full."""
        slot = self._slots.take_as(name)
        if isinstance(slot, NoSlot) and self.waiting.make_room(name, _now(), own=slot is NoSlot.ADDRESS, whole=whole):
            self._slots.refuse(GAVE_WAY)
            slot = self._slots.take_as(name)
        return slot

    def begin(self, connection: SlotHolder, name: Name) -> None:
        """Register a connection that has got a slot and waits for its first request."""
        self._by_inner[connection.inner] = connection
        self.new.add(connection.inner)
        self.waiting.put(connection, Wait.WHOLE, name, _now())

    def leave(self, connection: SlotHolder) -> None:
        """Remove a connection that is closed or gave way. A second call changes nothing."""
        self.new.remove(connection.inner)
        self.waiting.remove(connection)
        self._by_inner.pop(connection.inner, None)

    def middleware(self, address_of: AddressOf) -> Middleware:
        """A middleware by which each request holds a slot while it is handled, and its connection counts as waiting
        until the request has arrived in full.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            address = address_of(request)
            slot = self._request_slot(address)
            if isinstance(slot, NoSlot):
                return web.Response(status=503, text=_BUSY[slot], headers={"Retry-After": "10"})
            connection = self._by_inner.get(request.protocol)
            # It gave way while the rate limit delayed it, or was not accepted by `taking`, as in tests.
            if connection is None:
                try:
                    return web.Response(status=503) if request.transport is None else await handler(request)
                finally:
                    slot.leave()
            name = self._slots.name_of(address)
            if CARRIED in request:
                connection.share()
            self._asks(connection, slot, name)
            answering = True

            def whole() -> None:
                if answering:
                    self.waiting.remove(connection)

            try:
                request.content.on_eof(whole)
                return await handler(request)
            finally:
                answering = False
                slot.leave()
                connection.request = None
                if self._by_inner.get(request.protocol) is connection:
                    self.waiting.put(connection, Wait.NEXT, name, _now())

        return middleware

    def _asks(self, connection: SlotHolder, slot: Slot, name: Name) -> None:
        connection.request = slot
        self.waiting.put(connection, Wait.WHOLE, name, _now())

    def _request_slot(self, address: str) -> Slot | NoSlot:
        slot = self._requests.take(address)
        if slot is NoSlot.ADDRESS and self.waiting.make_room_for_request(self._slots.name_of(address), _now()):
            self._requests.refuse(GAVE_WAY)
            slot = self._requests.take(address)
        if isinstance(slot, NoSlot):
            self._requests.refuse(slot.reason)
        return slot


def unshared_connections(randomness: Randomness, most: int) -> Connections:
    """Limits with `most` slots, all of which one address may take: behind an access point, everybody may share one
    address.
    """
    return Connections(Slots(randomness, most=most), Slots(randomness, most=most))


def _now() -> float:
    return asyncio.get_running_loop().time()
