"""Sends requests for cosignatures to witnesses over HTTP (c2sp.org/tlog-witness).

The addresses are of the settings, so that no client has to be kept from the server's own network.
"""

from __future__ import annotations

import aiohttp

PATIENCE_S = 20.0
MOST_READ = 16 << 10
"""The most bytes of an answer: some signatures."""


class HttpWitnesses:
    """The client. Call `close` at the end."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def add_checkpoint(self, url: str, request: bytes) -> tuple[int, str]:
        """Status and text of the answer; status 0 where nobody answers."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S))
        try:
            async with self._session.post(
                f"{url.rstrip('/')}/add-checkpoint", data=request, allow_redirects=False
            ) as answer:
                return answer.status, (await answer.content.read(MOST_READ)).decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0, ""

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()
