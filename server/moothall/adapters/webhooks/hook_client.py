"""Sends the messages of webhooks, and to an address inside the server's own network only where the settings allow it.

The address comes from a form, so the client is restricted as that of streams: names are resolved and each address is
checked at every connection, redirects aren't followed, an answer has ten seconds, and its body is not read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp

from moothall import __version__
from moothall.adapters.streams.checked_connection import CheckedResolver
from moothall.core.streams.addresses import Network, may_reach
from moothall.services.capture.pulling import StreamLost

PATIENCE_S = 10.0
LONGEST = 1_000
"""The most characters of an address."""
_UNREACHED = (aiohttp.ClientError, OSError, TimeoutError, ValueError, StreamLost)
"""Errors of an address that can't be reached; the resolver raises StreamLost."""


class HttpHooks:
    """The client (`HookClient`). `allowed`: private networks that may be reached."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = allowed

    def fits(self, address: str) -> bool:
        """Whether an address may be a webhook's: https, or http to an IP address in an allowed network. A name is
        checked when it is resolved.
        """
        return self._host(address) is not None

    async def post(self, address: str, headers: dict[str, str], body: bytes) -> int:
        """Send a message; return the status of the answer, 0 where nobody answers or the address may not be reached."""
        host = self._host(address)
        if host is None:
            return 0
        headers = {**headers, "Content-Type": "application/json", "User-Agent": f"Moothall/{__version__}"}
        # One connection for each message: they are few, and a resolver allows private networks to one name alone.
        connector = aiohttp.TCPConnector(resolver=CheckedResolver(self._allowed, host=host), force_close=True)
        patience, jar = aiohttp.ClientTimeout(total=PATIENCE_S), aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=patience, cookie_jar=jar) as http,
                http.post(address, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                return answer.status
        except _UNREACHED:
            return 0

    def _host(self, address: str) -> str | None:
        """The host of an address that may be a webhook's; else None."""
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            return None
        plain = len(address) <= LONGEST and address.isprintable() and " " not in address
        if not plain or not host or parts.username is not None or parts.fragment:
            return None
        try:
            number = ipaddress.ip_address(host)
        except ValueError:
            # `127.1` is an address to some programs, and no name to any.
            named = not host.replace(".", "").isdigit() and ("." in host or self._allowed)
            return host if parts.scheme == "https" and named else None
        inside = any(number in network for network in self._allowed)
        reached = may_reach(host, self._allowed)
        return host if reached and (parts.scheme == "https" or (parts.scheme == "http" and inside)) else None
