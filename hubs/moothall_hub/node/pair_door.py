"""`POST /hub/pair` at a hub: the machine of a hub below exchanges six words for a key, as at the centre.

Machines alone: a browser's words would open the page of a group, and that is at the centre.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import hdrs, web

from moothall.adapters.http.limits import AddressGate
from moothall.adapters.hubs.machine_pairing import ALLOWANCE, MINUTE, pair_machine, told
from moothall.adapters.hubs.texts import TOLD
from moothall.core.ports import Clock, Randomness
from moothall.services.hubs.pairing import Pairing as Words
from moothall.services.hubs.pairing import Unpaired
from moothall_hub.pairing.pairing import Pairing


class BelowPairDoor:
    """The handler of `POST /hub/pair` for the machines of hubs below."""

    def __init__(
        self, words: Words, *, paired: Callable[[], Pairing | None], clock: Clock, randomness: Randomness
    ) -> None:
        """`paired`: as what this hub is known itself: what it has of the centre it hands on."""
        self._words = words
        self._paired = paired
        self._gate = AddressGate(clock, randomness, ALLOWANCE, patience_ms=0, slower=MINUTE)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.post("/hub/pair", self.take)]

    async def take(self, request: web.Request) -> web.Response:
        """Let a machine in."""
        above = self._paired()
        if hdrs.ORIGIN in request.headers or request.content_type != "application/json":
            return told(403, "A page may not do this; a machine sends JSON and no Origin.")
        if above is None:
            return told(503, "This hub is not connected itself yet.")
        if self._gate.take(request.remote or "") > 0:
            return told(429, TOLD[Unpaired.OFTEN])
        return await pair_machine(request, self._words, keys=above.keys, address=above.people)
