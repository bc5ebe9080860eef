"""Mends a request whose sender counted the characters of its body where HTTP counts bytes.

Plover2CAT (4.2.0, `captionWorker.py`) posts captions so. Where an accent needs two bytes, `Content-Length` is too
small, and what is left over would end the connection without an answer to the caption. The bytes of one request stand
apart here, since the sender closes the connection behind it: so no other request can hide in the rest. A proxy in front
has cut the body off before it gets here; that cannot be mended.
"""

from __future__ import annotations

import codecs
import re

MOST = 8 << 10
"""Bytes of a body, and of a head, that are looked at. Overflow: the request is passed on as it came."""
POST = b"POST /closedcaption?"
"""How such a request begins."""
_CLOSES = re.compile(rb"\r\nConnection:[ \t]*close[ \t]*\r", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]{1,4})[ \t]*\r", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\nTransfer-Encoding:", re.IGNORECASE)


class CountedCharacters:
    """The first request of a connection. `take` gets each piece of it."""

    def __init__(self) -> None:
        self._came = b""
        """What is held back."""
        self._over = False

    def take(self, data: bytes) -> bytes:
        """Return what the web server is to get now; empty while the body is awaited."""
        if self._over:
            return data
        self._came += data
        passed = _passed(self._came)
        self._over = passed is not None
        return passed or b""


def _passed(came: bytes) -> bytes | None:
    """The request as it is passed on; None while more of it has to come."""
    head, end, body = came.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r")
    if not came.startswith(POST) or not end or length is None or len(body) > MOST or len(head) > MOST:
        return came
    if _CLOSES.search(head + b"\r") is None or _CHUNKED.search(head) is not None:
        return came
    counted = int(length[1])
    if len(body) < counted:
        return None
    if len(body) == counted:
        return came
    try:
        text, used = codecs.utf_8_decode(body, "strict", False)
    except UnicodeDecodeError:
        return came
    if len(text) < counted:
        return None
    if len(text) > counted or used < len(body):
        return came  # What is too much is for the web server to refuse.
    return head[: length.start(1)] + b"%d" % len(body) + head[length.end(1) :] + end + body
