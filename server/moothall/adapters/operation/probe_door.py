"""The pages that `moothall doctor` requests by a server's public address, to see whether a proxy changes anything.

A pass for them is issued only by the local door, for a minute; a request without a pass gets 404. The answers report
how the request arrived, and nothing that the house stores.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import msgspec
from aiohttp import web

from moothall.adapters.http.forwarded import last_hop, own_origins, remote_address
from moothall.core.ports import Clock, Randomness
from moothall.services.operation.outside_checks import SeenFacts

PATH = "/.well-known/moothall-probe"
VALID_MS = 60_000
MOST_PASSES = 4
"""The most valid passes. Overflow: the oldest becomes invalid."""
APART_MS = 800
"""Ms between the two pieces of the stream."""


@dataclass(eq=False, repr=False)
class ProbeDoor:
    """Handlers of the probe pages."""

    clock: Clock
    randomness: Randomness
    origins: Set[str]
    trusted: Callable[[str], bool]
    """Whether a connection from an address comes from a trusted proxy."""
    by_https: Callable[[web.Request], bool]
    """Whether a request counts as a request over https."""

    def __post_init__(self) -> None:
        self._passes: OrderedDict[str, int] = OrderedDict()

    def new_pass(self) -> str:
        """Issue a pass, for the local door."""
        given = self.randomness.bytes(16).hex()
        self._passes[given] = self.clock.monotonic() + VALID_MS
        while len(self._passes) > MOST_PASSES:
            self._passes.popitem(last=False)
        return given

    def routes(self) -> Sequence[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/.well-known/moothall-probe/{pass}", self._seen),
            web.get("/.well-known/moothall-probe/{pass}/stream", self._stream),
            web.get("/.well-known/moothall-probe/{pass}/socket", self._socket),
        ]

    def _let_in(self, request: web.Request) -> None:
        now, given = self.clock.monotonic(), request.match_info["pass"].encode()
        known = [hmac.compare_digest(each.encode(), given) and until > now for each, until in self._passes.items()]
        if not any(known):
            raise web.HTTPNotFound(text="There is no such page.\n")

    async def _seen(self, request: web.Request) -> web.StreamResponse:
        self._let_in(request)
        peer, last = remote_address(request), last_hop(request)
        seen = SeenFacts(
            peer=peer,
            trusted=self.trusted(peer),
            forwarded=last is not None,
            last=last or "",
            https=self.by_https(request),
            origin=request.headers.get("Origin") in own_origins(request, frozenset(self.origins)),
        )
        return web.Response(body=msgspec.json.encode(seen), content_type="application/json", headers=_UNKEPT)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        self._let_in(request)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream", **_UNKEPT})
        await answer.prepare(request)
        await answer.write(b"data: 1\n\n")
        await self.clock.sleep(APART_MS)
        await answer.write(b"data: 2\n\n")
        return answer

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._let_in(request)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        await socket.send_str("1")
        await socket.close()
        return socket


_UNKEPT = {"Cache-Control": "no-store"}
