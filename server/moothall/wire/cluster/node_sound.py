"""What a keeper tells a node that stands by of the sound that waits for its words, where its sender may be gone.

By GET `SOUND_PATH` a JSON list of it; by GET `PIECE_PATH` with `?first=`, samples of one source as they lie on the
keeper's disk, with silence where nothing is to be kept, `MOST_SAMPLES` at most. Both are for nodes alone. A `version`
names what the disk had made silent by then: what was copied under another one is thrown away.
"""

from __future__ import annotations

import msgspec

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import SessionId, SourceId

SOUND_PATH = "/node/sound"
PIECE_PATH = "/node/sound/{session}/{source}"
VERSION = "Moothall-Sound"
"""Header of a piece: its version."""
MOST_SAMPLES = 480_000
"""30 s, 960 kB."""


class SpooledSound(msgspec.Struct, frozen=True, kw_only=True):
    """The sound of one source."""

    session: SessionId
    source: SourceId
    start: int
    """The first sample that is needed still."""
    safe: int
    """One past the last that is on the disk."""
    version: str


_decoder = msgspec.json.Decoder(tuple[SpooledSound, ...])


def encode(listed: tuple[SpooledSound, ...]) -> bytes:
    """The list."""
    return msgspec.json.encode(listed)


def decode(raw: bytes) -> tuple[SpooledSound, ...]:
    """The list. Raises ProtocolError."""
    try:
        return read(_decoder, raw)
    except Unreadable as error:
        raise ProtocolError("The keeper's list of sound can't be read.") from error
