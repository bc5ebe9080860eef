"""What goes between `puller` and the process that decodes a stream for it."""

from __future__ import annotations

import msgspec

from moothall.adapters.sound.audio_mixing import RATE
from moothall.core.streams.watching import Found, Trouble


class StreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Within which limits a stream is decoded. Its address isn't in here: everybody on the machine can read it."""

    dials: bool = False
    """Whether the process connects itself, to a relay on this machine whose address comes as the first line of its
    standard input; else the stream's bytes come there."""
    memory: int = 1 << 30
    """Bytes of address space."""
    cpu_seconds: int = 30
    """CPU time granted before anything has been decoded."""
    cpu_per_second: float = 1.0
    """CPU seconds granted for each decoded second of sound."""

    def cpu_for(self, samples: int) -> int:
        """CPU seconds granted when `samples` have been decoded."""
        return self.cpu_seconds + int(samples / RATE * self.cpu_per_second)


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The first sound has been decoded; samples follow."""

    found: Found


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """There is no sound, or no more of it."""

    trouble: Trouble


Message = Began | Failed
