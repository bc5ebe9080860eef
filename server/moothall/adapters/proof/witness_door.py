"""This server as a witness of other instances: `POST /log/add-checkpoint` (c2sp.org/tlog-witness).

It cosigns the trees that the settings name, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from moothall.core.kernel.errors import ProofBroken, StorageUnavailable
from moothall.core.proof.notes import VerifierKey
from moothall.core.proof.witnessing import MOST_REQUEST_BYTES, WitnessStatus
from moothall.services.proof.cosigner import Cosigner


@dataclass(eq=False, repr=False)
class WitnessDoor:
    """The handler of requests."""

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
        body = await request.content.read(MOST_REQUEST_BYTES + 1)
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
