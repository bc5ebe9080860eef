"""Witnesses over HTTP (c2sp.org/tlog-witness): this server as one of other instances, and how it asks others.

It cosigns the trees that the settings name, and nobody else's. The addresses that it asks are of the settings, so that
no client has to be kept from the server's own network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import hdrs, web

from moothall.adapters.http.bodies import up_to
from moothall.core.kernel.errors import ProofBroken, StorageUnavailable
from moothall.core.proof.notes import VerifierKey
from moothall.core.proof.witnessing import MOST_REQUEST_BYTES, WitnessStatus
from moothall.services.proof.cosigner import Cosigner

PATIENCE_S = 20.0
MOST_READ = 16 << 10
"""The most bytes of an answer: some signatures."""


class HttpWitnesses:
    """Asks witnesses. Call `close` at the end."""

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
                return answer.status, (await up_to(answer.content, MOST_READ)).decode(errors="replace")
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0, ""

    async def close(self) -> None:
        """Close its connections."""
        if self._session is not None:
            await self._session.close()


@dataclass(eq=False, repr=False)
class WitnessDoor:
    """The handler of requests to this server."""

    cosigner: Cosigner
    key: VerifierKey
    logs: Mapping[str, tuple[VerifierKey, ...]]
    """The keys that are believed, by the names of their trees."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.post("/log/add-checkpoint", self.add_checkpoint), web.get("/log/witness", self.own_key)]

    async def own_key(self, request: web.Request) -> web.Response:
        """The key of this witness, for whoever asks it."""
        return _said(200, str(self.key))

    async def add_checkpoint(self, request: web.Request) -> web.Response:
        """Cosign a checkpoint, or say why not."""
        body = await up_to(request.content, MOST_REQUEST_BYTES + 1)
        try:
            found = await self.cosigner.cosign(body, self.key, lambda origin: self.logs.get(origin, ()), doubtful=False)
        except (StorageUnavailable, ProofBroken):
            return _said(503, "Nothing can be stored at the moment.")
        if found.status == 200:
            return _said(200, found.lines.rstrip("\n"))
        if found.status == WitnessStatus.OTHER_SIZE:
            response = _said(found.status, str(found.size))
            response.headers[hdrs.CONTENT_TYPE] = "text/x.tlog.size"
            return response
        return _said(found.status, found.sentence)


def _said(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers={hdrs.CACHE_CONTROL: "no-store"})
