"""Whose request it is when a proxy stands in front: the address that a trusted one forwards, and nobody else's word."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

from aiohttp import web

from moothall.core.errors import ConfigurationError

MOST_HOPS = 20
"""Addresses of the header that are looked at."""
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("?)([^;"]*)\1\s*(?=;|$)', re.IGNORECASE)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def trusted_networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as settings write them; raises ConfigurationError."""
    found: list[Network] = []
    for name in names:
        try:
            found.append(ipaddress.ip_network(name))
        except ValueError as error:
            msg = f"trusted_proxies of [server] has '{name}', which is no address or network: {error}."
            raise ConfigurationError(msg) from error
    return tuple(found)


def visitor_address(trusted: Sequence[Network]) -> Callable[[web.Request], str]:
    """A function that gives the address behind a request.

    A connection from a trusted address is a proxy's: of what its `X-Forwarded-For` lists (or, without that header,
    `Forwarded`), the last that isn't a trusted proxy itself is the visitor. What stands before it, anybody may have
    written.
    """

    def address_of(request: web.Request) -> str:
        address = request.remote or ""
        if not _is_trusted(address, trusted):
            return address
        for hop in reversed(_hops(request)[-MOST_HOPS:]):
            if _parsed(hop) is None:
                return address
            address = hop
            if not _is_trusted(hop, trusted):
                break
        return address

    return address_of


def _hops(request: web.Request) -> list[str]:
    listed = ",".join(request.headers.getall("X-Forwarded-For", []))
    if listed:
        return [_bare(hop) for hop in listed.split(",")]
    elements = ",".join(request.headers.getall("Forwarded", [])).split(",")
    return [_bare(found[2]) for element in elements if (found := _FOR.search(element)) is not None]


def _bare(hop: str) -> str:
    """Without a port: `192.0.2.1:80` and `[2001:db8::1]:80` as some proxies write them."""
    hop = hop.strip()
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return parsed if mapped is None else mapped


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _parsed(text)
    return address is not None and any(address in network for network in trusted)
