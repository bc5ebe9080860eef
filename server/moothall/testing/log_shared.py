"""A shared log in memory, as strict as the one on Redis, which can lose its end or all it has."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.removals import Applied, Removal
from moothall.core.kernel.errors import LogMissing, LogTrimmed, OffsetConflict, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogChanges, LogHead
from moothall.testing.log_memory import FailingLog


class SharedStore(FailingLog):
    """What the nodes share. Each has a `MemorySharedLog` on it."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        """Whether nobody can reach it."""
        self.owners: dict[SessionId, str] = {}
        self.first: dict[SessionId, int] = {}
        """The first event that each still has, where it was trimmed."""
        self._known: dict[SessionId, tuple[int, int]] = {}
        self._changes: dict[SessionId, int] = {}
        self._clock = self._count = 0
        self._forgotten: dict[tuple[SessionId, Epoch], int] = {}
        self.losses: dict[SessionId, int] = {}
        """How often the end of each was lost, as whoever begins it anew says."""
        self.listed: list[Removal] = []
        """The list of removals."""
        self.house: tuple[str, int] | None = None
        """Who keeps the house, and in which term."""

    async def head(self, session: SessionId) -> LogHead | None:
        """Where a log stands (`EventLog`)."""
        head = await super().head(session)
        return None if head is None else msgspec.structs.replace(head, lost=self.losses.get(session, 0))

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase bodies, and put it on the list (`EventLog`)."""
        await super().remove(session, term, expected_offset, offsets, events)
        last = events[-1]
        self._list(session, last.header.epoch, last.header.offset, last.digest.hex())

    async def removals(self, after: Applied) -> Sequence[Removal] | None:
        """What stands behind a place in the list of removals, two at once (`SharedLog`)."""
        self._refuse_when_closed()
        if after.number and (len(self.listed) < after.number or self.listed[after.number - 1].here != after):
            return None
        return self.listed[after.number : after.number + 2]

    def _list(self, session: SessionId, epoch: Epoch, offset: int, digest: str) -> None:
        before = self.listed[-1].mark if self.listed else ""
        mark = sha256(f"{before} {session} {epoch} {offset} {digest}".encode()).hexdigest()[:16]
        number = len(self.listed) + 1
        self.listed.append(
            Removal(number=number, mark=mark, session=session, epoch=epoch, offset=offset, digest=digest)
        )

    async def changed(self, after: int, count: str = "") -> LogChanges:
        """The logs that have changed behind a change (`SharedLog`); changes are counted when somebody looks."""
        now = str(self._count)
        after = after if after <= self._clock and count in ("", now) else 0
        heads = {session: await self.head(session) for session in await self.sessions()}
        found: dict[SessionId, LogHead] = {}
        for session, head in heads.items():
            if head is not None and self._known.get(session) != (head.term, head.offset):
                self._clock += 1
                self._known[session], self._changes[session] = (head.term, head.offset), self._clock
            if head is not None and self._changes[session] > after:
                found[session] = head
        gone = {
            session or SessionId(epoch): epoch for (session, epoch), change in self._forgotten.items() if change > after
        }
        return LogChanges(upto=self._clock, count=now, heads=found, forgotten=gone)

    def note_forgotten(self, session: SessionId, epoch: Epoch) -> None:
        """Tell of a log that is erased as of one that has changed."""
        self._clock += 1
        self._forgotten[session, epoch] = self._clock
        self._list(session, epoch, 0, "")
        self._known.pop(session, None)

    def knows_erased(self, epoch: Epoch) -> bool:
        """Whether a log that was erased is told of by its epoch alone."""
        return (SessionId(""), epoch) in self._forgotten

    def _refuse_when_closed(self) -> None:
        super()._refuse_when_closed()
        if self.away:
            raise StorageUnavailable("The shared logs can't be reached.")

    def lose_end(self, session: SessionId, after: int) -> None:
        """The events behind `after` are gone, as with an older file."""
        log = self._logs[session]
        kept = log.records[:after]
        log.records, log.causes, log.lanes = [], set(), {}
        self._store(session, log.term, 0, kept)

    def lose_all(self) -> None:
        """As after FLUSHALL."""
        self._logs.clear()
        self.owners.clear()
        self.first.clear()
        self.losses.clear()
        self._known.clear()
        self._changes.clear()
        self._forgotten.clear()
        self.listed.clear()
        self.house = None
        self._clock = 0
        self._count += 1

    def start_again(self, change: int) -> None:
        """As with an older file, in which so many changes were counted; what it has lost is said by `lose_end`."""
        self._clock = change
        self._count += 1
        self._changes = {session: min(each, change) for session, each in self._changes.items()}


class MemorySharedLog:
    """The `SharedLog` of one node."""

    def __init__(self, store: SharedStore, owner: str) -> None:
        self._store = store
        self._owner = owner
        self.append, self.remove = store.append, store.remove
        self.head, self.sessions, self.caused = store.head, store.sessions, store.caused
        self.changed, self.removals = store.changed, store.removals

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer (`EventLog`)."""
        owner = self._store.owners.get(session, self._owner)
        if term is None and owner != self._owner:
            raise StaleWriter(f"Session {session} is held by another node; it is taken over with a term.")
        head = await self._store.acquire(session, epoch, term, new=new)
        self._store.owners[session] = self._owner
        return head

    async def begin_anew(self, session: SessionId, epoch: Epoch, term: int, lost: int) -> None:
        """Make an empty log in place of what is left of one (`SharedLog`)."""
        there = await self._store.head(session)
        if there is not None and term <= there.term:
            raise StaleWriter(f"Session {session} can't be begun anew with term {term}: its term is {there.term}.")
        await self._store.forget(session)
        self._store.first.pop(session, None)
        await self._store.acquire(session, epoch, term)
        self._store.owners[session] = self._owner
        self._store.losses[session] = lost

    async def list_erased(self, epoch: Epoch, house: int) -> None:
        """Put a log that was erased on the list of removals, by its epoch (`SharedLog`)."""
        await self._store.sessions()  # Which is refused while it is away.
        if self._store.house is None:
            raise LogMissing("Nobody keeps the house.")
        if self._store.house != (self._owner, house):
            raise StaleWriter("Another node keeps the house.")
        if not self._store.knows_erased(epoch):
            self._store.note_forgotten(SessionId(""), epoch)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`EventLog`). Raises LogTrimmed."""
        first = self._store.first.get(session, 1)
        if after + 1 < first:
            raise LogTrimmed(f"The shared log of session {session} begins with event {first}.", first)
        return await self._store.read(session, after, limit, lanes)

    async def first(self, session: SessionId) -> int:
        """Offset of the first event that it still has, or will have (`SharedLog`)."""
        if await self._store.head(session) is None:
            raise LogMissing(f"There is no shared log of session {session}.")
        return self._store.first.get(session, 1)

    async def trim(self, session: SessionId, term: int, expected_offset: int, through: int) -> None:
        """Give up the events up to `through` (`SharedLog`)."""
        head = await self._held(session, term)
        if head.offset != expected_offset:
            raise OffsetConflict(f"The shared log of session {session} ends at {head.offset}.")
        self._store.first[session] = max(self._store.first.get(session, 1), min(through, head.offset) + 1)

    async def forget(self, session: SessionId, term: int | None = None) -> None:
        """Erase a session's log, and put it on the list (`SharedLog`)."""
        there = await self._store.head(session)
        if term is None and there is None:
            return
        head = await self._held(session, there.term if term is None and there is not None else term)
        await self._store.forget(session)
        self._store.first.pop(session, None)
        self._store.note_forgotten(session, head.epoch)
        self._store.owners.pop(session, None)

    async def _held(self, session: SessionId, term: int | None) -> LogHead:
        head = await self._store.head(session)
        if head is None:
            raise LogMissing(f"There is no shared log of session {session}.")
        if (head.term, self._store.owners.get(session)) != (term, self._owner):
            raise StaleWriter(f"Another writer has taken over session {session}.")
        return head

    async def close(self) -> None:
        """Let go of it; what others share stays (`EventLog`)."""
