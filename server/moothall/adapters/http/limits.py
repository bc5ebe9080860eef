"""What every door of the server keeps to: rates per address, time-outs, sizes.

Addresses are personal data. Here they are only ever a keyed hash, under a key that lives in memory for a day; no
log and no answer carries them. Rates slow and flag an address before they refuse it, and they are generous: a
whole hall may stand behind one.
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
"""How long a connection may take to send a request's line and headers, or stay without one."""
MAX_FIELD_BYTES = 8_190
"""Of one header field, name and value."""
MOST_FIELDS = 64
"""Header fields of a request."""
MAX_ADDRESSES = 10_000
SUBSCRIBER, SITE = 64, 48
"""Bits of an IPv6 address that say whose it is: a subscriber has at least a /64 to choose from, a site up to a /48."""
DAY_MS = 86_400_000
GENEROUS = Allowance(per_second=200, burst=2_000)
"""Requests of one address: a hall of 150 that opens the page at once stays below the burst."""
PATIENCE_MS = 5_000
"""How long a request over its rate is made to wait before it is refused."""


def runner_options(idle_s: float = IDLE_S) -> dict[str, Any]:
    """Options for aiohttp's `AppRunner`. A proxy in front should drop idle connections sooner than `idle_s`.

    aiohttp's access log is off: it writes addresses.
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
    """aiohttp names the peer's address in some messages, and shows what a malformed request held, tokens and all.

    This takes the arguments away, and the exception of a malformed request, which is news but no error of ours.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            record.exc_info, record.levelno, record.levelname = None, logging.INFO, "INFO"
        record.msg, record.args = "%s", (str(record.msg).replace("%s", "…").replace("%r", "…"),)
        return True


def keep_addresses_out_of_logs() -> None:
    """Call once when the server starts, before it listens."""
    for name in ("aiohttp.server", "aiohttp.web", "aiohttp.websocket"):
        log = logging.getLogger(name)
        if not any(isinstance(each, _WithoutAddress) for each in log.filters):
            log.addFilter(_WithoutAddress())


CROWD_S = 20
"""Within how many seconds those come back whose page was not served."""
Crowded = Callable[[web.Request, int], web.Response]
"""The page for whoever has to wait so many seconds; it comes back by itself."""


class _Visitor(msgspec.Struct):
    bucket: Bucket
    flagged: bool = False


@dataclass(eq=False, repr=False)
class AddressGate:
    """Counts requests per address.

    `slower`: its clock runs so many times slower, so that with 60 the allowance is one of minutes.

    `prefix`: how many bits of an IPv6 address count.
    """

    clock: Clock
    randomness: Randomness
    allowance: Allowance = GENEROUS
    patience_ms: int = PATIENCE_MS
    _: KW_ONLY
    slower: int = 1
    prefix: int = SUBSCRIBER
    refused: Counter[str] = field(default_factory=Counter)
    """Where it is counted, as `rate`, how many requests were refused."""

    def __post_init__(self) -> None:
        self._key = self.randomness.bytes(32)
        self._key_since = self.clock.monotonic()
        # Overflow: the address that has been away longest is forgotten, with its debts.
        self._visitors: OrderedDict[bytes, _Visitor] = OrderedDict()

    def take(self, address: str) -> int:
        """Count one request; returns how many ms it has to wait. More than the patience means: refuse it."""
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
        """For `web.Application(middlewares=[…])`. Behind a proxy `address_of` reads the header that it sets.

        `crowded` answers whoever wanted a page and can't have it yet: many people behind one address do nothing wrong
        when they open it together.
        """

        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            wait = self.take(address_of(request))
            if wait > self.patience_ms:
                self.refused["rate"] += 1
                seconds = -(-wait // 1000)
                if crowded is not None and request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
                    # Each in a moment of its own, within as long as all who are refused now will take.
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
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber has, or another `prefix`."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
