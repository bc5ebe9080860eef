"""Connections to the servers of streams: only to addresses that were checked after the name was resolved.

A connection uses the very address that was checked, so that a name that resolves to another address a moment later
doesn't lead there.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from moothall.core.streams.addresses import Network, StreamAddress, may_reach
from moothall.core.streams.watching import StreamFault
from moothall.services.capture.pulling import StreamLost

CONNECT_S = 5.0
MOST_OF_A_KIND = 2
"""The most IPv4 addresses, and the most IPv6 addresses, of a host that are tried. Overflow: later addresses are
ignored.
"""
_Found = tuple[socket.AddressFamily, str]


async def addresses_of(host: str, port: int, allowed: Sequence[Network]) -> list[_Found]:
    """Resolve a host to addresses that may be reached, in the system's order. Raises StreamLost when it can't be
    resolved or mustn't be reached.
    """
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise StreamLost(StreamFault.UNKNOWN_HOST) from None
    return chosen([(family, str(address[0])) for family, _, _, _, address in found], allowed)


def chosen(found: Sequence[_Found], allowed: Sequence[Network]) -> list[_Found]:
    """The addresses of a host that are tried, at most four. Raises StreamLost when none may be reached."""
    kept: list[_Found] = []
    for family, address in dict.fromkeys(found):
        if sum(family is each for each, _ in kept) < MOST_OF_A_KIND and may_reach(address, allowed):
            kept.append((family, address))
    if not kept:
        raise StreamLost(StreamFault.PRIVATE)
    return kept


def share_s(addresses: int) -> float:
    """The timeout in seconds for each of a host's addresses: 5 s, and at most 10 s for all of them together."""
    return min(CONNECT_S, 2 * CONNECT_S / addresses)


class CheckedResolver(AbstractResolver):
    """A resolver for aiohttp that returns only addresses that may be reached. Raises StreamLost."""

    def __init__(self, allowed: Sequence[Network] = (), *, host: str = "") -> None:
        """`allowed`: private networks that may be reached by the name `host`, and by no other name."""
        self._allowed = allowed
        self._host = host

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve a host for aiohttp."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=each, proto=0, flags=socket.AI_NUMERICHOST)
            for each, address in await addresses_of(host, port, self._allowed if host == self._host else ())
            if family in (socket.AF_UNSPEC, each)
        ]

    async def close(self) -> None:
        """Do nothing: the resolver holds no resources."""


async def connect(
    address: StreamAddress, allowed: Sequence[Network]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a stream's server, with TLS when its address says so. Raises StreamLost."""
    secure = ssl.create_default_context() if address.tls else None
    name = address.host if address.tls else None
    addresses = await addresses_of(address.host, address.port, allowed)
    for _, found in addresses:
        try:
            async with asyncio.timeout(share_s(len(addresses))):
                return await asyncio.open_connection(
                    found, address.port, limit=1 << 16, ssl=secure, server_hostname=name
                )
        except (OSError, TimeoutError, ValueError):  # ValueError: for a name that no certificate can have.
            continue
    raise StreamLost(StreamFault.CONNECTION)
