"""Connections to where streams come from: only to addresses that were checked after the name was resolved.

Who connects is given the very address that was checked, so that a name which is resolved to something else a moment
later leads nowhere.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from moothall.core.streams.addresses import Network, StreamAddress, may_reach
from moothall.core.streams.watching import Trouble
from moothall.services.capture.pulling import StreamLost

CONNECT_S = 5.0
MOST_OF_A_KIND = 2
"""IPv4 and IPv6 addresses that are tried of a host, each. Overflow: what the system names later is left out."""
_Found = tuple[socket.AddressFamily, str]


async def addresses_of(host: str, port: int, allowed: Sequence[Network]) -> list[_Found]:
    """Where a host may be reached, in the system's order. Raises StreamLost where it can't or mustn't be."""
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise StreamLost(Trouble.UNKNOWN_HOST) from None
    return chosen([(family, str(address[0])) for family, _, _, _, address in found], allowed)


def chosen(found: Sequence[_Found], allowed: Sequence[Network]) -> list[_Found]:
    """Those that are tried of the addresses of a host, at most four. Raises StreamLost where none may be reached."""
    kept: list[_Found] = []
    for family, address in dict.fromkeys(found):
        if sum(family is each for each, _ in kept) < MOST_OF_A_KIND and may_reach(address, allowed):
            kept.append((family, address))
    if not kept:
        raise StreamLost(Trouble.PRIVATE)
    return kept


def share_s(addresses: int) -> float:
    """How long each of so many addresses of a host is waited for: 5 s, and all of them together no more than 10 s."""
    return min(CONNECT_S, 2 * CONNECT_S / addresses)


class CheckedResolver(AbstractResolver):
    """For aiohttp: gives it no address but those that may be reached. Raises StreamLost."""

    def __init__(self, allowed: Sequence[Network] = (), *, host: str = "") -> None:
        """`allowed`: the networks that aren't open to all and may be reached by the name `host`, and by no other."""
        self._allowed = allowed
        self._host = host

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """As aiohttp wants it."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=each, proto=0, flags=socket.AI_NUMERICHOST)
            for each, address in await addresses_of(host, port, self._allowed if host == self._host else ())
            if family in (socket.AF_UNSPEC, each)
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def connect(
    address: StreamAddress, allowed: Sequence[Network]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a stream's server, encrypted where its address says so. Raises StreamLost."""
    secure = ssl.create_default_context() if address.tls else None
    name = address.host if address.tls else None
    addresses = await addresses_of(address.host, address.port, allowed)
    for _, found in addresses:
        try:
            async with asyncio.timeout(share_s(len(addresses))):
                return await asyncio.open_connection(
                    found, address.port, limit=1 << 16, ssl=secure, server_hostname=name
                )
        except (OSError, TimeoutError, ValueError):  # The last for a name that no certificate can have.
            continue
    raise StreamLost(Trouble.CONNECTION)
