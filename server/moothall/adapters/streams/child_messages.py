"""What goes between `puller` and the process that decodes a stream for it.

Apart from both, since that process loads nothing that it doesn't need.
"""

from __future__ import annotations

import msgspec

from moothall.adapters.sound.child_messages import Limits
from moothall.core.streams.watching import Found, Trouble


class StreamRequest(Limits, frozen=True, kw_only=True):
    """How a stream is decoded, and the limits. Its address isn't in here: everybody on the machine can read it."""

    dials: bool = False
    """Whether the process connects itself, to a relay on this machine whose address comes as the first line of its
    standard input; else the stream's bytes come there."""

    @property
    def descriptors(self) -> int:
        """How many the process may have open: its three pipes, and a socket where it connects itself."""
        return 4 if self.dials else 3


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The first sound has been decoded; samples follow."""

    found: Found


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """There is no sound, or no more of it."""

    trouble: Trouble
    number: int = 0
    """With STATUS what the server answered."""


Message = Began | Failed
