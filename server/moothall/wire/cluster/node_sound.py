"""How a node that stands by copies sound from the keeper that is not recognised yet and that no sender keeps any more.

GET `SOUND_PATH` answers with a JSON list of such sound. GET `PIECE_PATH` with `?first=` answers with samples of one
source from the keeper's disk, at most `MOST_SAMPLES`; spans that are not recorded are silence. Both are for nodes
alone. A `version` identifies which spans the disk has replaced by silence; a copy made under another version is
discarded.
"""

from __future__ import annotations

import msgspec

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import SessionId, SourceId

SOUND_PATH = "/node/sound"
PIECE_PATH = "/node/sound/{session}/{source}"
VERSION = "Moothall-Sound"
"""Header of a piece: the `version` of the sound."""
MOST_SAMPLES = 480_000
"""Most samples of a piece: 30 s, 960 kB."""


class SpooledSound(msgspec.Struct, frozen=True, kw_only=True):
    """The sound of one source in the keeper's spool. Sample numbers count from the source's first sample."""

    session: SessionId
    source: SourceId
    start: int
    """The first sample that is still needed."""
    safe: int
    """One past the last sample that is on the disk."""
    version: str
    """Identifies which spans have been replaced by silence (see the module)."""


_decoder = msgspec.json.Decoder(tuple[SpooledSound, ...])


def encode(listed: tuple[SpooledSound, ...]) -> bytes:
    """The JSON list that `SOUND_PATH` answers with."""
    return msgspec.json.encode(listed)


def decode(raw: bytes) -> tuple[SpooledSound, ...]:
    """Decode what `encode` has made. Raises ProtocolError."""
    try:
        return read(_decoder, raw)
    except Unreadable as error:
        raise ProtocolError("The keeper's list of sound can't be read.") from error
