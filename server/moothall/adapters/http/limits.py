"""Limits that every route observes: rates for each address, timeouts, sizes.

Addresses are personal data. Here they appear only as a keyed hash, under a key that is kept in memory for a day; no log
and no answer holds them. Rates slow and flag an address before they refuse it, and they are generous, since a whole
hall may share one address.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import AddressOf, remote_address
from moothall.core.ports import Clock, Randomness
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 64 << 10
"""Largest body of a request, for `web.Application(client_max_size=…)`."""
IDLE_S = 20
"""How long, in s, a connection may take to send the head of a request, or stay without a request."""
MAX_FIELD_BYTES = 8_190
"""The most bytes of one header field, name and value together."""
MOST_FIELDS = 64
"""The most header fields of a request."""
MAX_ADDRESSES = 10_000
SUBSCRIBER, SITE = 64, 48
"""Bits of an IPv6 address that identify its owner: a subscriber has at least a /64 to choose from, a site up to a
/48.
"""
DAY_MS = 86_400_000
GENEROUS = Allowance(per_second=200, burst=2_000)
"""The request rate of one address: a hall of 150 people who open the page at once stays below the burst."""
PATIENCE_MS = 5_000
"""The longest time that a request over the rate is delayed; beyond it the request is refused."""


def runner_options(idle_s: float = IDLE_S) -> dict[str, Any]:
    """Options for aiohttp's `AppRunner`. A proxy in front should close idle connections sooner than `idle_s`.

    aiohttp's access log is off, because it writes addresses.
    """
    return {
        "access_log": None,
        "keepalive_timeout": idle_s,
        "lingering_time": 2.0,
        "max_line_size": 4_096,
        "max_field_size": MAX_FIELD_BYTES,
        "max_headers": MOST_FIELDS,
        "shutdown_timeout": 5.0,
    }


class _WithoutAddress(logging.Filter):
    """A filter for aiohttp's loggers, which name the peer's address in some messages and show what a malformed request
    held, tokens included.

    It removes the arguments of each message. It also removes the exception of a malformed request and logs it as INFO,
    since that is no error of the server.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
        record.msg, record.args = "%s", (str(record.msg).replace("%s", "…").replace("%r", "…"),)
        return True


def keep_addresses_out_of_logs() -> None:
    """Install the filter on aiohttp's loggers. Call once at start-up, before the server listens."""
    for name in ("aiohttp.server", "aiohttp.web", "aiohttp.websocket"):
        log = logging.getLogger(name)
        if not any(isinstance(each, _WithoutAddress) for each in log.filters):
            log.addFilter(_WithoutAddress())


CROWD_S = 20
"""Clients whose page was refused come back spread over so many seconds."""
Crowded = Callable[[web.Request, int], web.Response]
"""Returns the page for a visitor who has to wait the given number of seconds. The page reloads itself."""


class _Visitor(msgspec.Struct):
    bucket: Bucket
    flagged: bool = False


@dataclass(eq=False, repr=False)
class AddressGate:
    """A rate limit for each address.

    `slower`: divides the clock, so that with 60 an allowance "per second" is one per minute.

    `prefix`: how many leading bits of an IPv6 address count as one address.
    """

    clock: Clock
    randomness: Randomness
    allowance: Allowance = GENEROUS
    patience_ms: int = PATIENCE_MS
    _: KW_ONLY
    slower: int = 1
    prefix: int = SUBSCRIBER
    refused: Counter[str] = field(default_factory=Counter)
    """The counter in which `rate` counts the refused requests."""

    def __post_init__(self) -> None:
        self._key = self.randomness.bytes(32)
        self._key_since = self.clock.monotonic()
        # Overflow: the address whose last request is the oldest is forgotten, and starts with a full allowance again.
        self._visitors: OrderedDict[bytes, _Visitor] = OrderedDict()

    def take(self, address: str) -> int:
        """Count one request; return how many ms it has to wait. Refuse it where that is more than `patience_ms`."""
        now = self.clock.monotonic()
        if now - self._key_since >= DAY_MS:
            self._key, self._key_since = self.randomness.bytes(32), now
            self._visitors.clear()
        now //= self.slower
        name = hmac.digest(self._key, network(address, self.prefix).encode(), hashlib.sha256)[:8]
        visitor = self._visitors.get(name)
        if visitor is None:
            visitor = self._visitors[name] = _Visitor(Bucket.full(self.allowance, now))
            if len(self._visitors) > MAX_ADDRESSES:
                self._visitors.popitem(last=False)
        self._visitors.move_to_end(name)
        visitor.bucket, wait = visitor.bucket.take(self.allowance, now, self.patience_ms)
        if wait and not visitor.flagged:
            rate = f"{self.allowance.per_second} in {self.slower} s"
            logger.warning("address %s sends more requests than %s", name.hex(), rate)
        visitor.flagged = wait > 0
        return wait * self.slower

    def middleware(self, address_of: AddressOf = remote_address, crowded: Crowded | None = None) -> Middleware:
        """A middleware for `web.Application(middlewares=[…])` that delays or refuses requests over the rate.

        Behind a proxy `address_of` reads the proxy's header. `crowded` answers a refused request for a page: many
        people behind one address do nothing wrong when they open it together.
        """

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            wait = self.take(address_of(request))
            if wait > self.patience_ms:
                self.refused["rate"] += 1
                seconds = -(-wait // 1000)
                if crowded is not None and request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
                    # Each comes back at a moment of its own, so that they don't all come at once again.
                    return crowded(request, seconds + int.from_bytes(self.randomness.bytes(2), "big") % CROWD_S)
                return web.Response(
                    status=429,
                    text="Too many requests come from your address. Wait a little and try again.\n",
                    headers={"Retry-After": str(seconds)},
                )
            if wait:
                await self.clock.sleep(wait)
            return await handler(request)

        return gate


def network(address: str, prefix: int = SUBSCRIBER) -> str:
    """The network that counts as one address: an IPv4 address itself, or an IPv6 network of `prefix` bits (/64 for one
    subscriber).
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
