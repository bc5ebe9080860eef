"""Reads the metadata of an ONNX file without its weights: the file is walked, and only the metadata are read.

A library that is given a file of the wrong kind may end the whole process, so this is looked at first. ONNX files are
protocol buffers (`onnx.proto`): `ModelProto` has its graph in field 7 and its metadata, pairs of strings, in field 14.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from moothall.core.kernel.errors import ConfigurationError

METADATA = 14
VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
MOST_BYTES = 1 << 20
"""Most bytes of one pair."""


class _Malformed(Exception):
    """The bytes are no protocol buffer."""


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a model. Raises ConfigurationError when the file is no ONNX file, OSError as reading does."""
    found: dict[str, str] = {}
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            while file.tell() < size:
                field, kind = divmod(_varint(file), 8)
                if kind == BYTES:
                    length = _varint(file)
                    if file.tell() + length > size:
                        raise _Malformed
                    if field == METADATA and length <= MOST_BYTES:
                        key, value = _pair(file.read(length))
                        found[key] = value
                    else:
                        file.seek(length, 1)
                elif kind == VARINT:
                    _varint(file)
                elif kind in (FIXED_64, FIXED_32):
                    file.seek(8 if kind == FIXED_64 else 4, 1)
                else:
                    raise _Malformed
        except (_Malformed, UnicodeDecodeError):
            raise ConfigurationError(f"The file {path} is no ONNX file, or it was cut off. Fetch it again.") from None
    return found


def _varint(file: BinaryIO) -> int:
    number = shift = 0
    while shift < 64:
        byte = file.read(1)
        if not byte:
            raise _Malformed
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return number
        shift += 7
    raise _Malformed


def _pair(data: bytes) -> tuple[str, str]:
    """The key (field 1) and value (field 2) of a `StringStringEntryProto`."""
    parts = {1: b"", 2: b""}
    at = 0
    while at < len(data):
        field, kind = divmod(data[at], 8)
        if kind != BYTES or field not in parts:
            raise _Malformed
        length, at = _varint_in(data, at + 1)
        parts[field] = data[at : at + length]
        at += length
    return parts[1].decode(), parts[2].decode()


def _varint_in(data: bytes, at: int) -> tuple[int, int]:
    """The number at an index, and the index after it."""
    number = shift = 0
    for place in range(at, min(len(data), at + 10)):
        number |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            return number, place + 1
        shift += 7
    raise _Malformed
