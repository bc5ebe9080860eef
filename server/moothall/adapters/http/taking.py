"""Takes connections from the system, and hands on to the web server those that get a place.

asyncio's own way makes a transport first and asks nobody. Here a place comes first, so that one too many costs little,
and a connection counts from the moment at which it is an open file, its TLS handshake included.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import cast

from aiohttp import web

from moothall.adapters.http.connections import MOST_OUTSIDE, Connections
from moothall.adapters.http.places import Full, Place
from moothall.adapters.system.accepting import stop_accepting

HANDSHAKE_S = 10.0
"""How long TLS may take to begin; asyncio's own is a minute."""
UNREAD_MS = 60_000
"""How long somebody may leave an answer unread before the system gives the connection up."""
NO_FILE_S = 0.1
"""How long nobody is taken when there is no file for them."""
WAITING = 8_192
"""Connections that the system keeps until they are taken, if it allows so many (Linux: `net.core.somaxconn`, 4,096).
Overflow: who dials isn't answered and tries again after 1, 3, 7, 15 s: a hall that comes back at once would be late."""
FAREWELL_S = 1.0
"""How long those that were taken right before the end have to ask what they came for: they are answered then."""
OUTSIDE_S = 1.0
"""How long it may take a connection without a place to ask."""
COME_BACK_S = (5, 15)
"""Within which time those come back who get none; each is told a number of its own."""
_ANSWERS = {
    Full.ALL: b"The server has as many connections as it can serve. Try again in a few seconds.\n",
    Full.ADDRESS: b"Your address has as many connections as one may have. Try again in a few seconds.\n",
}
_HEAD = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Retry-After: %d\r\n%bCache-Control: no-store\r\nConnection: close\r\n\r\n%b"
)
_MOST_READ = 16 << 10
"""Of what has come already, that is looked at: a page's request, and all but the longest questions."""
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]{1,9})[ \t]*(?:\r|\Z)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\nTransfer-Encoding:", re.IGNORECASE)
Inner = Callable[[], asyncio.Protocol]
"""Makes the web server's protocol of a connection."""


def refusal(full: Full, peer: object, asked: bytes) -> bytes:
    """What those are told who asked and have no place. A page comes back by itself; a form would lose what was typed.

    `full`: why; `peer`: the address of the other end; `asked`: the first bytes of what it sent.
    """
    low, high = COME_BACK_S
    wait = low + (int(peer[1]) if isinstance(peer, tuple) else 0) % (high - low + 1)
    refresh = b"Refresh: %d\r\n" % wait if asked.startswith(b"GET ") else b""
    return _HEAD % (len(_ANSWERS[full]), wait, refresh, _ANSWERS[full])


def _nothing() -> None:
    """There is nothing to be ended."""


def is_whole(data: bytes) -> bool:
    """Whether the first bytes of a connection hold a request and all of its body."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or _CHUNKED.search(head):
        return False
    length = _LENGTH.search(head)
    return len(body) >= (int(length[1]) if length else 0)


class _Outside(asyncio.Protocol):
    """A connection that has no place: it gets one with a request that is whole, and is told that there is none with any
    other. So a hall whose place somebody holds with half requests still gets its pages.
    """

    def __init__(self, full: Full, peer: object, connections: Connections, inner: Inner) -> None:
        self.end: Callable[[], object] = lambda: None
        self._full = full
        self._peer = peer
        self._connections = connections
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._over: asyncio.TimerHandle | None = None
        while len(connections.outside) >= MOST_OUTSIDE:
            next(iter(connections.outside)).give_up()
        connections.outside[self] = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._over = asyncio.get_running_loop().call_later(OUTSIDE_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Only now: an answer before the question is thrown away with it when the connection ends."""
        if self._transport is None or self not in self._connections.outside:
            return
        self.failed()
        if is_whole(data):
            name = self._connections.name_of(self._peer)
            place = self._connections.enter(name, whole=True)
            if isinstance(place, Place):
                counted = _Counted(self._inner(), place, self._connections)
                self._connections.begin(counted, name)
                if self._over is not None:
                    self._over.cancel()
                self._transport.set_protocol(counted)
                counted.connection_made(self._transport)
                counted.data_received(data)
                return
        self._connections.refuse(self._full)
        self._transport.write(refusal(self._full, self._peer, data))
        self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.failed()

    def failed(self) -> None:
        """It is gone, or never came so far. To say so twice changes nothing."""
        self._connections.outside.pop(self, None)

    def give_up(self) -> None:
        """Close it, unless it has asked."""
        if self not in self._connections.outside:
            return
        self.failed()
        self._connections.refuse(self._full)
        if self._transport is None:
            self.end()
        else:
            self._transport.abort()


class _Counted(asyncio.Protocol):
    """Stands before the web server's protocol and hands everything on; it has a place."""

    __slots__ = ("_connections", "_place", "_take_data", "_transport", "end", "gone", "inner", "request")

    def __init__(self, inner: asyncio.Protocol, place: Place, connections: Connections) -> None:
        self.inner = inner
        self.request: Place | None = None
        """That of the request that it has sent, or is sending."""
        self.end: Callable[[], object] = _nothing
        """Ends it while it has no transport."""
        self.gone: Callable[[], object] = _nothing
        """Told when it is gone (`when_gone`)."""
        self._place = place
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._take_data: Callable[[bytes], None] = self._first_data

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.end = _nothing  # What ended it until now holds a task and the socket.
        self.inner.connection_made(transport)

    def share(self) -> None:
        """For `Connections`."""
        self._place.share()

    @property
    def unread(self) -> bool:
        """For `WaitingConnections`."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    @property
    def asked(self) -> bool:
        """For `WaitingConnections`."""
        return self.request is not None

    def give_way(self) -> None:
        """For `WaitingConnections`: whoever has sent half a request is told so."""
        self.failed()
        if self.request is not None:
            self.request.leave()
        if self._transport is None:
            self.end()
        elif not self.asked or self._transport.get_extra_info("sslcontext") is not None:
            self._transport.abort()  # TLS says goodbye, and waits for an answer; the file is needed now.
        else:
            self._transport.write(refusal(Full.ALL, self._transport.get_extra_info("peername"), b""))
            self._transport.close()

    def failed(self) -> None:
        """It is gone, or never came so far. To say so twice changes nothing."""
        self._connections.leave(self)
        self._place.leave()

    def data_received(self, data: bytes) -> None:
        self._take_data(data)

    def _first_data(self, data: bytes) -> None:
        self._connections.new.remove(self.inner)
        self._take_data = self.inner.data_received
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()

    def hand_over(self, to: asyncio.Protocol) -> None:
        """`to` takes the place of the web server's protocol, for which the connection is gone."""
        self._connections.leave(self)
        self.gone = _nothing
        inner, self.inner, self._take_data = self.inner, to, to.data_received
        _lose(inner)

    def connection_lost(self, error: Exception | None) -> None:
        self.inner.connection_lost(error)
        self.failed()
        self.gone()


def hand_over(transport: asyncio.Transport, to: asyncio.Protocol) -> bool:
    """Give a connection, of which the web server has answered a request, to another protocol. It keeps its place.

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


def when_gone(transport: asyncio.Transport, call: Callable[[], object] | None) -> None:
    """Have `call` called as soon as a connection is gone of which a request is being answered, in place of what was to
    be called before; None: nothing. aiohttp tells a handler only when it writes.

    Where the connection wasn't taken by `serve`, nothing is called.
    """
    protocol = transport.get_protocol()
    if isinstance(protocol, _Counted):
        protocol.gone = call or _nothing


def _lose(protocol: asyncio.BaseProtocol) -> None:
    """Tell the web server that a connection is gone, which it would close otherwise."""
    if isinstance(protocol, web.RequestHandler):
        protocol.transport = None
    protocol.connection_lost(None)


class _Taking:
    """Takes connections from a listening socket. asyncio's own would make a transport before it asks for a place."""

    def __init__(
        self,
        listener: socket.socket,
        connections: Connections,
        inner: Inner,
        tls: ssl.SSLContext | None,
    ) -> None:
        self._listener = listener
        self._connections = connections
        self._inner = inner
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        # Bound: the places, and `MOST_OUTSIDE`.
        self._making = set[asyncio.Task[None]]()
        self._open = True
        self._waiting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if not self._open:
            return
        try:
            self._loop.add_reader(self._listener.fileno(), self._take)
        except NotImplementedError:  # The loop of Windows, where a hub may run.
            self._waiting = self._loop.create_task(self._take_each())

    async def end(self) -> None:
        self._open = False
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        await stop_accepting([self._listener])
        await self._connections.new.wait(FAREWELL_S)
        self._listener.close()
        for task in self._making:
            task.cancel()
        await asyncio.gather(*self._making, return_exceptions=True)

    def _take(self) -> None:
        for _ in range(self._connections.at_once):
            try:
                sock, peer = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._connections.failures.note(error, self._loop.time())
                self._loop.remove_reader(self._listener.fileno())
                self._loop.call_later(NO_FILE_S, self.begin)
                return
            self._enter(sock, peer)

    async def _take_each(self) -> None:
        """The same for a loop that watches no sockets."""
        while True:
            try:
                sock, peer = await self._loop.sock_accept(self._listener)
            except OSError as error:
                self._connections.failures.note(error, self._loop.time())
                await asyncio.sleep(NO_FILE_S)
                continue
            self._enter(sock, peer)
            await asyncio.sleep(0)

    def _enter(self, sock: socket.socket, peer: object) -> None:
        connections = self._connections
        sock.setblocking(False)
        name = connections.name_of(peer)
        place = connections.enter(name)
        asked = b""
        if isinstance(place, Full) and self._tls is None:
            asked = _came(sock)
            if is_whole(asked):
                place = connections.enter(name, whole=True)
        if isinstance(place, Place):
            counted = _Counted(self._inner(), place, connections)
            connections.begin(counted, name)
            self._make(sock, counted)
        elif asked:
            connections.refuse(place)
            _tell(sock, refusal(place, peer, asked))
        else:
            self._make(sock, _Outside(place, peer, connections, self._inner))

    def _make(self, sock: socket.socket, protocol: _Counted | _Outside) -> None:
        begun = False

        async def make() -> None:
            nonlocal begun
            begun = True
            try:
                await self._loop.connect_accepted_socket(
                    lambda: protocol,
                    sock,
                    ssl=self._tls,
                    ssl_handshake_timeout=HANDSHAKE_S if self._tls else None,
                )
            except OSError:  # Of TLS as well: it left, or speaks something else.
                protocol.failed()

        def end() -> None:
            task.cancel()
            if not begun:
                sock.close()

        task = self._loop.create_task(make())
        protocol.end = end
        self._making.add(task)
        task.add_done_callback(self._making.discard)


def _came(sock: socket.socket) -> bytes:
    """What a connection has sent already; it can be read again."""
    try:
        return sock.recv(_MOST_READ, socket.MSG_PEEK)
    except OSError:
        return b""


def _tell(sock: socket.socket, answer: bytes) -> None:
    """Say that there is no place, and close. What it sent is read first: else the answer is thrown away with it."""
    with suppress(OSError):
        sock.recv(_MOST_READ)
        sock.send(answer)
    sock.close()


async def serve(
    stack: AsyncExitStack,
    runner: web.BaseRunner,
    listener: socket.socket,
    *,
    connections: Connections,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Take connections for a runner that is set up, until the stack unwinds."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Those that are taken have it from the listener.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
    server = runner.server
    if server is None:
        raise RuntimeError("The runner is not set up.")
    listener.setblocking(False)
    listener.listen(WAITING)
    taking = _Taking(listener, connections, server, tls)
    taking.begin()
    stack.push_async_callback(taking.end)
