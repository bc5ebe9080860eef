"""Numbers and texts in the bytes of the hub link that MessagePack would make longer."""

from __future__ import annotations

from moothall.core.kernel.errors import ProtocolError

END = b"\n"
"""Ends a text, which has none in it."""
MOST_NUMBER = (1 << 64) - 1
_LAST_SHIFT = 63


def number(value: int) -> bytes:
    """A number from 0 to `MOST_NUMBER` as LEB128: seven bits a byte, the lowest first."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


class Reading:
    """Bytes that are read from their beginning. What isn't there raises ProtocolError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def spent(self) -> bool:
        """Whether all of them have been read."""
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        """So many bytes."""
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            msg = f"It ends {count - len(taken)} bytes before the end of what it names."
            raise ProtocolError(msg)
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def number(self) -> int:
        """A number of `number`."""
        value = 0
        for shift in range(0, _LAST_SHIFT + 1, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80 and value <= MOST_NUMBER:
                return value
        msg = "A number in it is too large."
        raise ProtocolError(msg)

    def line(self) -> bytes:
        """What stands before the next `END`."""
        end = self._data.find(END, self._at)
        if end < 0:
            msg = "A text in it has no end."
            raise ProtocolError(msg)
        taken, self._at = self._data[self._at : end], end + 1
        return taken

    def text(self) -> str:
        """A line as text."""
        return as_text(self.line())


def as_text(raw: bytes) -> str:
    """UTF-8 as text. Raises ProtocolError when it is none."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        msg = "A text in it is not UTF-8."
        raise ProtocolError(msg) from None
