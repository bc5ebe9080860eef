"""Numbers, texts and hexadecimal digits in a batch of the hub link, in fewer bytes than MessagePack takes for them.

A number is LEB128, a text is UTF-8 and ends with a line feed. A text is *folded*: its incompressible parts are moved
into a separate sequence of bytes, `beside`. A run of 64 or 40 hexadecimal digits (digests, ids of commands) becomes one
control byte, and the bytes that the digits stand for are appended to `beside`. The head of a lane in a checkpoint is
replaced by a control byte alone if the receiver has the same head. JSON and names contain no control bytes, so the
control bytes are unambiguous.
"""

from __future__ import annotations

import re

from moothall.core.events.types import Heads, LaneHead
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Lane

END = b"\n"
"""Ends a text, which contains none."""
MOST_NUMBER = (1 << 64) - 1
_LAST_SHIFT = 63


_RUNS = {32: b"\x01", 20: b"\x02"}
"""The control byte for a run of hexadecimal digits, by the number of bytes that the digits stand for."""
_BYTES = {code: count for count, code in _RUNS.items()}
_HEAD = b"\x03"
_CONTROL = re.compile(rb"[\x00-\x1f]")
_FOLDED = re.compile(
    rb'"(?P<lane>[a-z0-9:_.-]{1,80})":\{"offset":(?P<offset>[0-9]{1,16}),"digest":"(?P<digest>[0-9a-f]{64})"\}'
    rb"|(?<![0-9a-f])(?P<run>[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])"
)
_UNFOLDED = re.compile(rb'"(?P<lane>[a-z0-9:_.-]{1,80})":\x03|(?P<code>[\x01-\x03])')
_MOST_OF_ONE = 140
"""No control byte stands for more bytes than this: a head with its offset."""


def number(value: int) -> bytes:
    """A number from 0 to `MOST_NUMBER` as LEB128: seven bits a byte, the lowest first."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


class ByteReader:
    """Reads bytes from their beginning. Raises ProtocolError where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def spent(self) -> bool:
        """Whether all bytes have been read."""
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ProtocolError(f"It ends {count - len(taken)} bytes before the end of what it names.")
        self._at += count
        return taken

    def number(self) -> int:
        """A number as `number` writes it."""
        value = 0
        for shift in range(0, _LAST_SHIFT + 1, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80 and value <= MOST_NUMBER:
                return value
        raise ProtocolError("A number in it is too large.")

    def line(self) -> bytes:
        """The bytes before the next `END`."""
        end = self._data.find(END, self._at)
        if end < 0:
            raise ProtocolError("A text in it has no end.")
        taken, self._at = self._data[self._at : end], end + 1
        return taken

    def text(self) -> str:
        """A line as text."""
        return as_text(self.line())


def as_text(raw: bytes) -> str:
    """UTF-8 as text. Raises ProtocolError when the bytes are not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ProtocolError("A text in it is not UTF-8.") from None


def can_fold(text: bytes) -> bool:
    """Whether the text contains no control bytes."""
    return _CONTROL.search(text) is None


def fold(text: bytes, beside: bytearray, heads: Heads) -> bytes:
    """Fold a text, and append the bytes that are taken out of it to `beside`.

    `heads`: the heads of the receiver's lanes, as far as the sender knows them; the receiver may have more lanes.
    """

    def folded(found: re.Match[bytes]) -> bytes:
        lane, run = found["lane"], found["run"]
        if lane is None:
            raw = bytes.fromhex(run.decode())
            beside.extend(raw)
            return _RUNS[len(raw)]
        head = heads.get(Lane(lane.decode()))
        if head is not None and _head(lane, head) == found[0]:
            return b'"%b":%b' % (lane, _HEAD)
        beside.extend(bytes.fromhex(found["digest"].decode()))
        return b'"%b":{"offset":%b,"digest":"%b"}' % (lane, found["offset"], _RUNS[32])

    return _FOLDED.sub(folded, text)


def unfold(text: bytes, beside: ByteReader, heads: Heads, most: int) -> bytes:
    """Reverse `fold`. Raises ProtocolError when the text is invalid or could become longer than `most` bytes.

    `heads`: the heads of the lanes that this side has.
    """

    def unfolded(found: re.Match[bytes]) -> bytes:
        lane, code = found["lane"], found["code"]
        if lane is not None:
            head = heads.get(Lane(lane.decode()))
            if head is None:
                raise ProtocolError(f"It names the head of lane {lane.decode()}, which is unknown here.")
            return _head(lane, head)
        if code == _HEAD:
            raise ProtocolError("It names the head of a lane without the lane.")
        return beside.take(_BYTES[code]).hex().encode()

    codes = len(_CONTROL.findall(text))
    if len(text) + codes * _MOST_OF_ONE > most:
        raise ProtocolError(f"A text in it could exceed {most} bytes.")
    return _UNFOLDED.sub(unfolded, text)


def _head(lane: bytes, head: LaneHead) -> bytes:
    """The JSON of a lane's head, as msgspec encodes it in a checkpoint."""
    return b'"%b":{"offset":%d,"digest":"%b"}' % (lane, head.offset, head.digest.encode())
