"""The client of a service with OpenAI's interface that drafts sentences: `POST {base}/chat/completions`.

It is restricted as the client of webhooks: each address is checked at every connection, and private networks are
reached only where the settings allow it. A request has 60 s, an answer 64 KB; nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import aiohttp

from moothall import __version__
from moothall.adapters.streams.checked_connection import CheckedResolver
from moothall.adapters.webhooks.hook_client import HttpHooks
from moothall.core.kernel.errors import ConfigurationError, StorageUnavailable
from moothall.core.streams.addresses import Network
from moothall.services.capture.pulling import StreamLost

PATIENCE_S = 60.0
MOST_BYTES = 64 << 10
_UNREACHED = (aiohttp.ClientError, OSError, TimeoutError, ValueError, StreamLost)


class HttpDrafting:
    """The client (`DraftingService`)."""

    def __init__(self, service: str, key: str, allowed: Sequence[Network]) -> None:
        """`service` as in the settings; `key`: its key, empty for none; `allowed`: private networks that may be
        reached. Raises ConfigurationError where its address may not be reached.
        """
        self.model, _, base = service.removeprefix("openai:").partition("@")
        self._address = f"{base.rstrip('/')}/chat/completions"
        self._key, self._allowed = key, allowed
        if not HttpHooks(allowed).fits(self._address):
            msg = f"service of [drafting] leads to {base}: write an address of https, or name its network there."
            raise ConfigurationError(msg)
        self._host = urlsplit(base).hostname or ""

    @property
    def name(self) -> str:
        """The model and the host."""
        return f"{self.model} ({self._host})"

    async def ask(self, body: bytes) -> bytes:
        """Send a request (`DraftingService`)."""
        headers = {"Content-Type": "application/json", "User-Agent": f"Moothall/{__version__}"}
        headers |= {"Authorization": f"Bearer {self._key}"} if self._key else {}
        connector = aiohttp.TCPConnector(resolver=CheckedResolver(self._allowed, host=self._host), force_close=True)
        patience, jar = aiohttp.ClientTimeout(total=PATIENCE_S), aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=patience, cookie_jar=jar) as http,
                http.post(self._address, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                found = b""
                async for piece in answer.content.iter_any():
                    found += piece
                    if len(found) > MOST_BYTES:
                        msg = "its answer is too long"
                        raise StorageUnavailable(msg)
                if answer.status != 200:
                    msg = f"it answered with status {answer.status}"
                    raise StorageUnavailable(msg)
                return found
        except _UNREACHED as error:
            msg = f"it can't be reached ({type(error).__name__})"
            raise StorageUnavailable(msg) from None
