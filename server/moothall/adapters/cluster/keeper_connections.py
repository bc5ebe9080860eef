"""The connections of a node to the keeper.

What only reads goes over connections that are kept. What may change something gets one of its own: one that is kept may
just be closed by the keeper, nobody would know then whether the request was carried out, and it is never sent twice.
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
"""How long a connection to the keeper may take to come about."""
KEPT_S = 10.0
"""How long one is kept that carries nothing: less than `limits.IDLE_S`, after which the keeper closes it."""
READING = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})
"""Methods that change nothing. The library sends such a request once more where a kept connection was gone."""
_PROBES = (("TCP_KEEPIDLE", 2), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
"""A keeper whose machine is gone says nothing: after 8 s of silence its connections end."""


class KeeperConnections:
    """Those of one node. Bound: the places of `Forwarding`; kept ones are never more than were needed at a time."""

    def __init__(self, tls: ssl.SSLContext | None, *, connect_s: float = CONNECT_S) -> None:
        """`tls`: what trusts the keeper's certificate, where its address is https and nobody else has signed it."""
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
        """Before the first request."""
        self._kept = await self._stack.enter_async_context(self._session(force_close=False))
        self._own = await self._stack.enter_async_context(self._session(force_close=True))

    async def close(self) -> None:
        """Close all that carry what can be read as an answer."""
        await self._stack.aclose()

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], data: Any, *, own: bool
    ) -> aiohttp.ClientResponse:
        """The answer, as soon as its head is there. `own`: over a connection that carries nothing else.

        Raises aiohttp.ClientError, TimeoutError and OSError.
        """
        session = self._own if own or method not in READING else self._kept
        # The library would send an OPTIONS or DELETE once more.
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
    """A client middleware: the request goes out once."""

    def __init__(self) -> None:
        self._sent = False

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        if self._sent:
            raise aiohttp.ClientConnectionError("The keeper was gone.")
        self._sent = True
        return await handler(request)


def taken(response: aiohttp.ClientResponse) -> tuple[asyncio.Transport, bytes] | None:
    """The connection behind an answer 101, which the library lets go of, and what came behind the head.

    None where it is gone.
    """
    connection = response.connection
    protocol = None if connection is None else connection.protocol
    transport = None if protocol is None else protocol.transport
    if protocol is None or transport is None or transport.is_closing():
        response.close()
        return None
    transport.pause_reading()
    first = _read(protocol)
    protocol.transport = None  # The library would close it.
    response.close()
    return transport, first


def _read(protocol: ResponseHandler) -> bytes:
    """What a protocol has read behind a head."""
    rest = _Rest()
    protocol.set_parser(rest, None)
    return bytes(rest.data)


class _Rest:
    """What the library takes for a parser."""

    def __init__(self) -> None:
        self.data = bytearray()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        """Nothing more comes."""


def _probed(address: Any) -> socket.socket:
    sock = socket.socket(*address[:3])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _PROBES:
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return sock
