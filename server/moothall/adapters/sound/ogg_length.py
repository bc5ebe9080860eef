"""How long an Ogg Opus file is, also while it grows or after it was cut: its last whole page says so (RFC 7845)."""

from __future__ import annotations

import struct
from pathlib import Path

TAIL = 1 << 17
"""Bytes at the end that are looked at: more than one page has."""
PER_SAMPLE = 3
"""Opus counts at 48 kHz, we at 16."""
_HEADER = struct.Struct("<4sBBqIIIB")
_UNKNOWN = -1
"""The position of a page on which no packet ends."""


def opus_samples(path: Path) -> int:
    """Samples at 16 kHz that the file holds; 0 when it has none yet. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(256)
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL))
        tail = file.read()
    at = head.find(b"OpusHead")
    if at < 0 or len(head) < at + 12:
        return 0
    skipped = int.from_bytes(head[at + 10 : at + 12], "little")
    position = _last_position(tail)
    return 0 if position is None else max(0, position - skipped) // PER_SAMPLE


def _last_position(tail: bytes) -> int | None:
    """The position of the last whole page."""
    end = len(tail)
    while (begin := tail.rfind(b"OggS", 0, end)) >= 0:
        end = begin
        if len(tail) < begin + _HEADER.size:
            continue
        *_, position, _serial, _number, _check, count = _HEADER.unpack_from(tail, begin)
        table = tail[begin + _HEADER.size : begin + _HEADER.size + count]
        if len(table) == count and len(tail) >= begin + _HEADER.size + count + sum(table) and position > _UNKNOWN:
            return int(position)
    return None
