"""Makes a restore point of a data folder while a server uses it.

Recordings are copied first, then the logs, then the book, and finally the list of removals is read once more. So
whatever is copied refers only to what is copied later, and the restore point has both: a recording has its source in
the log, an act in the log its link in the book. What was removed meanwhile is on the list when the restore point is
published, and is taken out of it as out of older ones.

Apart from removals logs only grow: the part of a log that an earlier restore point holds is not read again. Nor is a
recording whose stamp and removals are those of the restore point before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.backup.blocks import EVENTS, ChainFollower, encode_block
from moothall.core.backup.book import NamespaceBackup, chosen, encode_entries
from moothall.core.backup.removed import RemovedContent, SessionRemoved, TextAct, named, united
from moothall.core.backup.restore_point import (
    BlockPart,
    NamedPart,
    RestorePoint,
    SessionPart,
    SoundPart,
    Stored,
    heads_at,
)
from moothall.core.chain import LogRecord
from moothall.core.events.codec import decode_event
from moothall.core.events.types import SessionCreated
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.ports import Clock
from moothall.services.backup.erasing import BackupErasure
from moothall.services.backup.ports import BackupStore, LiveData

PAGE = 64
"""Most records in one read, so that no read holds the server's write-ahead log for longer than some milliseconds."""


class ByteRate:
    """Limits reading and writing to so many bytes a second."""

    def __init__(self, clock: Clock, per_second: int) -> None:
        self._clock = clock
        self._per_second = per_second
        self._free = clock.monotonic()

    async def take(self, size: int) -> None:
        """Account for `size` bytes that were moved; wait until more may be."""
        now = self._clock.monotonic()
        self._free = max(self._free, now) + 1_000 * size // self._per_second
        await self._clock.sleep(self._free - now)


class BackupResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one run."""

    name: str
    point: RestorePoint
    new: int
    """Size in bytes of what no older restore point has."""
    cleaned: int
    """Number of older restore points out of which something was taken that was removed since."""
    swept: int
    """Number of objects that were deleted because no restore point needs them."""
    left_out: tuple[SoundPart, ...]
    """Recordings that are left out, since a removal from them is in progress: the next restore point has them."""
    mended: int
    """Number of damaged objects of older restore points that were written anew."""
    damaged: tuple[str, ...]
    """Names of older restore points that need an object which is damaged or missing, and which the data folder does not
    have any more.
    """


@dataclass(eq=False, repr=False)
class Taking:
    """One run, which `run` carries out."""

    data: LiveData
    store: BackupStore
    _: KW_ONLY
    clock: Clock
    rate: int
    """Most bytes that are read or written in a second."""
    release: str
    keep: int = 0
    """Number of restore points that stay; 0 for all."""
    read_all: bool = False
    """Whether recordings are read that have not changed since the restore point before, too."""
    block: int = EVENTS
    """Number of events in a full block."""

    async def run(self) -> BackupResult:
        """Make a restore point, and take out of older ones what was removed since.

        Raises StorageUnavailable and RecordBroken. Every older restore point is whole even then, since each is replaced
        atomically.
        """
        self._pace = ByteRate(self.clock, self.rate)
        at = self.clock.wall()
        older = dict(self.store.points())
        damaged = {each for point in older.values() for each in point.objects() if not self.store.has(each)}
        before = whole_parts(list(older.values())[-1], damaged) if older else None
        # Objects that a killed run has left may be on the disk only in part.
        self._sweep(older)
        sound = await self._sound(at, before, RemovedContent(self.data.removals()))
        sessions = await self._sessions(before)
        entries = chosen(self.data.book(), NamespaceBackup.IN_BACKUP)
        book = await self._put(encode_entries(entries))
        settings = [NamedPart(name=name, stored=await self._put(data)) for name, data in self.data.settings().items()]
        lines = united(self.data.removals())
        # Written before the restore point, so that the list that is kept apart never lags behind it.
        self.data.keep_removals(lines)
        point = RestorePoint(
            release=self.release,
            at=at,
            sessions=tuple(sessions),
            sound=tuple(sound),
            book=book,
            settings=tuple(settings),
            removals=tuple(sorted((removals := RemovedContent(lines)).acts)),
        )
        name = next_name(at, list(older)[-1] if older else "")
        # A server may have been killed before it carried out a removal that it had noted: that text stays.
        erasing = BackupErasure(self.store, removals.but(act for act in removals.begun() if self._has(act)))
        try:
            point = erasing.cleaned(point)
        except RecordBroken as error:
            raise RecordBroken(
                f"{error} Nothing was backed up. `moothall backup --verify` names what is damaged: delete those "
                "objects, and back up again, which writes them anew."
            ) from error
        new = {*point.objects()}.difference(*(each.objects() for each in older.values()))
        left_out = tuple(part for part in sound if part not in point.sound)
        await self._settle()
        self.store.publish(name, point)
        left = {each for each in damaged if not self.store.has(each)}
        cleaned, unclean = 0, set[str]()
        for known, each in older.items():
            try:
                clean = erasing.cleaned(each, point)
            except RecordBroken:  # The others have to be without what was removed all the same.
                unclean.add(known)
                continue
            if clean != each:
                await self._settle()
                self.store.publish(known, clean)
                older[known] = clean
                cleaned += 1
        broken = unclean.union(known for known, each in older.items() if not left.isdisjoint(each.objects()))
        older[name] = point
        for known in list(older)[: -self.keep] if self.keep else []:
            self.store.drop(known)
            del older[known]
        swept = self._sweep(older)
        return BackupResult(
            name=name,
            point=point,
            new=sum(stored.size for stored in new),
            cleaned=cleaned,
            swept=swept,
            left_out=left_out,
            mended=len(damaged) - len(left),
            damaged=tuple(each for each in older if each in broken),
        )

    def _has(self, act: TextAct) -> bool:
        """Whether the log still has what a removal names."""
        if isinstance(act, SessionRemoved):
            heads = map(self.data.log.head, self.data.log.sessions())
            return any(head is not None and head.epoch == act.epoch for head in heads)
        return any(
            record.body is not None and named(record) == event
            for event in act.events
            for record in self.data.log.read(act.session, event[0] - 1, 1)
        )

    async def _put(self, data: bytes) -> Stored:
        stored = Stored.of(data)
        return stored if self.store.has(stored) else await self._copy([data])

    async def _copy(self, chunks: Iterable[bytes]) -> Stored:
        writer = self.store.begin()
        for chunk in chunks:
            writer.write(chunk)
            await self._pace.take(len(chunk))
        return writer.finish()

    async def _settle(self) -> None:
        while size := self.store.settle():
            await self._pace.take(size)

    def _sweep(self, there: Mapping[str, RestorePoint]) -> int:
        return self.store.sweep({stored.sha256 for each in there.values() for stored in each.objects()})

    async def _sound(self, at: int, before: RestorePoint | None, removals: RemovedContent) -> list[SoundPart]:
        """Copy the recordings that have changed since the restore point `before`; `at`: Unix ms of the beginning."""
        unread = {} if before is None or self.read_all else {each.key: each for each in before.sound}
        found: list[SoundPart] = []
        for key in self.data.sound.parts():
            # What was removed before the copy begins is not in the copy.
            done = tuple(act.id for act in removals.sound(*key) if act.id in removals.done)
            stamp, known = self.data.sound.stamp(key), unread.get(key)
            if stamp is None:
                continue
            if known is not None and (known.stamp, known.without) == (stamp, done):
                found.append(known)
                continue
            stored = await self._copy(self.data.sound.chunks(key))
            session, source, first = key
            if stored.size:
                found.append(
                    SoundPart(
                        session=session,
                        source=source,
                        first=first,
                        written=stamp.written // 1_000_000,
                        stored=stored,
                        without=done,
                        # Any change from now on, also while it was read, then changes the stamp.
                        stamp=stamp if stamp.settled(at) else None,
                    )
                )
        return found

    async def _sessions(self, before: RestorePoint | None) -> list[SessionPart]:
        found: list[SessionPart] = []
        for session in self.data.log.sessions():
            head = self.data.log.head(session)
            if head is None or not head.offset or self._is_rehearsal(session):
                continue
            known = heads_at(before, session, head.epoch)
            if known is not None and not self._goes_on_from(known):
                known = None
            found.append(await self._session(session, head.epoch, head.offset, known))
        return found

    def _is_rehearsal(self, session: SessionId) -> bool:
        """Whether a session is a rehearsal, which is not copied since nothing of it is kept."""
        for record in self.data.log.read(session, 0, 1):
            event = None if record.body is None else decode_event(record.body)
            return isinstance(event, SessionCreated) and event.rehearsal
        return False

    def _goes_on_from(self, known: SessionPart) -> bool:
        """Whether the log still has the last event of a restore point: it may have lost its end and continued
        otherwise.
        """
        last = self.data.log.read(known.session, known.offset - 1, 1)
        digests = {head.digest for head in known.heads.values() if head.offset == known.offset}
        return bool(last) and last[0].header.offset == known.offset and last[0].digest.hex() in digests

    async def _session(self, session: SessionId, epoch: Epoch, until: int, known: SessionPart | None) -> SessionPart:
        """Copy a log up to event `until`; `known` is the part that an earlier restore point holds."""
        chain = ChainFollower(0, {}) if known is None else ChainFollower(known.offset, known.heads)
        if known is not None and until == known.offset:
            return known
        blocks = [] if known is None else list(known.blocks)
        if blocks and blocks[-1].last - blocks[-1].first + 1 < self.block:
            blocks.pop()  # The last block isn't full.
        first = blocks[-1].last + 1 if blocks else 1
        gone = [] if known is None else [offset for offset in known.gone if offset < first]
        while first <= until:
            last = min(first + self.block - 1, until)
            records = await self._records(session, first, last)
            for record in records:
                if record.header.offset > chain.offset:
                    chain.step(record)
            gone += [record.header.offset for record in records if record.body is None]
            blocks.append(BlockPart(first=first, last=last, stored=await self._put(encode_block(records))))
            first = last + 1
        return SessionPart(
            session=session, epoch=epoch, offset=until, heads=chain.heads, blocks=tuple(blocks), gone=tuple(gone)
        )

    async def _records(self, session: SessionId, first: int, last: int) -> list[LogRecord]:
        found: list[LogRecord] = []
        while first + len(found) <= last:
            page = self.data.log.read(session, first + len(found) - 1, min(PAGE, last - first - len(found) + 1))
            if not page:
                raise RecordBroken(f"The log of session {session} ends before event {last}, which it had.")
            found += page
            await self._pace.take(sum(len(each.body or b"") + len(each.header_bytes) for each in page))
        return found


def whole_parts(point: RestorePoint, damaged: AbstractSet[Stored]) -> RestorePoint:
    """What a later run may rely on of a restore point: the sessions and recordings without a damaged object."""
    return msgspec.structs.replace(
        point,
        sessions=tuple(each for each in point.sessions if damaged.isdisjoint(block.stored for block in each.blocks)),
        sound=tuple(each for each in point.sound if each.stored not in damaged),
    )


def next_name(at: int, newest: str) -> str:
    """Name of a restore point: the UTC time at which it was begun; always sorted after `newest`, whatever the clock
    says.
    """
    moment, (stem, _, number) = f"{UTC_ZONE.at(at):%Y%m%dT%H%M%SZ}", newest.partition("-")
    return moment if moment > stem else f"{stem}-{int(number or 1) + 1}"
