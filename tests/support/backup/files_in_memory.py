"""A data folder in memory that has recordings alone, with the inodes and times of a file system."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from moothall.core.backup.removed import AnyLine, ListBegun, RemovalDone, SoundSilenced, united
from moothall.core.backup.restore_point import FileStamp, PartKey
from moothall.core.chain import LogRecord
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import BookEntry, LogHead
from moothall.services.backup.ports import BackupStore
from moothall.services.backup.taking import BackupResult, Taking
from moothall.testing.clock import ManualClock
from support.backup.houses import FAST


class FilesInMemory:
    """`LiveData` and its `LiveLog` and `LiveSound`. Times go by `clock`, in steps of `tick` ms."""

    def __init__(self, clock: ManualClock, tick: int = 1) -> None:
        self.clock = clock
        self._tick = tick
        self._inodes = itertools.count(1)
        self._files: dict[PartKey, tuple[FileStamp, bytes]] = {}
        self._lines: list[AnyLine] = [ListBegun(id="list", at=0)]
        self.read_parts: list[PartKey] = []
        """The files that were read, in order."""
        self.between: Callable[[PartKey], None] = lambda key: None
        """Called with a file after half of it was read."""

    def write(self, key: PartKey, data: bytes, *, again: bool = False, kept: bool = False) -> None:
        """Write a file; in place unless it is made `again`. `kept`: somebody sets its time of writing as it was."""
        now = self.clock.wall() // self._tick * self._tick * 1_000_000
        old = self.stamp(key)
        self._files[key] = (
            FileStamp(
                inode=next(self._inodes) if old is None or again else old.inode,
                size=len(data),
                written=now if old is None or not kept else old.written,
                changed=now,
            ),
            data,
        )

    def pretend(self, key: PartKey, stamp: FileStamp | None) -> None:
        """Have a file show another stamp."""
        assert stamp is not None
        self._files[key] = (stamp, self._files[key][1])

    def remove(self, key: PartKey) -> None:
        del self._files[key]

    def contents(self) -> dict[PartKey, bytes]:
        return {key: data for key, (_, data) in self._files.items()}

    def begin_silence(self, key: PartKey) -> AnyLine:
        """Put a span on the list."""
        session, source, first = key
        line = SoundSilenced(
            id=f"act{len(self._lines)}", at=self.clock.wall(), session=session, source=source, first=first, span=(0, 5)
        )
        self._lines.append(line)
        return line

    def end_silence(self, act: AnyLine) -> None:
        """Put on the list that it is done."""
        self._lines.append(RemovalDone(id=act.id, at=self.clock.wall()))

    @property
    def log(self) -> FilesInMemory:
        return self

    @property
    def sound(self) -> FilesInMemory:
        return self

    def sessions(self) -> Sequence[SessionId]:
        return ()

    def head(self, session: SessionId) -> LogHead | None:
        return None

    def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        return ()

    def parts(self) -> Sequence[PartKey]:
        return sorted(self._files)

    def chunks(self, part: PartKey) -> Iterator[bytes]:
        if part in self._files:
            self.read_parts.append(part)
            data = self._files[part][1]
            yield data[: len(data) // 2]
            self.between(part)
            yield data[len(data) // 2 :]

    def stamp(self, part: PartKey) -> FileStamp | None:
        return self._files[part][0] if part in self._files else None

    def book(self) -> Sequence[BookEntry]:
        return ()

    def settings(self) -> Mapping[str, bytes]:
        return {}

    def removals(self) -> tuple[AnyLine, ...]:
        return tuple(self._lines)

    def keep_removals(self, lines: Iterable[AnyLine]) -> None:
        self._lines = list(united(self._lines, lines))


def part(name: str = "mic", first: int = 0) -> PartKey:
    return SessionId("one"), SourceId(name), first


async def backed_up(data: FilesInMemory, store: BackupStore, *, keep: int = 0, read_all: bool = False) -> BackupResult:
    taking = Taking(data, store, clock=data.clock, rate=FAST, release="1", keep=keep, read_all=read_all)
    return await taking.run()


def held_in(store: BackupStore, taken: BackupResult) -> dict[PartKey, bytes]:
    """What the recordings of a restore point hold."""
    return {each.key: store.get(each.stored) for each in taken.point.sound}
