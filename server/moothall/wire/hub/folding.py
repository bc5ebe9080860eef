"""Text on the hub link without what no compression makes smaller: that goes beside it, as the bytes it stands for.

A run of 64, 40, 32 or 16 hexadecimal digits (digests, ids) becomes one control byte, and its bytes go aside; so does
an Ed25519 signature in base64. JSON and names have no control bytes, so nothing else can be meant by one. Where a
checkpoint names the head of a lane that the receiver has as well, a control byte is all that goes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Lane
from moothall.wire.hub.numbers import Reading

Heads = Mapping[Lane, LaneHead]

_RUNS = {32: b"\x01", 20: b"\x02", 16: b"\x03", 8: b"\x04"}
"""The bytes of a run of hexadecimal digits, and what stands for it."""
_SIGNATURE = b"\x05"
_HEAD = b"\x06"
_BYTES = {code: count for count, code in _RUNS.items()} | {_SIGNATURE: 64}
_CONTROL = re.compile(rb"[\x00-\x1f]")
_FOLDED = re.compile(
    rb'"(?P<lane>[a-z0-9:_.-]{1,80})":\{"offset":(?P<offset>[0-9]{1,16}),"digest":"(?P<digest>[0-9a-f]{64})"\}'
    rb"|(?P<signature>[A-Za-z0-9+/]{86}==)"
    rb"|(?<![0-9a-f])(?P<run>[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{16})(?![0-9a-f])"
)
_UNFOLDED = re.compile(rb'"(?P<lane>[a-z0-9:_.-]{1,80})":\x06|(?P<code>[\x01-\x06])')
_MOST_OF_ONE = 140
"""No control byte stands for more than these bytes: a head with its offset."""


def can_fold(text: bytes) -> bool:
    """Whether the text has no control bytes of its own."""
    return _CONTROL.search(text) is None


def fold(text: bytes, beside: bytearray, heads: Heads) -> bytes:
    """The text as it goes; what doesn't go with it is put to the end of `beside`.

    The receiver's lanes stand at `heads` where they are named; it may have more.
    """

    def folded(found: re.Match[bytes]) -> bytes:
        lane, signature, run = found["lane"], found["signature"], found["run"]
        if lane is not None:
            head = heads.get(Lane(lane.decode()))
            if head is not None and _head(lane, head) == found[0]:
                return b'"%b":%b' % (lane, _HEAD)
            beside.extend(bytes.fromhex(found["digest"].decode()))
            return b'"%b":{"offset":%b,"digest":"%b"}' % (lane, found["offset"], _RUNS[32])
        if signature is not None:
            raw = base64.b64decode(signature)
            if base64.b64encode(raw) != signature:  # the last digit may hold bits that mean nothing
                return signature
            beside.extend(raw)
            return _SIGNATURE
        raw = bytes.fromhex(run.decode())
        beside.extend(raw)
        return _RUNS[len(raw)]

    return _FOLDED.sub(folded, text)


def unfold(text: bytes, beside: Reading, heads: Heads, most: int) -> bytes:
    """The text as it was. Raises ProtocolError when it can't be one, or when it would be longer than `most`."""

    def unfolded(found: re.Match[bytes]) -> bytes:
        lane, code = found["lane"], found["code"]
        if lane is not None:
            head = heads.get(Lane(lane.decode()))
            if head is None:
                msg = f"It names the head of lane {lane.decode()}, which nothing is known of here."
                raise ProtocolError(msg)
            return _head(lane, head)
        if code == _HEAD:
            msg = "It names the head of a lane, and not which."
            raise ProtocolError(msg)
        raw = beside.take(_BYTES[code])
        return base64.b64encode(raw) if code == _SIGNATURE else raw.hex().encode()

    codes = len(_CONTROL.findall(text))
    if len(text) + codes * _MOST_OF_ONE > most:
        msg = f"A text in it may have {most} bytes, and may have more."
        raise ProtocolError(msg)
    return _UNFOLDED.sub(unfolded, text)


def _head(lane: bytes, head: LaneHead) -> bytes:
    """As msgspec writes it in a checkpoint."""
    return b'"%b":{"offset":%d,"digest":"%b"}' % (lane, head.offset, head.digest.encode())
