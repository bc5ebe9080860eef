"""Files on the disk of a server: how they are opened and read, and what the release brings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError


@contextmanager
def explained(what: str, advice: str = "") -> Iterator[None]:
    """Raise ConfigurationError in place of OSError: `what` failed, the system's reason, and the `advice`."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{what}: {error.strerror}. {advice}".rstrip()) from error


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises ConfigurationError."""
    with explained(f"{path} can't be read"):
        raw = path.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} can't be read: it is not UTF-8 text.") from error


def shipped(name: str) -> Path | None:
    """A file or folder that comes with the release: in the checkout, or inside the installed package."""
    package = Path(__file__).resolve().parents[2]
    return next((there for root in (package.parents[1], package) if (there := root / name).exists()), None)


@contextmanager
def opened(path: Path, flags: int, mode: int = 0o600) -> Iterator[int]:
    """A file's descriptor, closed at the end. Raises OSError."""
    descriptor = os.open(path, flags, mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. Raises OSError."""
    with opened(folder, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


def write_all(file: int, data: bytes) -> None:
    """Write all of `data`: a disk that fills up takes a part, and refuses the next. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def write_new(path: Path, data: bytes) -> None:
    """Write a file for its owner alone where there is none: whole or not at all, and never over another.

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
