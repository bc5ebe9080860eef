"""Records, beside the log, up to which offset each session's log was acknowledged, so that a log that lost its end is
recognised.

A database whose write-ahead log is damaged opens without the events that only the WAL held, and reports nothing. The
offsets in this file are never ahead of what the log had on its disk, since they are written afterwards. The file isn't
synced: after a power cut it may be behind, and then a smaller loss is seen than there was, but never a loss that didn't
happen (docs/adr/0026-a-log-that-lost-its-end.md).
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
"""The suffix of the file's name, in place of the log's suffix."""
_SLOT = struct.Struct("<QII")
"""A slot: the offset, how often the log lost its end, and a checksum over both, the session's number and its epoch."""


class KnownLog(msgspec.Struct, frozen=True):
    """What is recorded of a log."""

    offset: int = 0
    """The offset of the last event that was acknowledged; 0 when nothing is recorded."""
    lost: int = 0
    """How often the log's end was found to be missing; a restore sets it to the second of the restore (Unix), which is
    larger.
    """


class AcknowledgedFile:
    """The file, with a slot for each session. To be used from one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file or make it. Raises ConfigurationError."""
        with explained(f"The file {path} can't be opened for writing"):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def read(self, number: int, epoch: str) -> KnownLog:
        """Return what is recorded of the session with this number in the log; an empty record when its slot is empty,
        damaged or of another log.
        """
        try:
            slot = os.pread(self._file, _SLOT.size, number * _SLOT.size)
        except OSError:
            return KnownLog()
        if len(slot) < _SLOT.size:
            return KnownLog()
        offset, lost, checksum = _SLOT.unpack(slot)
        return KnownLog(offset, lost) if checksum == _checksum(number, epoch, offset, lost) else KnownLog()

    def write(self, number: int, epoch: str, known: KnownLog) -> None:
        """Store the record of a session. When the disk refuses, the former record stays."""
        checksum = _checksum(number, epoch, known.offset, known.lost)
        with suppress(OSError):
            os.pwrite(self._file, _SLOT.pack(known.offset, known.lost, checksum), number * _SLOT.size)


def _checksum(number: int, epoch: str, offset: int, lost: int) -> int:
    return zlib.crc32(f"{number} {epoch} {offset} {lost}".encode())
