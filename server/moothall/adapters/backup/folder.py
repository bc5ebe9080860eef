"""A backup's folder on a disk: objects named by their SHA-256, and restore points named by their time.

    FOLDER/moothall-backup      marks the folder as a backup
    FOLDER/lock                 locked by the run that writes
    FOLDER/objects/ab/abc…      objects
    FOLDER/point-20261130T101500Z.json

An object is written under a temporary name and renamed. All objects are synced together just before a restore point
names them: by then the system has written most of them already, so the log on the same disk doesn't wait for a large
sync. A run that is interrupted leaves the older restore points as they were, and some objects that the next run
deletes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from moothall.adapters.store.files import explained, make_folder, opened, overwrite, sync_folder
from moothall.core.backup.restore_point import RestorePoint, Stored, decode_point, encode_point
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable

MARK, LOCK = "moothall-backup", "lock"
PIECE = 1 << 18
"""Bytes of one read or write."""
_MOST_DIGITS = 9
_POINT = re.compile(rf"point-([0-9]{{8}}T[0-9]{{6}}Z(?:-[0-9]{{1,{_MOST_DIGITS}}})?)\.json\Z")
_NEW = ".new"


class BackupFolder:
    """The `BackupStore` in one folder."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigurationError when the folder is not a backup."""
        self._folder = folder
        self._objects = folder / "objects"
        self._new: list[Path] = []
        if not (folder / MARK).is_file():
            raise ConfigurationError(f"{folder} is no backup of Moothall: it has no file {MARK}.")

    @classmethod
    def make(cls, folder: Path) -> BackupFolder:
        """Open the backup in a folder; make the folder a backup when it is missing or empty.

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
        """Hold the folder's lock: exclusively, or shared when `reading`. Raises ConfigurationError when another run
        holds it.
        """
        path, how = self._folder / LOCK, fcntl.LOCK_SH if reading else fcntl.LOCK_EX
        if reading and not path.exists():
            yield  # A copy on a read-only medium has no lock.
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
        """All restore points by name, oldest first (`BackupStore`)."""
        found: dict[str, RestorePoint] = {}
        with _explained():
            names = [point[1] for path in self._folder.iterdir() if (point := _POINT.match(path.name)) is not None]
            for name in sorted(names, key=_order):
                found[name] = decode_point(self._point(name).read_bytes(), name)
        return found

    def has(self, stored: Stored) -> bool:
        """Whether an object is there with its size (`BackupStore`)."""
        with _explained():
            return _size(_object_path(self._objects, stored.sha256)) == stored.size

    def begin(self) -> NewObject:
        """Start writing an object (`BackupStore`)."""
        with _explained():
            return NewObject(self._objects, self._new)

    def settle(self) -> int:
        """Sync one new object to the disk and return its size in bytes; 0 when none is left (`BackupStore`)."""
        if not self._new:
            return 0
        path = self._new.pop()
        with _explained():
            with opened(path, os.O_RDONLY) as file:
                size = os.fstat(file).st_size
                os.fsync(file)
            sync_folder(path.parent)
            if not self._new:
                sync_folder(self._objects)
        return size

    def get(self, stored: Stored) -> bytes:
        """The bytes of an object (`BackupStore`)."""
        return b"".join(self.chunks(stored))

    def chunks(self, stored: Stored) -> Iterator[bytes]:
        """The bytes of an object in pieces (`BackupStore`). Raises RecordBroken for a missing object, and after the
        last piece where they don't match the digest.
        """
        digest, size = hashlib.sha256(), 0
        try:
            with _object_path(self._objects, stored.sha256).open("rb") as file:
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
        """Store a restore point (`BackupStore`)."""
        with _explained():
            _write(self._point(name), encode_point(point))

    def drop(self, name: str) -> None:
        """Delete a restore point (`BackupStore`)."""
        with _explained():
            self._point(name).unlink(missing_ok=True)
            sync_folder(self._folder)

    def sweep(self, needed: Collection[str]) -> int:
        """Overwrite and delete the objects that aren't `needed`; return their number (`BackupStore`)."""
        swept = 0
        with _explained():
            for path in [*self._folder.glob(f"*{_NEW}"), *self._objects.glob("*"), *self._objects.glob("*/*")]:
                if path.is_file() and path.name not in needed:
                    overwrite(path)
                    swept += 1
        return swept

    def _point(self, name: str) -> Path:
        return self._folder / f"point-{name}.json"


class NewObject:
    """An object that is being written (`ObjectWriter`)."""

    def __init__(self, objects: Path, new: list[Path]) -> None:
        """`new`: the list to which `finish` adds the object's path, for syncing. Raises OSError."""
        self._objects = objects
        self._new = new
        self._path = objects / f"{os.getpid()}{_NEW}"
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Append bytes (`ObjectWriter`)."""
        with _explained():
            view = memoryview(data)
            while view:
                written = os.write(self._file, view[:PIECE])
                self._digest.update(view[:written])
                self._size += written
                view = view[written:]

    def finish(self) -> Stored:
        """Complete the object and return its name and size (`ObjectWriter`). It replaces one of another size, which is
        damaged.
        """
        name = self._digest.hexdigest()
        path = _object_path(self._objects, name)
        with _explained():
            os.close(self._file)
            there = _size(path)
            if there == self._size:
                overwrite(self._path)
            else:
                if there is not None:
                    overwrite(path)
                path.parent.mkdir(mode=0o700, exist_ok=True)
                self._path.replace(path)
                self._new.append(path)
        return Stored(name, self._size)


def write_file(path: Path, data: bytes) -> None:
    """Write a file atomically, readable by its owner only; durable when it returns. Raises StorageUnavailable."""
    with _explained():
        make_folder(path.parent)
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


def _object_path(objects: Path, name: str) -> Path:
    return objects / name[:2] / name


def _size(path: Path) -> int | None:
    """A file's size in bytes; None where it is missing."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _order(name: str) -> tuple[str, int]:
    """The sort key of a restore point's name: its time, then its number, so that -10 comes after -9."""
    time, _, number = name.partition("-")
    return time, number_in(number, _MOST_DIGITS) or 0


def _explained() -> AbstractContextManager[None]:
    return explained("The backup can't be written or read", kind=StorageUnavailable)
