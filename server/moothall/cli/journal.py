"""The journal of a transcription: what a recogniser has heard of a recording so far, in a file beside the future text.

The first line says which recording it is of and how it is recognised. Each further line is a piece, which is on the
disk before the next one is asked for. An incomplete last line is ignored. The journal is deleted once the text is
written.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Self

import msgspec

from moothall.adapters.store.files import explained
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.transcribing import HeardPiece, TranscriptionRequest

FORMAT = 1
_ENDS = 1 << 20
"""The number of bytes at each end of a recording that are hashed, to tell it from another of the same size."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal is about. A journal with another head is begun anew."""

    journal: int = FORMAT
    size: int
    """The size of the recording in bytes."""
    sha256: str
    """The digest of its first and last megabyte."""
    model: str
    languages: tuple[str, ...]
    beam: int


def head_of(path: Path, order: TranscriptionRequest) -> Head:
    """Make the head for a recording and an order. Raises ConfigurationError when the recording cannot be read."""
    digest = hashlib.sha256()
    with explained(f"{path} can't be read"), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest.update(file.read(_ENDS))
        file.seek(max(0, size - _ENDS))
        digest.update(file.read(_ENDS))
    heard = digest.hexdigest()
    return Head(size=size, sha256=heard, model=order.model, languages=order.languages, beam=order.beam)


class Journal:
    """A journal that only this process holds. As a context manager it closes the file at the end, and keeps it."""

    def __init__(self, path: Path, head: Head) -> None:
        """Open the journal, and begin it anew unless it has this head.

        Raises ConfigurationError when another process has it or the folder refuses.
        """
        self._path = path
        with explained(f"{path} can't be written", "Name another folder with --out."):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise ConfigurationError(f"Another command is at work on {path}. Wait for it, or stop it.") from error
        self.heard = self._read(head)
        """The pieces that it held when it was opened, in order."""
        self._holds = bool(self.heard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and not self._holds:  # A later run would have nothing to continue from.
            self.remove()
        os.close(self._file)

    def add(self, piece: HeardPiece) -> None:
        """Store a piece. Raises ConfigurationError when the disk refuses."""
        with explained(f"{self._path} can't be written", "Make room, and give the same command again."):
            self._write(msgspec.json.encode(piece))
            self._holds = True

    def remove(self) -> None:
        """Delete the journal, since the text is written."""
        self._path.unlink(missing_ok=True)

    def _read(self, head: Head) -> tuple[HeardPiece, ...]:
        with self._path.open("rb") as file:
            lines = file.read().split(b"\n")[:-1]  # the bytes after the last line break are an incomplete line
        heard: list[HeardPiece] = []
        good = 0
        try:
            if lines and read_json(lines[0], Head) == head:
                good = len(lines[0]) + 1
                for line in lines[1:]:
                    heard.append(read_json(line, HeardPiece))
                    good += len(line) + 1
        except Unreadable:
            pass  # after a crash of the machine, anything may follow the part that was on the disk
        os.ftruncate(self._file, good)
        os.lseek(self._file, good, os.SEEK_SET)
        if not good:
            self._write(msgspec.json.encode(head))
        return tuple(heard)

    def _write(self, line: bytes) -> None:
        data = line + b"\n"
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)


def write_whole(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file completely or not at all. Raises ConfigurationError when the folder refuses.

    `mode` is the file's mode before the process's umask is applied.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(file, "wb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        msg = f"{path} can't be written: {error.strerror}. Name another folder with --out."
        raise ConfigurationError(msg) from error
