"""Opening, reading and writing files on a server's disk, and finding the files of the release."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from moothall.adapters.system import owners
from moothall.core.kernel.errors import ConfigurationError, MoothallError

ZEROS = 1 << 18
"""Bytes that are overwritten at a time."""


@contextmanager
def explained(what: str, advice: str = "", *, kind: type[MoothallError] = ConfigurationError) -> Iterator[None]:
    """Raise an error of this kind in place of OSError; its sentence has `what` (failed), the system's reason, and the
    `advice`, or for another user's file what to do about that.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise kind(f"{what}: {reason}. {owners.advice(error) or advice}".rstrip()) from error


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file. Raises ConfigurationError."""
    with explained(f"{path} can't be read"):
        raw = path.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} can't be read: it is not UTF-8 text.") from error


def shipped(name: str) -> Path | None:
    """Return the path of a file or folder of the release, in the checkout or in the installed package; None when it is
    missing.
    """
    package = Path(__file__).resolve().parents[2]
    return next((there for root in (package.parents[1], package) if (there := root / name).exists()), None)


@contextmanager
def opened(path: Path, flags: int, mode: int = 0o600) -> Iterator[int]:
    """Open a file; yield its descriptor, and close it at the end. Raises OSError."""
    descriptor = os.open(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_zeros(file: int, at: int, end: int) -> None:
    """Overwrite the bytes of an open file from `at` up to `end` with zeros; durable when it returns.

    That leaves nothing of the former content on most file systems. Raises OSError.
    """
    while at < end:
        at += os.pwrite(file, bytes(min(ZEROS, end - at)), at)
    os.fdatasync(file)


def overwrite(path: Path) -> None:
    """Overwrite a file with zeros and delete it. Raises OSError."""
    with opened(path, os.O_WRONLY) as file:
        write_zeros(file, 0, os.fstat(file).st_size)
    path.unlink()


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, and the missing ones above it likewise. Raises OSError."""
    if not path.parent.exists():
        make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    with opened(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def write_all(file: int, data: bytes) -> None:
    """Write all of `data`: a disk that fills up accepts a part, and refuses the next. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def write_new(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read: whole or not at all. Does nothing when the file exists.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with opened(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
            write_all(file, data)
            os.fsync(file)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
