"""A WebSocket to the server above that counts its bytes, and follows no redirect.

It counts the bytes written to the socket and read from it, handshakes included; without TLS these are exact. With TLS
they are the bytes inside, and what TLS adds is estimated: its handshake with two certificates, and 22 bytes for each
write and read (the head and tag of a record, RFC 8446 §5.2). TCP and IP add 40 bytes a packet, which cannot be seen
here.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.hubs.first import FIELD
from moothall.wire.hubs.messages import MAX_FRAME_BYTES, PATH

OPEN_TIMEOUT = 20.0
CLOSE_TIMEOUT = 2.0
"""Seconds. With a round trip of 3 s, TCP, TLS and HTTP take 12 s until the connection is open."""
TLS_RECORD_BYTES = 22
TLS_SENT_BYTES = 1_700
TLS_RECEIVED_BYTES = 3_500
"""About the bytes of a TLS handshake. Those that a client sends were measured (OpenSSL 3.5, 1.6 kB, most of it
post-quantum keys); those that it gets are of a server with two certificates."""

_QUIET = logging.getLogger("websockets.hub")
"""A logger that stays above `debug`, at which websockets logs the handshake with the key, and beginnings of
messages."""
_QUIET.setLevel(logging.WARNING)

CountBytes = Callable[[int, int], None]
"""Called with (bytes received, bytes sent) for each read and write."""


def link_address(address: str) -> str:
    """The WebSocket address for hubs' links of a server with the address `https://HOST`. Raises ConfigurationError."""
    parts = urlsplit(address)
    schemes = {"http": "ws", "https": "wss"}
    if parts.scheme not in schemes or not parts.netloc or "@" in parts.netloc:
        raise ConfigurationError(f"'{address}' is no address of a server: it looks like https://meeting.example.")
    return f"{schemes[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}{PATH}"


class _CountingTransport:
    """A transport that counts the bytes written to it, and passes everything on to the wrapped transport."""

    def __init__(self, transport: asyncio.Transport, count: CountBytes, extra: int) -> None:
        self._transport = transport
        self._count = count
        self._extra = extra

    def write(self, data: bytes) -> None:
        self._count(0, len(data) + self._extra)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _CountedConnection(ClientConnection):
    """A connection that counts the bytes that it sends and receives."""

    def __init__(self, *args: Any, count: CountBytes, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._count = count
        self._extra = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if transport.get_extra_info("ssl_object") is not None:
            self._extra = TLS_RECORD_BYTES
            self._count(TLS_RECEIVED_BYTES, TLS_SENT_BYTES)
        counting = _CountingTransport(cast("asyncio.Transport", transport), self._count, self._extra)
        super().connection_made(cast("asyncio.Transport", counting))

    def data_received(self, data: bytes) -> None:
        self._count(len(data) + self._extra, 0)
        super().data_received(data)


class _Straight(connect):
    """Follows no redirect: the key is only for the address that was paired."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def dial(
    address: str, key: str, count: CountBytes, tls: ssl.SSLContext | None = None, first: Sequence[str] = ()
) -> connect:
    """Return the connection to the server at `address`, to be entered as a context. `tls` has the trusted certificates;
    None: the system's are trusted.

    `first` are messages that are sent with the handshake (`moothall.wire.hubs.first`).

    Raises ConfigurationError when the address is not valid. Entering raises OSError, TimeoutError or
    `websockets.exceptions.InvalidHandshake`.
    """

    def counted(*args: Any, **kwargs: Any) -> ClientConnection:
        return _CountedConnection(*args, count=count, **kwargs)

    url = link_address(address)
    trust: dict[str, Any] = {"ssl": tls} if tls is not None and url.startswith("wss:") else {}
    return _Straight(
        url,
        additional_headers=[("Authorization", f"Bearer {key}"), *((FIELD, each) for each in first)],
        user_agent_header=None,
        logger=_QUIET,
        create_connection=cast("type[ClientConnection]", counted),
        compression=None,  # batches are compressed already, with a dictionary that both sides know
        proxy=None,
        max_size=MAX_FRAME_BYTES,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        ping_interval=None,  # the link has pulses, which also measure it
        **trust,
    )
