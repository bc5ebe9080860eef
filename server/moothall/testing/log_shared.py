"""A shared log in memory, as strict as the one on Redis, that can lose its last events or everything."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.cluster.removals import Applied, ListedRemoval
from moothall.core.kernel.errors import LogMissing, LogTrimmed, OffsetConflict, StaleWriter, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogChanges, LogHead
from moothall.testing.log_memory import FailingLog


class SharedLogStore(FailingLog):
    """The data of shared logs. Each node has a `MemorySharedLog` on it."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        """Whether no node can reach it."""
        self.owners: dict[SessionId, str] = {}
        self.first: dict[SessionId, int] = {}
        """The offset of the first event that each trimmed log still has."""
        self._known: dict[SessionId, tuple[int, int]] = {}
        self._changes: dict[SessionId, int] = {}
        self._clock = self._count = 0
        self._forgotten: dict[tuple[SessionId, Epoch], int] = {}
        self.losses: dict[SessionId, int] = {}
        """How often the end of each log was lost, as the node that begins it anew reports."""
        self.listed: list[ListedRemoval] = []
        """The list of removals, oldest first."""
        self.house: tuple[str, int] | None = None
        """The name of the node that keeps the house, and its term; None: nobody keeps it."""

    async def head(self, session: SessionId) -> LogHead | None:
        """The end of a log (`EventLog`)."""
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
        """Erase bodies, and put the removal on the list (`EventLog`)."""
        await super().remove(session, term, expected_offset, offsets, events)
        last = events[-1]
        self._list(session, last.header.epoch, last.header.offset, last.digest.hex())

    async def removals(self, after: Applied) -> Sequence[ListedRemoval] | None:
        """The next two removals of the list after one; None where the list does not have that one (`SharedLog`)."""
        self._refuse_when_closed()
        if after.number and (len(self.listed) < after.number or self.listed[after.number - 1].here != after):
            return None
        return self.listed[after.number : after.number + 2]

    def _list(self, session: SessionId, epoch: Epoch, offset: int, digest: str) -> None:
        before = self.listed[-1].mark if self.listed else ""
        mark = sha256(f"{before} {session} {epoch} {offset} {digest}".encode()).hexdigest()[:16]
        number = len(self.listed) + 1
        self.listed.append(
            ListedRemoval(number=number, mark=mark, session=session, epoch=epoch, offset=offset, digest=digest)
        )

    async def changed(self, after: int, count: str = "") -> LogChanges:
        """The logs that have changed after a change (`SharedLog`); changes are counted when this is called."""
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
        """Report an erased log as one that has changed."""
        self._clock += 1
        self._forgotten[session, epoch] = self._clock
        self._list(session, epoch, 0, "")
        self._known.pop(session, None)

    def knows_erased(self, epoch: Epoch) -> bool:
        """Whether the erasure of a log is reported by its epoch alone."""
        return (SessionId(""), epoch) in self._forgotten

    def _refuse_when_closed(self) -> None:
        super()._refuse_when_closed()
        if self.away:
            raise StorageUnavailable("The shared logs can't be reached.")

    def lose_end(self, session: SessionId, after: int) -> None:
        """Lose the events after `after`, as when an older file is put back."""
        log = self._logs[session]
        kept = log.records[:after]
        log.records, log.causes, log.lanes = [], set(), {}
        self._store(session, log.term, 0, kept)

    def lose_all(self) -> None:
        """Lose everything, as after FLUSHALL."""
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
        """Set the count of changes back, as when an older file is put back; `lose_end` loses the events themselves."""
        self._clock = change
        self._count += 1
        self._changes = {session: min(each, change) for session, each in self._changes.items()}


class MemorySharedLog:
    """The `SharedLog` of one node, over a `SharedLogStore`."""

    def __init__(self, store: SharedLogStore, owner: str) -> None:
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
        """Replace the remains of a log by an empty one (`SharedLog`)."""
        there = await self._store.head(session)
        if there is not None and term <= there.term:
            raise StaleWriter(f"Session {session} can't be begun anew with term {term}: its term is {there.term}.")
        await self._store.forget(session)
        self._store.first.pop(session, None)
        await self._store.acquire(session, epoch, term)
        self._store.owners[session] = self._owner
        self._store.losses[session] = lost

    async def list_erased(self, epoch: Epoch, house: int) -> None:
        """Put an erased log on the list of removals, by its epoch (`SharedLog`)."""
        await self._store.sessions()  # This raises while the store is away.
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
        """The offset of the first event that it still has, or will have (`SharedLog`)."""
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
        """Erase a session's log, and put the erasure on the list (`SharedLog`)."""
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
        """Do nothing: the shared data stay for other nodes (`EventLog`)."""
