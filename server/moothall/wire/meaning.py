"""Messages between the server and the process that turns texts into vectors of their meaning.

Each message is a length of four bytes, most significant first, and MessagePack. The server asks, the process answers
one after the other. A vector is `DIMENSIONS` signed bytes; its length says nothing, its direction is the meaning.
"""

from __future__ import annotations

import struct

import msgspec

from moothall.core.kernel.ids import SegmentId, SessionId

LENGTH = struct.Struct(">I")
DIMENSIONS = 384
"""Those of multilingual-e5-small."""
MOST_BYTES = 64 << 20
"""The most bytes of a message: the vectors of 160,000 lines."""


class Embed(msgspec.Struct, frozen=True, tag="embed"):
    """Asks for the vectors of lines. Answered by `Embedded`."""

    texts: tuple[str, ...]


class HoldSession(msgspec.Struct, frozen=True, tag="hold"):
    """Has the process hold these lines of a session, and no others of it. Answered by `Embedded` without vectors."""

    session: SessionId
    segments: tuple[SegmentId, ...]
    languages: tuple[str, ...]
    """That of each line (BCP-47 primary tag)."""
    vectors: bytes
    """Those of the lines, one behind the other."""


class Seek(msgspec.Struct, frozen=True, tag="seek"):
    """Asks for the lines of these sessions that are most like a question. Answered by `LikeLines`."""

    text: str
    sessions: tuple[SessionId, ...]
    most: int
    least: float
    """The least cosine."""


class Embedded(msgspec.Struct, frozen=True, tag="embedded"):
    """The vectors that were asked for, one behind the other."""

    vectors: bytes = b""


class LikeLine(msgspec.Struct, frozen=True, array_like=True):
    """A line that is like a question."""

    session: SessionId
    segment: SegmentId
    cosine: float


class LikeLines(msgspec.Struct, frozen=True, tag="sought"):
    """The lines that were found, those most like the question first, as lines of their language go."""

    lines: tuple[LikeLine, ...]


ToMeaning = Embed | HoldSession | Seek
FromMeaning = Embedded | LikeLines
_encode = msgspec.msgpack.Encoder().encode


def framed(message: ToMeaning | FromMeaning) -> bytes:
    """The bytes of a message, with their length."""
    body = _encode(message)
    return LENGTH.pack(len(body)) + body
