"""What a recording's folder asks of the process that encodes for it."""

from __future__ import annotations

import msgspec


class EncodeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be made."""

    bitrate: int
    """Bit/s."""
    again: bool = False
    """Whether what comes is a recording, to be made again with silence in it; else it is samples."""
    silent: tuple[tuple[int, int], ...] = ()
    """From which sample up to which, where it is made again."""
