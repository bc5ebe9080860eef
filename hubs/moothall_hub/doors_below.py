"""`POST /hub/pair` at a hub: the machine of a hub below exchanges six words for a key, as at the centre.

Machines alone: a browser's words would open the page of a group, and that is at the centre.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.asking_request import read_body
from moothall.adapters.hub_pair_door import ALLOWANCE, LONGEST_TITLE, MINUTE, STATUS
from moothall.adapters.hub_texts import TOLD
from moothall.adapters.limits import AddressGate
from moothall.adapters.page_asking import Wrong
from moothall.core.errors import StorageUnavailable
from moothall.core.ports import Clock, Randomness
from moothall.services.hub_pairing import Pairing as Words
from moothall.services.hub_pairing import Unpaired
from moothall_hub.pairing import Pairing

_NODE = re.compile(r"[0-9a-f]{16}\Z")


class _Machine(msgspec.Struct, frozen=True):
    words: str
    node: str
    title: str = ""


class BelowPairDoor:
    """See the module."""

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
            return _told(403, "A page may not do this; a machine sends JSON and no Origin.")
        if above is None:
            return _told(503, "This hub is not connected itself yet.")
        if self._gate.take(request.remote or "") > 0:
            return _told(429, TOLD[Unpaired.OFTEN])
        try:
            asked = msgspec.json.decode(await read_body(request), type=_Machine)
        except (Wrong, msgspec.MsgspecError, UnicodeDecodeError):
            return _told(400, 'Send {"words": …, "node": …} as JSON of at most 48 KiB.')
        if not _NODE.match(asked.node):
            return _told(400, "A node is named by 16 hexadecimal figures.")
        machine = " ".join(asked.title.split())[:LONGEST_TITLE]
        try:
            done = await self._words.pair(asked.words, node=asked.node, machine=machine)
        except StorageUnavailable:
            return _told(503, "It could not be stored at the moment. Try again in a minute.")
        if isinstance(done, Unpaired):
            return _told(STATUS[done], TOLD[done])
        answer = {"hub": done.hub, "title": done.title, "key": done.key, "keys": above.keys, "address": above.people}
        return web.json_response(answer, headers={hdrs.CACHE_CONTROL: "no-store"})


def _told(status: int, sentence: str) -> web.Response:
    return web.json_response({"error": sentence}, status=status, headers={hdrs.CACHE_CONTROL: "no-store"})
