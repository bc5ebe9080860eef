"""Filters what an RTSP server sends, so that nothing passes that could lead the client to another server."""

from __future__ import annotations

import re

MOST_HEAD = 16_384
"""Bytes of a message's head."""
MOST_LINE = 4_000
"""Bytes of a row in a head: FFmpeg ignores what comes after 4,095."""
MOST_BODY = 262_144
"""Bytes of a message's body, such as the description of the media."""
_SOUND = ord("$")
# The whole row has to match: a client may ignore characters at its beginning, or before a colon, and so read another
# message than this filter does.
_ANSWER = re.compile(rb"RTSP/1\.0 [12456][0-9]{2}(?: [^\x00-\x1f\x7f]*)?")
_REQUEST = re.compile(rb"(?!REDIRECT )[A-Z_]{1,32} [^\x00-\x20\x7f]+ RTSP/1\.0")
_FIELD = re.compile(rb"([A-Za-z0-9-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_LENGTH = re.compile(rb"[0-9]{1,9}[ \t]*")


class Misled(Exception):
    """The server leads elsewhere, or sends what can't be understood: the connection is to be closed."""


class RtspFilter:
    """Takes a server's bytes in pieces of any size, and returns those that may pass.

    Responses pass unless they redirect (3xx) or are not RTSP 1.0; the server's own requests pass unless they are
    REDIRECT. A row that doesn't follow RFC 2326, or a second length, ends the stream: a client might read another
    message in it. Sound between messages passes unchanged.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()  # Bounded by MOST_HEAD; beyond it Misled is raised.
        self._passing = 0

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and return those that may pass. Raises Misled."""
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
        """Whether the head of the next message is complete; if so the message may pass with its body."""
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            if len(self._waiting) > MOST_HEAD:
                raise Misled
            return False
        first, *fields = bytes(self._waiting[:end]).split(b"\r\n")
        if any(len(line) > MOST_LINE for line in (first, *fields)):
            raise Misled
        if _ANSWER.fullmatch(first) is None and _REQUEST.fullmatch(first) is None:
            raise Misled
        body: int | None = None
        for field in fields:
            found = _FIELD.fullmatch(field)
            if found is None:
                raise Misled
            if found[1].lower() == b"content-length":
                if body is not None or _LENGTH.fullmatch(found[2]) is None:
                    raise Misled
                body = int(found[2])
        body = body or 0
        if body > MOST_BODY:
            raise Misled
        self._passing = end + 4 + body
        return True
