"""Asks a time-stamping authority over HTTP (RFC 3161 §3.4), whose address is of the settings, as those of witnesses.

A module of its own, though short: `moothall verify` checks stamps (`stamp_check`) and loads no web library.
"""

from __future__ import annotations

import aiohttp
from aiohttp import hdrs

from moothall.adapters.http.bodies import up_to
from moothall.core.proof.time_stamps import MOST_STAMP_BYTES

PATIENCE_S = 20.0


class HttpAuthority:
    """Asks the authority at an address. Redirects are not followed."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def ask(self, request: bytes) -> bytes:
        """The answer; empty where nobody answers, or not with 200."""
        headers = {hdrs.CONTENT_TYPE: "application/timestamp-query"}
        patience, jar = aiohttp.ClientTimeout(total=PATIENCE_S), aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(timeout=patience, cookie_jar=jar) as http,
                http.post(self._url, data=request, headers=headers, allow_redirects=False) as answer,
            ):
                return await up_to(answer.content, MOST_STAMP_BYTES) if answer.status == 200 else b""
        except (aiohttp.ClientError, TimeoutError, OSError):
            return b""
