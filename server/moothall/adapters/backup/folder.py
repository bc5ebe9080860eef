"""The folder of a backup on a disk: objects by their SHA-256, and points by their time.

    FOLDER/moothall-backup      says whose folder it is
    FOLDER/lock                 held by the run that writes
    FOLDER/objects/ab/abc…      objects
    FOLDER/point-20261130T101500Z.json

An object is written under another name and renamed; all are synced together before a restore point names them: by then
the system has written most of them by itself, and the log on the same disk waits for no large sync. A run that ends in
between leaves older restore points as they were, and some objects that the next run sweeps away.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from moothall.adapters.store.files import explained, opened, sync_folder
from moothall.core.backup.restore_point import RestorePoint, Stored, decode_point, encode_point
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable

MARK, LOCK = "moothall-backup", "lock"
PIECE = 1 << 18
"""Bytes that are read and written at a time."""
_POINT = re.compile(r"point-([0-9]{8}T[0-9]{6}Z(?:-[0-9]{1,9})?)\.json\Z")
_NEW = ".new"


class BackupFolder:
    """The `BackupStore` in one folder."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigurationError when the folder is none of a backup."""
        self._folder = folder
        self._objects = folder / "objects"
        self._new: list[Path] = []
        if not (folder / MARK).is_file():
            raise ConfigurationError(f"{folder} is no backup of Moothall: it has no file {MARK}.")

    @classmethod
    def make(cls, folder: Path) -> BackupFolder:
        """The backup in a folder, which is made when it is missing or empty.

        Raises ConfigurationError when it holds something else.
        """
        with explained(f"The backup {folder} can't be made"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (folder / MARK).exists():
                if any(folder.iterdir()):
                    raise ConfigurationError(f"{folder} holds something else than a backup. Name an empty folder.")
                (folder / "objects").mkdir(mode=0o700)
                _write(folder / MARK, b"A backup of Moothall. `moothall backup --verify FOLDER` checks it.\n")
        return cls(folder)

    @contextmanager
    def held(self, *, reading: bool = False) -> Iterator[None]:
        """Be the only one who writes, or one of those who only read. Raises ConfigurationError when another writes."""
        path, how = self._folder / LOCK, fcntl.LOCK_SH if reading else fcntl.LOCK_EX
        if reading and not path.exists():
            yield  # A copy on a medium that nobody can write to.
            return
        with explained(f"The backup {self._folder} can't be {'read' if reading else 'written'}"):
            descriptor = os.open(path, os.O_RDONLY if reading else os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            except OSError as error:
                msg = f"Another backup to {self._folder} is running. Wait for its end, or name another folder."
                raise ConfigurationError(msg) from error
            yield
        finally:
            os.close(descriptor)

    def points(self) -> Mapping[str, RestorePoint]:
        """All restore points, the oldest first (`BackupStore`)."""
        found: dict[str, RestorePoint] = {}
        with _translated():
            for path in sorted(self._folder.iterdir(), key=lambda each: _order(each.name)):
                name = _POINT.match(path.name)
                if name is not None:
                    found[name[1]] = decode_point(path.read_bytes(), name[1])
        return found

    def begin(self) -> NewObject:
        """A new object (`BackupStore`)."""
        with _translated():
            return NewObject(self._objects, self._new)

    def settle(self) -> int:
        """Have the next new object on the disk (`BackupStore`)."""
        if not self._new:
            return 0
        path = self._new.pop()
        with _translated():
            with opened(path, os.O_RDONLY) as file:
                size = os.fstat(file).st_size
                os.fsync(file)
            sync_folder(path.parent)
            if not self._new:
                sync_folder(self._objects)
        return size

    def get(self, stored: Stored) -> bytes:
        """An object's bytes (`BackupStore`)."""
        return b"".join(self.chunks(stored))

    def chunks(self, stored: Stored) -> Iterator[bytes]:
        """An object piece by piece (`BackupStore`)."""
        digest, size = hashlib.sha256(), 0
        try:
            with _place(self._objects, stored.sha256).open("rb") as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
                    size += len(piece)
                    yield piece
        except FileNotFoundError:
            raise RecordBroken(f"The object {stored.sha256} of the backup is missing.") from None
        except OSError as error:
            raise StorageUnavailable(f"The backup can't be read: {error.strerror}.") from error
        if (digest.hexdigest(), size) != (stored.sha256, stored.size):
            raise RecordBroken(f"The object {stored.sha256} of the backup is not what was written.")

    def publish(self, name: str, point: RestorePoint) -> None:
        """Put a restore point there (`BackupStore`)."""
        with _translated():
            _write(self._folder / f"point-{name}.json", encode_point(point))

    def drop(self, name: str) -> None:
        """Take a restore point away (`BackupStore`)."""
        with _translated():
            (self._folder / f"point-{name}.json").unlink(missing_ok=True)
            sync_folder(self._folder)

    def sweep(self, needed: Collection[str]) -> int:
        """Overwrite and take away what nothing needs (`BackupStore`)."""
        swept = 0
        with _translated():
            for path in [*self._folder.glob(f"*{_NEW}"), *self._objects.glob("*"), *self._objects.glob("*/*")]:
                if path.is_file() and path.name not in needed:
                    overwrite(path)
                    swept += 1
        return swept


class NewObject:
    """An object that is being written (`ObjectWriter`)."""

    def __init__(self, objects: Path, new: list[Path]) -> None:
        """`new`: gets the object's path, which is to be synced. Raises OSError."""
        self._objects = objects
        self._new = new
        self._path = objects / f"{os.getpid()}{_NEW}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """More of it (`ObjectWriter`)."""
        with _translated():
            view = memoryview(data)
            while view:
                written = os.write(self._file, view[:PIECE])
                self._digest.update(view[:written])
                self._size += written
                view = view[written:]

    def finish(self) -> Stored:
        """It is whole (`ObjectWriter`)."""
        name = self._digest.hexdigest()
        path = _place(self._objects, name)
        with _translated():
            os.close(self._file)
            if path.exists():
                overwrite(self._path)
            else:
                path.parent.mkdir(mode=0o700, exist_ok=True)
                self._path.replace(path)
                self._new.append(path)
        return Stored(name, self._size)


def overwrite(path: Path) -> None:
    """Put zeros over a file and take it away. Raises OSError."""
    with opened(path, os.O_WRONLY) as file:
        size = os.fstat(file).st_size
        for at in range(0, size, PIECE):
            os.pwrite(file, bytes(min(PIECE, size - at)), at)
        os.fdatasync(file)
    path.unlink()


def write_file(path: Path, data: bytes) -> None:
    """A file for its owner alone, whole or not at all, on the disk when this returns. Raises StorageUnavailable."""
    with _translated():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, data)


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f"{path.name}{_NEW}")
    with opened(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
        os.fsync(file)
    new.replace(path)
    sync_folder(path.parent)


def _place(objects: Path, name: str) -> Path:
    return objects / name[:2] / name


def _order(name: str) -> tuple[str, int]:
    """By time, and the tenth of a second behind its ninth."""
    stem, _, number = name.removesuffix(".json").removeprefix("point-").partition("-")
    return stem, int(number) if number.isdigit() else 0


@contextmanager
def _translated() -> Iterator[None]:
    """Raise StorageUnavailable in place of OSError."""
    try:
        yield
    except OSError as error:
        msg = f"The backup can't be written or read: {error.strerror or type(error).__name__}."
        raise StorageUnavailable(msg) from error
