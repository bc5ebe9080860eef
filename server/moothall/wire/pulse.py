"""The pulse of an engine or of translators: MessagePack messages at `/pulse` of the engines' address.

A dedicated thread of the process sends a pulse each second over a separate WebSocket, beginning before models are
loaded. So pulses continue while the rest of the process computes, waits or hangs, and they say which of these it does.
The server evaluates them (`moothall.services.supervision.engine_watch`) and sends nothing back.
"""

from __future__ import annotations

import msgspec

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError

PATH = "/pulse"
EVERY_MS = 1_000
"""Interval between two pulses, ms."""
MOST_LIFE = 64
"""Most characters of the name of a run."""
GIVEN_UP = 4_000
"""WebSocket close code for the link of a process that makes no progress: the process should end and be restarted."""
TIMES = 10
"""A pass counts as hanging when it takes this many times as long as such passes usually take on that machine."""


class ProcessPulse(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a process. Counters begin at 0 and only grow."""

    life: str
    """The name of this run of the program, the same as in its hello."""
    working: bool
    """Whether its models are loaded."""
    loaded: int = 0
    """Progress of loading, in no particular unit: grows with what the process reads and computes. 0 once it works."""
    passes: int = 0
    """Passes of the recogniser, or translated texts, that it has finished."""
    samples: int = 0
    """Samples of sound that it has taken in."""
    waiting: bool = False
    """Whether sound waits to be taken in, or a pass waits to be run."""
    busy_ms: int = 0
    """How long the most overdue of the running passes has been running, ms; 0 when none is running."""
    usual_ms: int = 0
    """How long such a pass usually takes on that machine, as measured so far, ms."""
    limit_ms: int = 0
    """Time limit after which that pass ends by itself, when another service computes it, ms; 0: it has no limit."""
    loop_ms: int = 0
    """How long the process's event loop has not responded, ms."""
    attachments: tuple[int, ...] = ()
    """The numbers of the attachments whose passes are running."""


_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[ProcessPulse] = msgspec.msgpack.Decoder(ProcessPulse)


def encode(pulse: ProcessPulse) -> bytes:
    """The frame of a pulse, as MessagePack."""
    return _encoder.encode(pulse)


def decode(frame: bytes) -> ProcessPulse:
    """Decode and check a frame; raises ProtocolError."""
    try:
        pulse = read(_decoder, frame)
    except Unreadable as error:
        raise ProtocolError(f"A pulse of {len(frame)} bytes can't be read.") from error
    if not 0 < len(pulse.life) <= MOST_LIFE:
        raise ProtocolError(f"A pulse has to name its life, in 1 to {MOST_LIFE} characters.")
    return pulse
