"""Ports of a backup: the data folder that is backed up, and the folder that holds the backup.

All calls block. `moothall backup` is a process of its own, in which nothing else waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from moothall.core.backup.removed import AnyLine
from moothall.core.backup.restore_point import FileStamp, PartKey, RestorePoint, SoundPart, Stored
from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import BookEntry, LogHead


class LiveLog(Protocol):
    """A log to which a server may be writing. Each call reads one consistent state of it, and holds no lock afterwards.

    Every method may raise StorageUnavailable and RecordBroken.
    """

    def sessions(self) -> Sequence[SessionId]:
        """Ids of all sessions with a log."""
        ...

    def head(self, session: SessionId) -> LogHead | None:
        """The head of a session's log; None where it has none."""
        ...

    def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        """At most `limit` records after an offset, in order."""
        ...


class LiveSound(Protocol):
    """Recordings that may be growing. Every method may raise StorageUnavailable."""

    def parts(self) -> Sequence[PartKey]:
        """All files."""
        ...

    def chunks(self, part: PartKey) -> Iterator[bytes]:
        """A file's present bytes, in chunks; none where it is gone or is just being rewritten."""
        ...

    def stamp(self, part: PartKey) -> FileStamp | None:
        """A file's present stamp; None where it is gone."""
        ...


class LiveData(Protocol):
    """A data folder of which a restore point is made."""

    @property
    def log(self) -> LiveLog:
        """The folder's logs."""
        ...

    @property
    def sound(self) -> LiveSound:
        """The folder's recordings."""
        ...

    def book(self) -> Sequence[BookEntry]:
        """All entries of the book, from one consistent state of it, in order. Raises StorageUnavailable."""
        ...

    def settings(self) -> Mapping[str, bytes]:
        """The contents of the settings files, by the names under which they are restored."""
        ...

    def removals(self) -> tuple[AnyLine, ...]:
        """The present list of removals: the folder's own, merged with the copy that is kept apart."""
        ...

    def keep_removals(self, lines: Iterable[AnyLine]) -> None:
        """Add these lines to the copy that is kept apart from backups; durable when it returns."""
        ...


class ObjectWriter(Protocol):
    """An object that is being written. Every method may raise StorageUnavailable."""

    def write(self, data: bytes) -> None:
        """Append bytes to the object."""
        ...

    def finish(self) -> Stored:
        """Finish the object and return its description. An object that is stored already is not stored twice."""
        ...


class BackupStore(Protocol):
    """The folder of a backup. Errors of its disk are raised as StorageUnavailable, damage as RecordBroken."""

    def points(self) -> Mapping[str, RestorePoint]:
        """All restore points by their names, the oldest first. Raises ConfigurationError for one that is damaged."""
        ...

    def has(self, stored: Stored) -> bool:
        """Whether an object is there with its size; its bytes are not read."""
        ...

    def begin(self) -> ObjectWriter:
        """Begin a new object."""
        ...

    def get(self, stored: Stored) -> bytes:
        """An object's bytes, checked against their digest."""
        ...

    def chunks(self, stored: Stored) -> Iterator[bytes]:
        """An object's bytes in chunks; their digest is checked after the last one."""
        ...

    def settle(self) -> int:
        """Sync the next new object to the disk; return its size in bytes, 0 when all are synced."""
        ...

    def publish(self, name: str, point: RestorePoint) -> None:
        """Write a restore point atomically, in place of one with the same name."""
        ...

    def drop(self, name: str) -> None:
        """Delete a restore point."""
        ...

    def sweep(self, needed: Collection[str]) -> int:
        """Overwrite and delete all objects except those with these names; return their number."""
        ...


class RestoredSound(Protocol):
    """The recordings of the folder that is restored. Every method may raise StorageUnavailable."""

    def write(self, part: SoundPart, chunks: Iterable[bytes]) -> None:
        """Write a file from the chunks of its backup."""
        ...

    async def silence(self, part: SoundPart, spans: Sequence[tuple[int, int]]) -> bool:
        """Silence these spans (samples of the source) in a file that was written; return whether that could be done."""
        ...

    def remove(self, part: SoundPart) -> None:
        """Overwrite and delete a file that was written."""
        ...
