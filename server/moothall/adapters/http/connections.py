"""The web server's connections: how many there may be, in all and from one address, before anything was asked.

A connection over the bound is answered with a sentence and closed. One that comes from a proxy is counted in all and
not by its address, which says nothing: `limits.AddressGate` counts what is asked through it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from aiohttp import web

from moothall.adapters.http.places import Full, Place, Places
from moothall.adapters.system.accepting import stop_accepting

HANDSHAKE_S = 10.0
"""How long TLS may take to begin; asyncio's own is a minute."""
UNREAD_MS = 60_000
"""How long somebody may leave an answer unread before the system gives the connection up."""
AT_ONCE = 128
"""Connections that are taken in one turn of the loop."""
WAITING = 8_192
"""Connections that the system keeps until they are taken, if it allows so many (Linux: `net.core.somaxconn`, 4,096).
Overflow: who dials isn't answered and tries again after 1, 3, 7, 15 s: a hall that comes back at once would be late."""
FAREWELL_S = 1.0
"""How long those that were taken right before the end have to ask what they came for: they are answered then."""
MOST_TOLD = 50
"""Connections over the bound that are answered at the same time. Overflow: the next are closed without an answer."""
TELL_S = 1.0
"""How long such a one may take to ask."""
_ANSWERS = {
    Full.ALL: b"The server has as many connections as it can serve. Try again in a few seconds.\n",
    Full.ADDRESS: b"Your address has as many connections as one may have. Try again in a few seconds.\n",
}
_HEAD = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Retry-After: 10\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
)


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


class _Counted(asyncio.Protocol):
    """Stands before the web server's protocol and hands everything on, when there is a place."""

    __slots__ = ("_full", "_inner", "_new", "_place", "_take", "_take_data", "_told", "_transport")

    def __init__(
        self, inner: asyncio.Protocol, take: Callable[[str], Place | Full], told: set[asyncio.Protocol], new: Newcomers
    ) -> None:
        self._inner = inner
        self._take = take
        self._told = told
        self._new = new
        self._place: Place | None = None
        self._full: Full | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._take_data: Callable[[bytes], None] = self._first_data

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        place = self._take(str(peer[0]) if isinstance(peer, tuple) else "")
        if isinstance(place, Place):
            self._place = place
            self._new.add(self)
            self._inner.connection_made(transport)
            return
        self._full, self._transport, self._take_data = place, transport, self._refuse
        if len(self._told) >= MOST_TOLD:
            transport.close()
            return
        self._told.add(self)
        asyncio.get_running_loop().call_later(TELL_S, transport.close)

    def data_received(self, data: bytes) -> None:
        self._take_data(data)

    def _first_data(self, data: bytes) -> None:
        self._new.remove(self)
        self._take_data = self._inner.data_received
        self._inner.data_received(data)

    def _refuse(self, _: bytes) -> None:
        """Only now: an answer before the question is thrown away with it when the connection ends."""
        if isinstance(self._transport, asyncio.WriteTransport) and self._full is not None:
            self._transport.write(_HEAD % len(_ANSWERS[self._full]) + _ANSWERS[self._full])
            self._transport.close()

    def eof_received(self) -> bool | None:
        return None if self._place is None else self._inner.eof_received()

    def pause_writing(self) -> None:
        if self._place is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._place is not None:
            self._inner.resume_writing()

    def hand_over(self, to: asyncio.Protocol) -> None:
        """`to` takes the place of the web server's protocol, for which the connection is gone."""
        inner, self._inner, self._take_data = self._inner, to, to.data_received
        _lose(inner)

    def connection_lost(self, error: Exception | None) -> None:
        self._told.discard(self)
        self._new.remove(self)
        if self._place is not None:
            self._inner.connection_lost(error)
            self._place.leave()


def hand_over(transport: asyncio.Transport, to: asyncio.Protocol) -> bool:
    """Give a connection, of which the web server has answered a request, to another protocol.

    For the web server it is gone: it lets go of all that it had for it. False, and nothing happens, where the
    connection is closing. The handler that calls this goes on, and what it returns is thrown away.
    """
    if transport.is_closing():
        return False
    protocol = transport.get_protocol()
    if isinstance(protocol, _Counted):
        protocol.hand_over(to)
    else:
        transport.set_protocol(to)
        _lose(protocol)
    return True


def _lose(protocol: asyncio.BaseProtocol) -> None:
    """Tell the web server that a connection is gone, which it would close otherwise."""
    if isinstance(protocol, web.RequestHandler):
        protocol.transport = None
    protocol.connection_lost(None)


async def serve(
    stack: AsyncExitStack,
    runner: web.BaseRunner,
    listener: socket.socket,
    *,
    places: Places,
    proxies: Callable[[str], bool] = lambda _: False,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Take connections for a runner that is set up, until the stack unwinds.

    `proxies` says which addresses are those of proxies.
    """

    def take(address: str) -> Place | Full:
        return places.take(None if proxies(address) else address)

    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Those that are taken have it from the listener.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
    server = runner.server
    told: set[asyncio.Protocol] = set()
    new = Newcomers()

    def protocol() -> asyncio.Protocol:
        if server is None:
            raise RuntimeError("The runner is not set up.")
        return _Counted(server(), take, told, new)

    taking = await asyncio.get_running_loop().create_server(
        protocol, sock=listener, ssl=tls, backlog=AT_ONCE, ssl_handshake_timeout=HANDSHAKE_S if tls else None
    )
    listener.listen(WAITING)

    async def end() -> None:
        await stop_accepting([listener])
        await new.wait(FAREWELL_S)
        taking.close()

    stack.push_async_callback(end)
