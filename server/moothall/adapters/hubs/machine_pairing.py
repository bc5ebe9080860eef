"""Exchanges a machine's pairing words for its key: request and answer of `POST /hub/pair`, at a server and at a hub
with hubs below it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.hubs.texts import TOLD
from moothall.adapters.pages.request_context import HttpProblem
from moothall.adapters.pages.visitor_request import read_body
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.visible import visible
from moothall.services.hubs.pairing import PairingRefusal, PairingWords
from moothall.wire.token_bucket import Allowance

ALLOWANCE = Allowance(per_second=10, burst=10)
"""Attempts of one address, per minute (`MINUTE` slows the clock of the rate)."""
MINUTE = 60
LONGEST_TITLE = 100
STATUS = {PairingRefusal.WORDS: 400, PairingRefusal.UNKNOWN: 403, PairingRefusal.OFTEN: 429}
_NODE = re.compile(r"[0-9a-f]{16}\Z")


class _Machine(msgspec.Struct, frozen=True):
    """The request of a machine."""

    words: str
    node: str
    title: str = ""
    """The machine's name, chosen by its installer."""


async def pair_machine(
    request: web.Request, pairing: PairingWords, *, keys: Mapping[str, object], address: str
) -> web.Response:
    """Pair a machine and answer with its key. `keys`: the document of the centre's public keys; `address`: the public
    address of the house.
    """
    try:
        asked = read_json(await read_body(request), _Machine)
    except (HttpProblem, Unreadable):
        return sentence_response(400, 'Send {"words": …, "node": …} as JSON of at most 48 KiB.')
    if not _NODE.match(asked.node):
        return sentence_response(400, "A node is named by 16 hexadecimal figures.")
    machine = " ".join(visible(asked.title).split())[:LONGEST_TITLE]
    try:
        done = await pairing.pair(asked.words, node=asked.node, machine=machine)
    except StorageUnavailable:
        return sentence_response(503, "It could not be stored at the moment. Try again in a minute.")
    if isinstance(done, PairingRefusal):
        return sentence_response(STATUS[done], TOLD[done])
    answer = {"hub": done.hub, "title": done.title, "key": done.key, "keys": dict(keys), "address": address}
    return web.json_response(answer, headers={hdrs.CACHE_CONTROL: "no-store"})


def sentence_response(status: int, sentence: str) -> web.Response:
    """A JSON answer that holds an error sentence."""
    return web.json_response({"error": sentence}, status=status, headers={hdrs.CACHE_CONTROL: "no-store"})
