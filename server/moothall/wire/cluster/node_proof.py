"""How a node proves that a request which it carries to the keeper comes from it, and what it says of the visitor.

    Moothall-Node: NAME
    Moothall-Node-Proof: TIME.NONCE.MAC
    X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host: the visitor's address, the scheme, the node's own host

TIME is Unix ms as the sender counts them, NONCE 12 random bytes, MAC = HMAC-SHA256(key, all of these, method and
target); both in base64url without padding. A proof is good once, within `WINDOW_MS` of how the keeper counts. So
whoever reads one on the line can neither send it again nor put it before another request. Bodies aren't covered: the
line needs TLS where others can write to it.

Each counts from its wall clock as it was when the process began, by its monotonic clock: no jump of a clock is seen.
Where two count apart the keeper refuses the proof, and says its own time behind it, as nobody else could:

    Moothall-Node-Time: TIME.MAC

with MAC = HMAC-SHA256(key, the refused proof, TIME). The node counts like that from then on.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

NODE = "Moothall-Node"
"""Header with the name of the node that carries a request."""
PROOF = "Moothall-Node-Proof"
"""Header with its proof."""
REFUSED = "Moothall-Node-Refused"
"""Header of an answer to the node alone, with the `Doubt`: it has carried the request in vain."""
TIME = "Moothall-Node-Time"
"""Header of such an answer, where the node counts another time: the keeper's."""
LINK_SCHEME = "node"
"""What stands as scheme where a node speaks for itself, on the link of nodes: no visitor comes by that."""
LINK_ADDRESS = "127.0.0.1"
"""What stands as a visitor's address there."""
FOR, PROTO, HOST = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"
KEY_BYTES, NONCE_BYTES = 32, 12
WINDOW_MS = 30_000
"""By which the sender may count apart, the time on the way included."""
MOST_NONCES = 200_000
"""That are remembered, each for twice `WINDOW_MS`: 3,300 requests a second. Overflow: requests are refused until older
ones are forgotten, since one that isn't remembered could come twice."""
_PROOF = re.compile(r"([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{43})\Z")
_TOLD = re.compile(r"([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{43})\Z")
_SAID, _TIME = b"moothall node 1", b"moothall node time 1"


class Doubt(StrEnum):
    """Why a request that a node carries isn't answered."""

    UNREADABLE = "unreadable"
    """It has one of the headers without another one, or they say nothing."""
    FORGED = "forged"
    """It was proved with another key, or altered on the way."""
    CLOCK = "clock"
    """It was proved more than `WINDOW_MS` ago, or from now, as the keeper counts."""
    REPEATED = "repeated"
    """It came before."""
    FULL = "full"
    """Too many came lately."""
    AWAY = "away"
    """It is good, but this node doesn't keep the house."""


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a node carries."""

    node: str
    method: str
    target: str
    """Path with query, as it stands in the request's first line."""
    address: str
    """The visitor's."""
    scheme: str
    """By which the visitor came: `http` or `https`."""
    host: str
    """Host and port by which the visitor came, where they are the node's own; empty otherwise."""

    @property
    def origin(self) -> str:
        """Of the pages that the node serves there, as browsers write it; empty without a host."""
        return f"{self.scheme}://{self.host}" if self.host else ""


def carried(headers: Mapping[str, str], method: str, target: str) -> Carried | None:
    """What the headers say, proved or not; None where one is missing."""
    found = [headers.get(name) for name in (NODE, FOR, PROTO, HOST)]
    node, address, scheme, host = found
    if not node or address is None or scheme is None or host is None:
        return None
    return Carried(node=node, method=method, target=target, address=address, scheme=scheme, host=host)


def proved(key: bytes, what: Carried, *, wall: int, nonce: bytes) -> dict[str, str]:
    """The headers to carry a request with. `wall`: Unix ms; `nonce`: `NONCE_BYTES` that were never used."""
    said = f"{wall}.{_text(nonce)}"
    proof = f"{said}.{_text(_mac(key, said, what))}"
    return {NODE: what.node, PROOF: proof, FOR: what.address, PROTO: what.scheme, HOST: what.host}


def time_told(key: bytes, proof: str, *, wall: int) -> str:
    """`TIME` of an answer to a node whose `proof` was refused, as it counts another time. `wall`: Unix ms."""
    return f"{wall}.{_text(_time_mac(key, proof, str(wall)))}"


def time_heard(key: bytes, proof: str, told: str) -> int | None:
    """The keeper's time, Unix ms, from its answer to a `proof`; None where it isn't the keeper's, or none."""
    parts = _TOLD.match(told)
    if parts is None or not hmac.compare_digest(_text(_time_mac(key, proof, parts[1])), parts[2]):
        return None
    return int(parts[1])


class Proofs:
    """Those that came to one node."""

    def __init__(self, key: bytes, *, most: int = MOST_NONCES) -> None:
        """`key`: `KEY_BYTES` that the nodes share."""
        self._key = key
        self._most = most
        self._used: dict[bytes, int] = {}
        """Until when each is remembered, by the monotonic clock, the first to go first."""

    def doubt(self, proof: str, what: Carried, *, wall: int, monotonic: int) -> Doubt | None:
        """Why `what` isn't proved; None when it is, which holds once. Times in ms."""
        parts = _PROOF.match(proof)
        if parts is None:
            return Doubt.UNREADABLE
        time, nonce, mac = parts.groups()
        if not hmac.compare_digest(_text(_mac(self._key, f"{time}.{nonce}", what)), mac):
            return Doubt.FORGED
        if abs(wall - int(time)) > WINDOW_MS:
            return Doubt.CLOCK
        self._forget(monotonic)
        used = nonce.encode()
        if used in self._used:
            return Doubt.REPEATED
        if len(self._used) >= self._most:
            return Doubt.FULL
        # One from the future is within the window for up to twice as long.
        self._used[used] = monotonic + 2 * WINDOW_MS + 1
        return None

    def _forget(self, monotonic: int) -> None:
        while self._used:
            first = next(iter(self._used))
            if self._used[first] > monotonic:
                return
            del self._used[first]


def key_text(key: bytes) -> str:
    """A key as its file holds it."""
    return _text(key) + "\n"


def read_key(text: str) -> bytes:
    """The key in the text of a file; raises ValueError where there is none."""
    stripped = text.strip()
    try:
        key = base64.b64decode(stripped + "=" * (-len(stripped) % 4), altchars=b"-_", validate=True)
    except ValueError as error:  # letters that are none of it, or not so many
        raise ValueError("The key isn't base64url.") from error
    if len(key) != KEY_BYTES:
        msg = f"The key has {len(key)} bytes in place of {KEY_BYTES}."
        raise ValueError(msg)
    return key


def _mac(key: bytes, said: str, what: Carried) -> bytes:
    """Each field with its length before it, so that none can lend a letter to the next."""
    message = bytearray(_SAID)
    for field in (said, what.node, what.method, what.target, what.address, what.scheme, what.host):
        raw = field.encode("utf-8", "surrogatepass")
        message += len(raw).to_bytes(4, "big") + raw
    return hmac.digest(key, message, hashlib.sha256)


def _time_mac(key: bytes, proof: str, time: str) -> bytes:
    return hmac.digest(key, b" ".join((_TIME, proof.encode(), time.encode())), hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
