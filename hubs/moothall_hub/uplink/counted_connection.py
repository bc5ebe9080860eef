"""A WebSocket to the server above whose bytes are counted, and that goes where the address says and nowhere else.

Counted are the bytes written to the socket and read from it, the handshakes included: all of it without TLS. With TLS
that is what is inside; what TLS adds is estimated (its handshake with two certificates, and 22 bytes for each write and
read: the head and tag of a record, RFC 8446 §5.2). TCP and IP add 40 bytes a packet, which nobody here can see.
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
from moothall.wire.hub.first import FIELD
from moothall.wire.hub.messages import MAX_FRAME_BYTES, PATH

OPEN_TIMEOUT = 20.0
CLOSE_TIMEOUT = 2.0
"""Seconds. On a line with a round trip of 3 s, TCP, TLS and HTTP take 12 until it is open."""
TLS_RECORD_BYTES = 22
TLS_SENT_BYTES = 1_700
TLS_RECEIVED_BYTES = 3_500
"""What a handshake takes, about: what a client sends was measured (OpenSSL 3.5, 1.6 kB, most of it keys that no quantum
computer breaks), what it gets is that of a server with two certificates."""

_QUIET = logging.getLogger("websockets.hub")
"""At `debug` it would write down the handshake, key and all, and the beginnings of messages."""
_QUIET.setLevel(logging.WARNING)

Count = Callable[[int, int], None]
"""(bytes received, bytes sent): so many more."""


def link_address(address: str) -> str:
    """Where a server takes hubs' links, of its public address `https://HOST`. Raises ConfigurationError."""
    parts = urlsplit(address)
    schemes = {"http": "ws", "https": "wss"}
    if parts.scheme not in schemes or not parts.netloc or "@" in parts.netloc:
        raise ConfigurationError(f"'{address}' is no address of a server: it looks like https://meeting.example.")
    return f"{schemes[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}{PATH}"


class _CountingTransport:
    """A transport that says how much it was given; for the rest it is the one it stands on."""

    def __init__(self, transport: asyncio.Transport, count: Count, extra: int) -> None:
        self._transport = transport
        self._count = count
        self._extra = extra

    def write(self, data: bytes) -> None:
        self._count(0, len(data) + self._extra)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _CountedConnection(ClientConnection):
    """A connection that counts."""

    def __init__(self, *args: Any, count: Count, **kwargs: Any) -> None:
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
    """Follows no redirect: the key is for the address that was paired, and what answers otherwise isn't it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def dial(address: str, key: str, count: Count, tls: ssl.SSLContext | None = None, first: Sequence[str] = ()) -> connect:
    """The connection to the server at `address`, to be entered; `tls`: whom it trusts, else whom the system does.

    `first`: what is said with it (`moothall.wire.hub.first`).

    Raises ConfigurationError when the address is none. On entering it raises OSError, TimeoutError or
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
        compression=None,  # batches are compressed already, with words that both sides know
        proxy=None,
        max_size=MAX_FRAME_BYTES,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        ping_interval=None,  # the link has pulses, which measure it too
        **trust,
    )
