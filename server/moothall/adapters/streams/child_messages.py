"""Messages between `puller` and the process that decodes a stream for it.

They have a module of their own, since that process loads nothing that it doesn't need.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from moothall.adapters.sound.child_messages import Limits
from moothall.core.streams.watching import StreamFault, StreamProperties


class StreamRequest(Limits, frozen=True, kw_only=True):
    """The request to decode a stream, with its limits. It doesn't contain the address, since every user of the machine
    can read the request (a command-line argument).
    """

    dials: bool = False
    """Whether the process itself connects to a relay on this machine, whose address is the first line of its standard
    input; else its standard input is the stream's bytes.
    """

    @property
    def descriptors(self) -> int:
        """How many descriptors the process may have open: three pipes, and a socket when it connects itself."""
        return 4 if self.dials else 3


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The first sound has been decoded; samples follow."""

    found: StreamProperties


class StreamFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """There is no sound, or decoding stopped."""

    trouble: StreamFault
    number: Annotated[int, msgspec.Meta(ge=0, le=999)] = 0
    """The HTTP status of the server's answer, when `trouble` is STATUS; else 0."""


FetchMessage = Began | StreamFailed
