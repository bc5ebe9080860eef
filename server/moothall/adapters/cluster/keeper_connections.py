"""HTTP connections from a node to the keeper.

Requests that only read share a pool of kept-alive connections. A request that may change something gets a new
connection of its own: the keeper may be closing a kept-alive one at that moment, and then nobody would know whether the
request was carried out. Such a request is never sent twice.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import aiohttp
from aiohttp import hdrs
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from moothall.adapters.http.limits import MAX_FIELD_BYTES, MOST_FIELDS

CONNECT_S = 1.0
"""Time limit, in s, for opening a connection to the keeper."""
KEPT_S = 10.0
"""How long, in s, an idle connection is kept: less than `limits.IDLE_S`, after which the keeper closes it."""
READING = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
"""Methods that change nothing. aiohttp sends such a request again when a kept connection turns out to be closed."""
_PROBES = (("TCP_KEEPIDLE", 2), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
"""TCP keep-alive: connections to a keeper whose machine is gone end after 8 s of silence."""


class KeeperConnections:
    """The connections of one node to the keeper. Bound: the slots of `Forwarding`; no more are kept than were in use at
    once.
    """

    def __init__(self, tls: ssl.SSLContext | None, *, connect_s: float = CONNECT_S) -> None:
        """`tls`: a context that trusts the keeper's own certificate, where its address is https and no public authority
        has signed it; None: the system's authorities.
        """
        self._tls: ssl.SSLContext | bool = True if tls is None else tls
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_s)
        self._stack = AsyncExitStack()
        self._kept: aiohttp.ClientSession
        self._own: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Open both pools. Call before the first request."""
        self._kept = await self._stack.enter_async_context(self._session(force_close=False))
        self._own = await self._stack.enter_async_context(self._session(force_close=True))

    async def close(self) -> None:
        """Close all connections that still carry HTTP. Connections handed over by `taken` stay open."""
        await self._stack.aclose()

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], data: Any, *, own: bool
    ) -> aiohttp.ClientResponse:
        """Send a request and return the answer once its head has arrived. `own`: use a new connection even for a read.

        Raises aiohttp.ClientError, TimeoutError and OSError.
        """
        session = self._own if own or method not in READING else self._kept
        # aiohttp would send OPTIONS and DELETE again by itself.
        once = () if method in READING else (_Once(),)
        return await session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=data,
            allow_redirects=False,
            ssl=self._tls,
            middlewares=once,
        )

    def _session(self, *, force_close: bool) -> aiohttp.ClientSession:
        options: dict[str, Any] = {} if force_close else {"keepalive_timeout": KEPT_S}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=force_close, socket_factory=_probed, **options),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=self._timeout,
            skip_auto_headers=(hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT),
            max_line_size=MAX_FIELD_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            max_headers=MOST_FIELDS,
        )


class _Once:
    """A client middleware that lets a request go out only once."""

    def __init__(self) -> None:
        self._sent = False

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        if self._sent:
            raise aiohttp.ClientConnectionError("The keeper was gone.")
        self._sent = True
        return await handler(request)


def taken(response: aiohttp.ClientResponse) -> tuple[asyncio.Transport, bytes] | None:
    """Take the connection of a 101 answer away from aiohttp; return it with the bytes that arrived after the head.

    None where the connection is closed.
    """
    connection = response.connection
    protocol = None if connection is None else connection.protocol
    transport = None if protocol is None else protocol.transport
    if protocol is None or transport is None or transport.is_closing():
        response.close()
        return None
    transport.pause_reading()
    first = _read(protocol)
    protocol.transport = None  # Otherwise aiohttp would close it.
    response.close()
    return transport, first


def _read(protocol: ResponseHandler) -> bytes:
    """Bytes that a protocol has received after an answer's head."""
    rest = _Rest()
    protocol.set_parser(rest, None)
    return bytes(rest.data)


class _Rest:
    """A stand-in for aiohttp's payload parser that collects the remaining bytes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """Do nothing: the collected bytes are complete."""


def _probed(address: Any) -> socket.socket:
    sock = socket.socket(*address[:3])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _PROBES:
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
