"""The visitor's address of a request that came through a proxy or another node.

Only two sources are believed: a trusted proxy's headers, and a node that has proved itself
(`moothall.adapters.cluster.node_gate`).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence

from aiohttp import web

from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.cluster.node_proof import Carried

MOST_HOPS = 20
"""The most addresses of a header that are read."""
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("?)([^;"]*)\1\s*(?=;|$)', re.IGNORECASE)
_PROTO = re.compile(r'(?:^|;)\s*proto\s*=\s*("?)([^;"]*)\1\s*(?=;|$)', re.IGNORECASE)
ProxyNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

AddressOf = Callable[[web.Request], str]
"""Returns the visitor's address of a request."""
CARRIED = web.RequestKey("CARRIED", Carried)
"""What another node has proved about a request that it has carried here."""


def remote_address(request: web.Request) -> str:
    """The address of the other end of a request's connection; empty where it is unknown."""
    return request.remote or ""


def trusted_networks(names: Sequence[str]) -> tuple[ProxyNetwork, ...]:
    """Parse addresses and networks as settings write them. Raises ConfigurationError."""
    found: list[ProxyNetwork] = []
    for name in names:
        try:
            found.append(ipaddress.ip_network(name))
        except ValueError as error:
            msg = f"trusted_proxies of [server] has '{name}', which is no address or network: {error}."
            raise ConfigurationError(msg) from error
    return tuple(found)


def visitor_address(trusted: Sequence[ProxyNetwork]) -> AddressOf:
    """A function that returns the visitor's address of a request.

    A connection from a trusted address is a proxy's. The visitor is then the last address in `Forwarded` (RFC 7239) or
    `X-Forwarded-For` that isn't a trusted proxy itself. Anybody may have written the addresses before it.

    With both headers, `Forwarded` counts if the last address of both is the same: the proxy wrote that one. Where they
    differ, a proxy that writes one header has passed on the other as the visitor sent it. Nobody can tell which, so
    neither is believed and the request counts as the proxy's.

    For a request that a node has carried, it is the address that the node says, which the node derived in the same way.
    """

    def address_of(request: web.Request) -> str:
        by_node: Carried | None = request.get(CARRIED)
        if by_node is not None:
            return by_node.address
        address = remote_address(request)
        if not _is_trusted(address, trusted):
            return address
        for hop in reversed(_hops(request)):
            if _parsed(hop) is None:
                return address
            address = hop
            if not _is_trusted(hop, trusted):
                break
        return address

    return address_of


def last_hop(request: web.Request) -> str | None:
    """The last address in `Forwarded` or `X-Forwarded-For`; empty where they contradict each other or can't be read,
    None where a request has neither.
    """
    if not request.headers.getall("Forwarded", []) and not request.headers.getall("X-Forwarded-For", []):
        return None
    return next(reversed(_hops(request)), "")


def is_proxy(trusted: Sequence[ProxyNetwork]) -> Callable[[str], bool]:
    """A function that returns whether an address is a trusted proxy's, so that many visitors share its connections."""
    return lambda address: _is_trusted(address, trusted)


def came_by_https(trusted: Sequence[ProxyNetwork]) -> Callable[[web.Request], bool]:
    """A function that returns whether a visitor's request used https, to the server itself or to a trusted proxy.

    A proxy says so in the last `proto` of `Forwarded` or the last `X-Forwarded-Proto`; where it sends both, both have
    to say https. For a request that a node has carried, the node says it.
    """

    def over_https(request: web.Request) -> bool:
        by_node: Carried | None = request.get(CARRIED)
        if by_node is not None:
            return by_node.scheme == "https"
        if request.secure:
            return True
        if not _is_trusted(request.remote or "", trusted):
            return False
        said = [element.rpartition(",")[2].strip() for element in request.headers.getall("X-Forwarded-Proto", [])[-1:]]
        said += [found[2] for element in _elements(request)[-1:] if (found := _PROTO.search(element)) is not None]
        return bool(said) and all(scheme.strip().lower() == "https" for scheme in said)

    return over_https


def own_origins(request: web.Request, origins: frozenset[str]) -> frozenset[str]:
    """The origins whose pages may send this request: `origins`, and for a carried request the origin of the node that
    the visitor used.
    """
    by_node: Carried | None = request.get(CARRIED)
    return origins if by_node is None or not by_node.origin else origins | {by_node.origin}


def _hops(request: web.Request) -> list[str]:
    """The addresses that the proxies listed, the nearest last; empty where the two headers contradict each other."""
    listed = ",".join(request.headers.getall("X-Forwarded-For", []))
    older = [_bare(hop) for hop in listed.split(",")[-MOST_HOPS:]] if listed else []
    if not request.headers.getall("Forwarded", []):
        return older
    # An element without a readable address yields "", at which the search stops: the addresses before it aren't
    # believed.
    found = [_FOR.search(element) for element in _elements(request)[-MOST_HOPS:]]
    newer = ["" if each is None else _bare(each[2]) for each in found]
    return newer if not older or _parsed(older[-1]) == _parsed(newer[-1]) else []


def _elements(request: web.Request) -> list[str]:
    """The elements of `Forwarded`, one for each proxy."""
    return ",".join(request.headers.getall("Forwarded", [])).split(",")


def _bare(hop: str) -> str:
    """The address without a port: some proxies write `192.0.2.1:80` and `[2001:db8::1]:80`."""
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


def _is_trusted(text: str, trusted: Sequence[ProxyNetwork]) -> bool:
    address = _parsed(text)
    return address is not None and any(address in network for network in trusted)
