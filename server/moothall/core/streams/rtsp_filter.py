"""What a server of RTSP says, looked through on its way: nothing passes that could lead a client elsewhere."""

from __future__ import annotations

MOST_HEAD = 16_384
"""Bytes of the head of a message."""
MOST_BODY = 262_144
"""Bytes of the body of a message, such as the description of what can be heard."""
_SOUND = ord("$")


class Misled(Exception):
    """The server leads elsewhere, or says what can't be understood: the line is to be cut."""


class RtspFilter:
    """Takes the bytes of a server in pieces, however they are cut, and gives back those that may pass.

    Of the answers all pass but those that lead elsewhere (3xx) and those that aren't RTSP 1.0; of the server's own
    requests none that leads elsewhere (REDIRECT). Sound between them passes as it is.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()  # Bounded by MOST_HEAD, else Misled.
        self._passing = 0

    def feed(self, data: bytes) -> bytes:
        """Raises Misled."""
        self._waiting += data
        out = bytearray()
        while self._waiting:
            if self._passing:
                piece = self._waiting[: self._passing]
                out += piece
                self._passing -= len(piece)
                del self._waiting[: len(piece)]
            elif self._waiting[0] == _SOUND:
                if len(self._waiting) < 4:
                    break
                self._passing = 4 + int.from_bytes(self._waiting[2:4], "big")
            elif not self._message():
                break
        return bytes(out)

    def _message(self) -> bool:
        """Whether the head of the next message is there: then it may pass with its body."""
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            if len(self._waiting) > MOST_HEAD:
                raise Misled
            return False
        first, *fields = bytes(self._waiting[:end]).split(b"\r\n")
        word, _, rest = first.partition(b" ")
        if word.startswith(b"RTSP/"):
            if word != b"RTSP/1.0" or not rest[:3].isdigit() or rest.startswith(b"3"):
                raise Misled
        elif not first.endswith(b" RTSP/1.0") or word.upper() == b"REDIRECT":
            raise Misled
        body = 0
        for field in fields:
            name, colon, value = field.partition(b":")
            if not colon or b"\n" in field or b"\r" in field:
                raise Misled
            if name.strip().lower() == b"content-length":
                if not value.strip().isdigit() or len(value.strip()) > 9:
                    raise Misled
                body = int(value)
        if body > MOST_BODY or b"\n" in first:
            raise Misled
        self._passing = end + 4 + body
        return True
