"""Finds out whether an audio file was cut off, which FFmpeg does not report: it plays what is there.

RIFF: the length in bytes 4-7. Ogg: RFC 3533, the last page carries the flag "end of stream". MP3: only a Xing, Info or
VBRI header in the first frame states the length; without it FFmpeg's duration is a guess from the bit rate.
"""

from __future__ import annotations

import os
from typing import BinaryIO

_TAIL = 1 << 17  # bytes; at most two Ogg pages
_RIFF_UNKNOWN = (0, 0xFFFFFFFF)
_ESTIMATED = frozenset({"aac", "ac3", "eac3", "amr", "dts", "loas", "mpeg", "mpegts"})
"""Formats that don't state their length: FFmpeg estimates it."""


def is_cut_off(file: BinaryIO, format_name: str) -> bool:
    """Whether the file's own bytes show that its end is missing. Moves the file's position."""
    if format_name == "wav":
        return _riff_is_cut_off(file)
    if format_name == "ogg":
        return _ogg_is_cut_off(file)
    return False


def states_duration(file: BinaryIO, format_name: str) -> bool:
    """Whether the file itself states the duration that FFmpeg gives. Moves the file's position."""
    return _mp3_states_length(file) if format_name == "mp3" else format_name not in _ESTIMATED


def _riff_is_cut_off(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(8)
    stated = int.from_bytes(head[4:8], "little")
    return head[:4] == b"RIFF" and stated not in _RIFF_UNKNOWN and stated + 8 > _size(file)


def _ogg_is_cut_off(file: BinaryIO) -> bool:
    size = _size(file)
    file.seek(max(size - _TAIL, 0))
    tail = file.read(_TAIL)
    page = tail.rfind(b"OggS")
    header = tail[page : page + 27]
    if page < 0 or len(header) < 27:
        return True
    lengths = tail[page + 27 : page + 27 + header[26]]
    whole = len(lengths) == header[26] and page + 27 + len(lengths) + sum(lengths) <= len(tail)
    return not whole or not header[5] & 4


def _mp3_states_length(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:
        start = 10 + sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(start)
    frame = file.read(2048)
    return any(tag in frame for tag in (b"Xing", b"Info", b"VBRI"))


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)
