"""The pulse of an engine or of translators: MessagePack messages at `/pulse` of the engines' address.

A thread of its own in their process sends one each second over a WebSocket of its own, from before anything is loaded:
so it comes while everything else there computes, waits or hangs, and says which of these it is. The server judges it
(`moothall.services.supervision.engine_watch`). Nothing is sent the other way.
"""

from __future__ import annotations

import msgspec

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError

PATH = "/pulse"
EVERY_MS = 1_000
"""Between two pulses."""
MOST_LIFE = 64
"""Characters of a life's name."""
GIVEN_UP = 4_000
"""With this code the server closes the link of a process that makes no progress: it should end and be started again."""
TIMES = 10
"""A pass is given up when it takes so many times as long as such a pass takes on that machine."""


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """How a process is. Counts begin at 0 and grow."""

    life: str
    """Names this run of the program; its hello says the same."""
    working: bool
    """False while it loads what it works with."""
    loaded: int = 0
    """While it loads: grows with what it has read and computed."""
    passes: int = 0
    """Passes, or texts, that it has finished."""
    samples: int = 0
    """Samples of sound that it has taken in."""
    waiting: bool = False
    """Whether there is sound that it has not taken in, or a pass that is wanted."""
    busy_ms: int = 0
    """How long a pass has been under way: of all that are, the one that is most overdue. 0: none is."""
    usual_ms: int = 0
    """How long such a pass takes on that machine, as far as it has measured."""
    limit_ms: int = 0
    """Within which such a pass ends by itself, where somebody else computes it; 0: nobody ends it."""
    loop_ms: int = 0
    """For how long its event loop has not taken a turn."""
    attachments: tuple[int, ...] = ()
    """The numbers of the attachments whose passes are under way."""


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Pulse] = msgspec.msgpack.Decoder(Pulse)


def encode(pulse: Pulse) -> bytes:
    """One frame."""
    return _encoder.encode(pulse)


def decode(frame: bytes) -> Pulse:
    """Read a frame; raises ProtocolError."""
    try:
        pulse = read(_decoder, frame)
    except Unreadable as error:
        raise ProtocolError(f"A pulse of {len(frame)} bytes is none.") from error
    if not 0 < len(pulse.life) <= MOST_LIFE:
        raise ProtocolError(f"A pulse has to name its life, in 1 to {MOST_LIFE} characters.")
    return pulse
