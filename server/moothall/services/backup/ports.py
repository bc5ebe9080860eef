"""What a backup asks of the outside: the data folder that it is taken of, and the folder that it is put into.

All of it blocks. `moothall backup` is a process of its own, in which nothing else waits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from moothall.core.backup.removed import AnyLine
from moothall.core.backup.restore_point import RestorePoint, SoundPart, Stored
from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import BookEntry, LogHead


class LiveLog(Protocol):
    """A log that a server may be writing to. Each call reads one state of it, and holds nothing afterwards.

    Every method may raise StorageUnavailable and RecordBroken.
    """

    def sessions(self) -> Sequence[SessionId]:
        """All sessions."""
        ...

    def head(self, session: SessionId) -> LogHead | None:
        """Where a session's log stands."""
        ...

    def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        """Records after an offset, in order."""
        ...


class LiveSound(Protocol):
    """Recordings that may be growing. Raises StorageUnavailable."""

    def parts(self) -> Sequence[tuple[SessionId, SourceId, int]]:
        """All files there are: session, source, first sample."""
        ...

    def chunks(self, part: tuple[SessionId, SourceId, int]) -> Iterator[bytes]:
        """A file's bytes as it is now; nothing where it is gone or is just being made again."""
        ...

    def written(self, part: tuple[SessionId, SourceId, int]) -> int:
        """When it last grew, Unix ms; 0 where it is gone."""
        ...


class LiveData(Protocol):
    """A data folder of which a restore point is made."""

    @property
    def log(self) -> LiveLog:
        """Its logs."""
        ...

    @property
    def sound(self) -> LiveSound:
        """Its recordings."""
        ...

    def book(self) -> Sequence[BookEntry]:
        """All entries of the book, in one state of it, in order. Raises StorageUnavailable."""
        ...

    def settings(self) -> Mapping[str, bytes]:
        """The files of the settings, by the names under which they are restored."""
        ...

    def removals(self) -> tuple[AnyLine, ...]:
        """The list of removals as it is now: the folder's own, and with it the copy that is kept apart."""
        ...

    def keep_removals(self, lines: Iterable[AnyLine]) -> None:
        """Add these to the copy that is kept apart; durable when it returns."""
        ...


class ObjectWriter(Protocol):
    """An object that is being written. Raises StorageUnavailable."""

    def write(self, data: bytes) -> None:
        """More of it."""
        ...

    def finish(self) -> Stored:
        """It is whole. One that is there already is not kept twice."""
        ...


class BackupStore(Protocol):
    """The folder of a backup. Errors of its disk are raised as StorageUnavailable, damage as RecordBroken."""

    def points(self) -> Mapping[str, RestorePoint]:
        """All restore points by their names, the oldest first. Raises ConfigurationError for one that is damaged."""
        ...

    def begin(self) -> ObjectWriter:
        """A new object."""
        ...

    def get(self, stored: Stored) -> bytes:
        """An object's bytes, which are checked."""
        ...

    def chunks(self, stored: Stored) -> Iterator[bytes]:
        """The same piece by piece; after the last one it is known whether they were right."""
        ...

    def settle(self) -> int:
        """Have the next new object on the disk for good; returns its size, 0 when all are."""
        ...

    def publish(self, name: str, point: RestorePoint) -> None:
        """Put a restore point there, whole or not at all, in place of one of the same name."""
        ...

    def drop(self, name: str) -> None:
        """Take a restore point away."""
        ...

    def sweep(self, needed: Collection[str]) -> int:
        """Overwrite and take away all objects but those with these names; returns how many they were."""
        ...


class RestoredSound(Protocol):
    """Where recordings are restored to. Raises StorageUnavailable."""

    def write(self, part: SoundPart, chunks: Iterable[bytes]) -> None:
        """A file as it was."""
        ...

    async def silence(self, part: SoundPart, spans: Sequence[tuple[int, int]]) -> bool:
        """Make a file that was written silent in these spans (samples of the source); whether that could be done."""
        ...

    def remove(self, part: SoundPart) -> None:
        """Overwrite a file that was written, and take it away."""
        ...
