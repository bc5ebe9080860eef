"""The proof of a node: HTTP headers that authenticate a request which a node carries to the keeper for a visitor.

    Moothall-Node: NAME
    Moothall-Node-Proof: TIME.NONCE.MAC
    X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host: the visitor's address, the scheme, the node's own host

TIME is Unix ms by the sender's clock, NONCE 12 random bytes, MAC = HMAC-SHA256(key, all of these, method and target);
NONCE and MAC are in base64url without padding. A proof is valid once, within `WINDOW_MS` of the keeper's clock. So an
attacker who reads a proof on the network can neither replay it nor use it for another request. Bodies aren't covered:
the connection needs TLS where others can write to it.

Each node takes the time from its wall clock when the process begins, and from then on from its monotonic clock, so that
jumps of the wall clock have no effect. When the clocks of two nodes differ by too much, the keeper refuses the proof
and sends its own time, authenticated by the key:

    Moothall-Node-Time: TIME.MAC

with MAC = HMAC-SHA256(key, the refused proof, TIME). The node adopts that time.
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
"""Header with the proof of the node."""
REFUSED = "Moothall-Node-Refused"
"""Header of an answer that is meant for the node and not for the visitor: the `Doubt` for which it was refused."""
TIME = "Moothall-Node-Time"
"""Header of a refusal because of `Doubt.CLOCK`: the keeper's time."""
LINK_SCHEME = "node"
"""Scheme in the proof when a node sends a request of its own, on the link of nodes; no visitor's request has it."""
LINK_ADDRESS = "127.0.0.1"
"""Visitor's address in the proof of such a request."""
FOR, PROTO, HOST = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"
KEY_BYTES, NONCE_BYTES = 32, 12
WINDOW_MS = 30_000
"""Greatest difference between the time in a proof and the keeper's time, transmission included."""
MOST_NONCES = 200_000
"""Nonces that are remembered, each for twice `WINDOW_MS`: enough for 3,300 requests a second. Overflow: requests are
refused until older nonces expire, since a proof whose nonce isn't remembered could be replayed."""
_PROOF = re.compile(r"([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{43})\Z")
_TOLD = re.compile(r"([1-9][0-9]{0,14})\.([A-Za-z0-9_-]{43})\Z")
_SAID, _TIME = b"moothall node 1", b"moothall node time 1"


class Doubt(StrEnum):
    """Why the keeper refuses a request that a node carries."""

    UNREADABLE = "unreadable"
    """A header is missing, or the proof is malformed."""
    FORGED = "forged"
    """The MAC is wrong: another key was used, or the request was altered on the way."""
    CLOCK = "clock"
    """The time in the proof differs from the keeper's by more than `WINDOW_MS`."""
    REPEATED = "repeated"
    """The nonce was used before."""
    FULL = "full"
    """No more nonces can be remembered at the moment (`MOST_NONCES`)."""
    AWAY = "away"
    """The proof is valid, but the node that received the request isn't the keeper."""


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a node carries, as far as its proof covers it."""

    node: str
    """Name of the node that carries it."""
    method: str
    target: str
    """Path with query, as in the request line."""
    address: str
    """The visitor's IP address."""
    scheme: str
    """Scheme of the address that the visitor used: `http` or `https`."""
    host: str
    """Host and port of the address that the visitor used, if it is the node's own; empty otherwise."""

    @property
    def origin(self) -> str:
        """Web origin of the node's pages at that address, as browsers send it; empty without a host."""
        return f"{self.scheme}://{self.host}" if self.host else ""


def carried(headers: Mapping[str, str], method: str, target: str) -> Carried | None:
    """Read a carried request from its headers, without checking the proof; None when a header is missing."""
    found = [headers.get(name) for name in (NODE, FOR, PROTO, HOST)]
    node, address, scheme, host = found
    if not node or address is None or scheme is None or host is None:
        return None
    return Carried(node=node, method=method, target=target, address=address, scheme=scheme, host=host)


def proved(key: bytes, what: Carried, *, wall: int, nonce: bytes) -> dict[str, str]:
    """The headers of a carried request. `wall`: Unix ms; `nonce`: `NONCE_BYTES` random bytes, never used before."""
    said = f"{wall}.{_text(nonce)}"
    proof = f"{said}.{_text(_mac(key, said, what))}"
    return {NODE: what.node, PROOF: proof, FOR: what.address, PROTO: what.scheme, HOST: what.host}


def time_told(key: bytes, proof: str, *, wall: int) -> str:
    """Value of the `TIME` header in the answer to a node whose `proof` was refused for its time. `wall`: Unix ms."""
    return f"{wall}.{_text(_time_mac(key, proof, str(wall)))}"


def time_heard(key: bytes, proof: str, told: str) -> int | None:
    """The keeper's time in Unix ms, from the `TIME` header in its answer to `proof`; None for an invalid header."""
    parts = _TOLD.match(told)
    if parts is None or not hmac.compare_digest(_text(_time_mac(key, proof, parts[1])), parts[2]):
        return None
    return int(parts[1])


class Proofs:
    """Checks the proofs of requests to one node, and remembers their nonces against replay."""

    def __init__(self, key: bytes, *, most: int = MOST_NONCES) -> None:
        """`key`: the `KEY_BYTES` bytes that all nodes share; `most`: how many nonces are remembered."""
        self._key = key
        self._most = most
        self._used: dict[bytes, int] = {}
        """Expiry of each used nonce, ms of the monotonic clock, the earliest first."""

    def doubt(self, proof: str, what: Carried, *, wall: int, monotonic: int) -> Doubt | None:
        """Check the proof of `what` and mark its nonce as used: returns why it is refused, or None when it is valid.

        `wall`: Unix ms; `monotonic`: ms of the monotonic clock.
        """
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
        # A proof whose time lies in the future stays within the window for up to twice as long.
        self._used[used] = monotonic + 2 * WINDOW_MS + 1
        return None

    def _forget(self, monotonic: int) -> None:
        while self._used:
            first = next(iter(self._used))
            if self._used[first] > monotonic:
                return
            del self._used[first]


def key_text(key: bytes) -> str:
    """The content of a key file."""
    return _text(key) + "\n"


def read_key(text: str) -> bytes:
    """Read the key from the content of a key file; raises ValueError when it holds none."""
    stripped = text.strip()
    try:
        key = base64.b64decode(stripped + "=" * (-len(stripped) % 4), altchars=b"-_", validate=True)
    except ValueError as error:  # characters outside the alphabet, or a wrong length
        raise ValueError("The key isn't base64url.") from error
    if len(key) != KEY_BYTES:
        msg = f"The key has {len(key)} bytes in place of {KEY_BYTES}."
        raise ValueError(msg)
    return key


def _mac(key: bytes, said: str, what: Carried) -> bytes:
    """The MAC over all fields, each preceded by its length, so that no two requests give the same message."""
    message = bytearray(_SAID)
    for field in (said, what.node, what.method, what.target, what.address, what.scheme, what.host):
        raw = field.encode("utf-8", "surrogatepass")
        message += len(raw).to_bytes(4, "big") + raw
    return hmac.digest(key, message, hashlib.sha256)


def _time_mac(key: bytes, proof: str, time: str) -> bytes:
    return hmac.digest(key, b" ".join((_TIME, proof.encode(), time.encode())), hashlib.sha256)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
