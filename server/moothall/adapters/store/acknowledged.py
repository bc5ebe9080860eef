"""How far each session's log was acknowledged, beside the log: so that a log that lost its end is known for one.

A database whose write-ahead log is damaged opens without what only that one held, and says nothing. What is kept here
is never ahead of what the log had on its disk: it is written after that. It isn't synced: after a power cut it may be
behind, and then less of a loss is seen, and none that wasn't (docs/adr/0026-a-log-that-lost-its-end.md).
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import msgspec

from moothall.adapters.store.files import explained

SUFFIX = ".acknowledged"
"""Of the file's name, in place of the log's own."""
_SLOT = struct.Struct("<QII")
"""Offset, how often the log lost its end, and a checksum over both, the session's number and its epoch."""


class KnownLog(msgspec.Struct, frozen=True):
    """What is known of a log."""

    offset: int = 0
    """The last event that was acknowledged; 0 where nothing is known."""
    lost: int = 0
    """How often its end was found to be missing; a restore sets it to its own second (Unix), which is more."""


class Acknowledged:
    """The file. Used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make it. Raises ConfigurationError."""
        with explained(f"The file {path} can't be opened for writing"):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)

    def read(self, number: int, epoch: str) -> KnownLog:
        """Of the session with this number in the log; nothing where its slot is empty, damaged or of another log."""
        try:
            slot = os.pread(self._file, _SLOT.size, number * _SLOT.size)
        except OSError:
            return KnownLog()
        if len(slot) < _SLOT.size:
            return KnownLog()
        offset, lost, checksum = _SLOT.unpack(slot)
        return KnownLog(offset, lost) if checksum == _checksum(number, epoch, offset, lost) else KnownLog()

    def write(self, number: int, epoch: str, known: KnownLog) -> None:
        """What is known from now on. A disk that refuses keeps what it had."""
        checksum = _checksum(number, epoch, known.offset, known.lost)
        with suppress(OSError):
            os.pwrite(self._file, _SLOT.pack(known.offset, known.lost, checksum), number * _SLOT.size)


def _checksum(number: int, epoch: str, offset: int, lost: int) -> int:
    return zlib.crc32(f"{number} {epoch} {offset} {lost}".encode())
