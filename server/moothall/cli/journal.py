"""What a recogniser has heard of a recording so far, in a file beside the text that it will become.

The first line says of what and with what; each further one is a piece, on the disk before the next is asked for. A torn
last line counts for nothing. When the text is written the journal goes.
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
"""Bytes at both ends of a recording that tell it from another of the same size."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal is of: one with another head is begun anew."""

    journal: int = FORMAT
    size: int
    """Bytes of the recording."""
    sha256: str
    """Of its first and last megabyte."""
    model: str
    languages: tuple[str, ...]
    beam: int


def head_of(path: Path, order: TranscriptionRequest) -> Head:
    """The head for a recording that is recognised so; raises ConfigurationError when it can't be read."""
    digest = hashlib.sha256()
    with explained(f"{path} can't be read"), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        digest.update(file.read(_ENDS))
        file.seek(max(0, size - _ENDS))
        digest.update(file.read(_ENDS))
    heard = digest.hexdigest()
    return Head(size=size, sha256=heard, model=order.model, languages=order.languages, beam=order.beam)


class Journal:
    """A journal that is held by this process alone. Used as a context manager, which closes the file and leaves it."""

    def __init__(self, path: Path, head: Head) -> None:
        """Open it, and begin it anew unless it has this head.

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
        """What it held, in order."""
        self._holds = bool(self.heard)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None and not self._holds:  # Nothing that a later run could go on from.
            self.remove()
        os.close(self._file)

    def add(self, piece: HeardPiece) -> None:
        """Keep a piece. Raises ConfigurationError when the disk refuses."""
        with explained(f"{self._path} can't be written", "Make room, and give the same command again."):
            self._write(msgspec.json.encode(piece))
            self._holds = True

    def remove(self) -> None:
        """The text is written."""
        self._path.unlink(missing_ok=True)

    def _read(self, head: Head) -> tuple[HeardPiece, ...]:
        with self._path.open("rb") as file:
            lines = file.read().split(b"\n")[:-1]  # the bytes after the last line break are a torn line
        heard: list[HeardPiece] = []
        good = 0
        try:
            if lines and read_json(lines[0], Head) == head:
                good = len(lines[0]) + 1
                for line in lines[1:]:
                    heard.append(read_json(line, HeardPiece))
                    good += len(line) + 1
        except Unreadable:
            pass  # a crash of the machine may leave anything behind what was on the disk
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
    """Put a file in place, all of it or nothing of it. Raises ConfigurationError when the folder refuses.

    `mode` is what the process's umask leaves of it.
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
