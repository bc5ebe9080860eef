"""Accepts connections, and hands those that get a slot to the web server.

asyncio's own server creates a transport before anything can be checked. Here a connection gets its slot first, so that
a surplus connection costs little, and every connection counts from the moment at which it is an open file, including
its TLS handshake.
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
from moothall.adapters.http.counted_characters import POST, CountedCharacters
from moothall.adapters.http.slots import NoSlot, Slot
from moothall.adapters.system.accepting import stop_accepting

HANDSHAKE_S = 10.0
"""Time limit for the TLS handshake; asyncio's default is a minute."""
UNREAD_MS = 60_000
"""How long a client may leave an answer unread before the kernel closes the connection (TCP_USER_TIMEOUT)."""
NO_FILE_S = 0.1
"""Pause of accepting, in s, after the process ran out of files."""
WAITING = 8_192
"""The listen backlog, if the system allows it (Linux: `net.core.somaxconn`, 4,096). Overflow: the client gets no answer
and tries again after 1, 3, 7, 15 s, so a hall that reconnects at once would come back slowly."""
FAREWELL_S = 1.0
"""At shutdown, how long connections that were just accepted have to send their request, which is still answered."""
OUTSIDE_S = 1.0
"""Time limit for the request of a connection without a slot."""
COME_BACK_S = (5, 15)
"""The range of `Retry-After` values in s; each client gets one of them, by its port."""
_ANSWERS = {
    NoSlot.ALL: b"The server has as many connections as it can serve. Try again in a few seconds.\n",
    NoSlot.ADDRESS: b"Your address has as many connections as one may have. Try again in a few seconds.\n",
}
_HEAD = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n"
    b"Retry-After: %d\r\n%bCache-Control: no-store\r\nConnection: close\r\n\r\n%b"
)
_MOST_READ = 16 << 10
"""The most bytes already received that are examined: enough for a page's request and for all but the longest
questions.
"""
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]{1,9})[ \t]*(?:\r|\Z)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\nTransfer-Encoding:", re.IGNORECASE)
Inner = Callable[[], asyncio.Protocol]
"""Makes the web server's protocol for a connection."""


def refusal(full: NoSlot, peer: object, asked: bytes) -> bytes:
    """The 503 answer for a request on a connection without a slot. Only a GET gets a `Refresh` header: reloading a form
    would lose what was typed.

    `full`: why; `peer`: the address of the other end; `asked`: the first bytes that it sent.
    """
    low, high = COME_BACK_S
    wait = low + (int(peer[1]) if isinstance(peer, tuple) else 0) % (high - low + 1)
    refresh = b"Refresh: %d\r\n" % wait if asked.startswith(b"GET ") else b""
    return _HEAD % (len(_ANSWERS[full]), wait, refresh, _ANSWERS[full])


def _nothing() -> None:
    """Do nothing: the default of callbacks."""


def is_whole(data: bytes) -> bool:
    """Whether the first bytes of a connection hold a complete request, including its body."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or _CHUNKED.search(head):
        return False
    length = _LENGTH.search(head)
    return len(body) >= (int(length[1]) if length else 0)


class _Outside(asyncio.Protocol):
    """A connection without a slot. It gets a slot when it sends a complete request, and is refused for anything else.

    So a hall still gets its pages when somebody occupies its slots with incomplete requests.
    """

    def __init__(self, full: NoSlot, peer: object, connections: Connections, inner: Inner) -> None:
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
        """Decide at the first data: an answer sent earlier would be lost, since closing with unread data resets the
        connection.
        """
        if self._transport is None or self not in self._connections.outside:
            return
        self.failed()
        if is_whole(data):
            name = self._connections.name_of(self._peer)
            slot = self._connections.enter(name, whole=True)
            if isinstance(slot, Slot):
                counted = _Counted(self._inner(), slot, self._connections)
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
        """Forget the connection, which is closed or never got ready. A second call changes nothing."""
        self._connections.outside.pop(self, None)

    def give_up(self) -> None:
        """Close it, unless it has sent a request."""
        if self not in self._connections.outside:
            return
        self.failed()
        self._connections.refuse(self._full)
        if self._transport is None:
            self.end()
        else:
            self._transport.abort()


_NO_ADDRESS = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class _Counted(asyncio.Protocol):
    """A protocol that wraps the web server's protocol, forwards everything to it, and holds a slot."""

    __slots__ = ("_connections", "_slot", "_take_data", "_transport", "end", "gone", "inner", "request")

    def __init__(self, inner: asyncio.Protocol, slot: Slot, connections: Connections) -> None:
        self.inner = inner
        self.request: Slot | None = None
        """The slot of the request that it has sent or is sending; None between requests."""
        self.end: Callable[[], object] = _nothing
        """Closes the connection while it has no transport."""
        self.gone: Callable[[], object] = _nothing
        """Called when the connection is closed (`when_gone`)."""
        self._slot = slot
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._take_data: Callable[[bytes], None] = self._first_data

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.end = _nothing  # Drop the earlier callback, which holds a task and the socket.
        self.inner.connection_made(transport)

    def share(self) -> None:
        """Count the connection in the total only (`SlotHolder`)."""
        self._slot.share()

    @property
    def unread(self) -> bool:
        """Whether an answer is not yet sent in full (`WaitingConnection`)."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    @property
    def asked(self) -> bool:
        """Whether a request has begun and holds a slot (`WaitingConnection`)."""
        return self.request is not None

    def give_way(self) -> None:
        """Close and release the slots (`WaitingConnection`). A client that has sent part of a request gets a 503."""
        self.failed()
        if self.request is not None:
            self.request.leave()
        if self._transport is None:
            self.end()
        elif not self.asked or self._transport.get_extra_info("sslcontext") is not None:
            self._transport.abort()  # A TLS shutdown waits for the peer, and the file is needed now.
        else:
            self._transport.write(refusal(NoSlot.ALL, self._transport.get_extra_info("peername"), b""))
            self._transport.close()

    def failed(self) -> None:
        """Release the slot of a connection that is closed or never got ready. A second call changes nothing."""
        self._connections.leave(self)
        self._slot.leave()

    def data_received(self, data: bytes) -> None:
        self._take_data(data)

    def _first_data(self, data: bytes) -> None:
        self._connections.new.remove(self.inner)
        if data.startswith(POST):
            counted = CountedCharacters()
            self._take_data = lambda more: self._web_data(counted.take(more))
        else:
            self._take_data = self._web_data
        self._take_data(data)

    def _web_data(self, data: bytes) -> None:
        try:
            self.inner.data_received(data)
        except IndexError:  # Of yarl 1.25, which aiohttp doesn't expect: a request for http://[::1]@/.
            if self._transport is not None:
                self._transport.write(_NO_ADDRESS)
                self._transport.close()

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()

    def hand_over(self, to: asyncio.Protocol) -> None:
        """Replace the web server's protocol by `to`. The web server takes the connection for closed."""
        self._connections.leave(self)
        self.gone = _nothing
        inner, self.inner, self._take_data = self.inner, to, to.data_received
        _lose(inner)

    def connection_lost(self, error: Exception | None) -> None:
        self.inner.connection_lost(error)
        self.failed()
        self.gone()


def hand_over(transport: asyncio.Transport, to: asyncio.Protocol) -> bool:
    """Give a connection on which the web server has answered a request to another protocol. It keeps its slot.

    The web server takes the connection for closed and frees what it held for it. Returns False, and changes nothing,
    where the connection is closing. The handler that calls this continues, and its return value is ignored.
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
    """Set the callback for when the connection of a request in progress closes, in place of an earlier one; None
    removes it.

    aiohttp notices a closed connection only when the handler writes. For connections that `serve` didn't accept this
    does nothing.
    """
    protocol = transport.get_protocol()
    if isinstance(protocol, _Counted):
        protocol.gone = call or _nothing


def _lose(protocol: asyncio.BaseProtocol) -> None:
    """Tell the web server that a connection is closed. Without its transport it can't close the connection itself."""
    if isinstance(protocol, web.RequestHandler):
        protocol.transport = None
    protocol.connection_lost(None)


class _Taking:
    """Accepts connections from a listening socket, and assigns slots before a transport is created."""

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
        # Bound: the slots, and `MOST_OUTSIDE`.
        self._making = set[asyncio.Task[None]]()
        self._open = True
        self._waiting: asyncio.Task[None] | None = None

    def begin(self) -> None:
        if not self._open:
            return
        try:
            self._loop.add_reader(self._listener.fileno(), self._take)
        except NotImplementedError:  # The event loop of Windows, where a hub may run.
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
        """Accept in a task, for an event loop without `add_reader`."""
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
        slot = connections.enter(name)
        asked = b""
        if isinstance(slot, NoSlot) and self._tls is None:
            asked = _came(sock)
            if is_whole(asked):
                slot = connections.enter(name, whole=True)
        if isinstance(slot, Slot):
            counted = _Counted(self._inner(), slot, connections)
            connections.begin(counted, name)
            self._make(sock, counted)
        elif asked:
            connections.refuse(slot)
            _tell(sock, refusal(slot, peer, asked))
        else:
            self._make(sock, _Outside(slot, peer, connections, self._inner))

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
            except OSError:  # TLS errors too: the client closed, or doesn't speak TLS.
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
    """Bytes that a connection has sent already, without consuming them."""
    try:
        return sock.recv(_MOST_READ, socket.MSG_PEEK)
    except OSError:
        return b""


def _tell(sock: socket.socket, answer: bytes) -> None:
    """Send a refusal and close. The request is read first: closing with unread data would discard the answer."""
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
    """Accept connections for a runner that is set up, until the stack unwinds. Raises RuntimeError for a runner that
    isn't.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Accepted sockets inherit it.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_MS)
    server = runner.server
    if server is None:
        raise RuntimeError("The runner is not set up.")
    listener.setblocking(False)
    listener.listen(WAITING)
    taking = _Taking(listener, connections, server, tls)
    taking.begin()
    stack.push_async_callback(taking.end)
