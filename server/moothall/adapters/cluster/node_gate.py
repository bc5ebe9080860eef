"""Authentication among nodes: a request that another node carries here is believed when its proof is good, and is
refused otherwise. It is never carried on.

This gate answers 403 to a request with a node's headers and no good proof, whoever sent it. So nothing that a stranger
writes into these headers reaches a handler, and no request circulates among nodes whose clocks or keys differ.

The key is in a file on each node. Whoever has the key can claim to be any visitor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from moothall.adapters.http.forwarded import CARRIED
from moothall.adapters.store.files import explained, read_text, write_new
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Clock, Randomness
from moothall.wire.cluster.node_proof import (
    KEY_BYTES,
    NODE,
    NONCE_BYTES,
    PROOF,
    REFUSED,
    TIME,
    Carried,
    Doubt,
    Proofs,
    carried,
    key_text,
    proved,
    read_key,
    time_heard,
    time_told,
)

logger = logging.getLogger(__name__)

TELL_AGAIN_MS = 60_000
"""The least time between two entries in the server's log."""
_WHAT_TO_DO: dict[str, str] = {
    Doubt.UNREADABLE: "is another release behind that address, or a proxy that takes headers away?",
    Doubt.FORGED: "copy the file of the key from one node to the others",
    Doubt.CLOCK: "the clocks of the nodes differ by more than 30 s, and one of them runs a release that minds; have "
    "them set by NTP",
    Doubt.REPEATED: "somebody sends again what was read between nodes, or a proxy between them does",
    Doubt.FULL: "more was carried than one node can answer",
    Doubt.AWAY: "the house has just moved to another node",
}


def what_to_do(doubt: str) -> str:
    """Advice about a doubt, for whoever reads the server's log."""
    return _WHAT_TO_DO.get(doubt, "it runs another release")


class SteadyTime:
    """Unix time in ms, read once from the wall clock and counted by the monotonic clock from then on, so that later
    jumps of the wall clock have no effect.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = clock.wall() - clock.monotonic()

    @property
    def now(self) -> int:
        """The current time, in Unix ms."""
        return self._clock.monotonic() + self._ahead

    def set(self, now: int) -> None:
        """Adopt another node's clock, on which it is `now` (Unix ms)."""
        self._ahead = now - self._clock.monotonic()


class NodeSeal:
    """Adds proofs to the requests that this node carries to others."""

    def __init__(self, name: str, key: bytes, clock: Clock, randomness: Randomness) -> None:
        """`name`: this node's name; `key`: the key that all nodes share."""
        self.name = name
        self._key = key
        self._time = SteadyTime(clock)
        self._randomness = randomness

    def headers(self, *, method: str, target: str, address: str, scheme: str, host: str) -> Mapping[str, str]:
        """The headers that prove one request; the arguments are those of `Carried`."""
        what = Carried(node=self.name, method=method, target=target, address=address, scheme=scheme, host=host)
        return proved(self._key, what, wall=self._time.now, nonce=self._randomness.bytes(NONCE_BYTES))

    def heard(self, sent: Mapping[str, str], answer: Mapping[str, str]) -> bool:
        """Adopt the other node's time where `answer` refuses the `sent` headers for their time alone.

        Returns whether it did; then the caller may send the request again with new headers.
        """
        if answer.get(REFUSED) != Doubt.CLOCK:
            return False
        time = time_heard(self._key, sent.get(PROOF, ""), answer.get(TIME, ""))
        if time is not None:
            self._time.set(time)
        return time is not None


class NodeGate:
    """Admits the requests that other nodes carry here."""

    def __init__(self, key: bytes, clock: Clock, keeps: Callable[[], bool] = lambda: True) -> None:
        """`keeps`: whether this node keeps the house at the moment; where it doesn't, proved requests are answered
        503.
        """
        self._key = key
        self._proofs = Proofs(key)
        self._clock, self._time = clock, SteadyTime(clock)
        self._keeps = keeps
        self._told: int | None = None
        self._since = 0

    def middleware(self, under: str = "/") -> Middleware:
        """A middleware that checks the proofs of requests whose path begins with `under`; all other requests pass
        unchanged.

        Place it before every middleware that uses the visitor's address.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            proved = NODE in request.headers or PROOF in request.headers
            if not proved or not request.path.startswith(under):
                return await handler(request)
            what = carried(request.headers, request.method, request.raw_path)
            doubt = Doubt.UNREADABLE if what is None else self._doubt(request.headers.get(PROOF, ""), what)
            if what is not None and doubt is None:
                request[CARRIED] = what
                return await handler(request)
            return self._refused(doubt or Doubt.UNREADABLE, request.headers.get(PROOF, ""))

        return middleware

    def _doubt(self, proof: str, what: Carried) -> Doubt | None:
        doubt = self._proofs.doubt(proof, what, wall=self._time.now, monotonic=self._clock.monotonic())
        return Doubt.AWAY if doubt is None and not self._keeps() else doubt

    def _refused(self, doubt: Doubt, proof: str) -> web.Response:
        if doubt is Doubt.AWAY:
            response = web.Response(status=503, text="This node does not keep the house.\n")
            response.headers["Retry-After"] = "1"
        else:
            self._note(doubt)
            response = web.Response(status=403, text="What a node carries has to prove itself.\n")
        response.headers[REFUSED] = doubt.value
        if doubt is Doubt.CLOCK:
            response.headers[TIME] = time_told(self._key, proof, wall=self._time.now)
        response.headers["Cache-Control"] = "no-store"
        response.force_close()  # The rest of the request is not read.
        return response

    def _note(self, doubt: Doubt) -> None:
        """Log refusals at most once a minute, since anybody can send such headers."""
        self._since += 1
        now = self._clock.monotonic()
        if self._told is None or now - self._told >= TELL_AGAIN_MS:
            logger.warning("requests with a node's headers were refused as %s: %d", doubt.value, self._since)
            self._told, self._since = now, 0


def open_key(path: Path, randomness: Randomness) -> bytes:
    """Read the key from the file at `path`. Create the file where there is none: the first node does so, and the
    operator copies the file to the other nodes.

    Raises ConfigurationError when the file can't be read or written, or holds something else.
    """
    with explained(f"The key of the nodes {path} can't be made"):
        if not path.exists():
            write_new(path, key_text(randomness.bytes(KEY_BYTES)).encode())
    text = read_text(path)
    with explained(f"The key of the nodes {path} can't be read"):
        if path.stat().st_mode & 0o077:
            logger.warning("users other than its owner can read the key of the nodes; remove their access")
    try:
        return read_key(text)
    except ValueError as error:
        msg = f"{path} holds no key of nodes: {error} Copy the file from a node of this house as it is."
        raise ConfigurationError(msg) from error
