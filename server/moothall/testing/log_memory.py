"""Logs in memory, as strict as the one on disk; one of them can refuse, as a full disk does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import (
    DuplicateCause,
    LogMissing,
    OffsetConflict,
    OutcomeUnknown,
    StaleWriter,
    StorageUnavailable,
)
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId
from moothall.core.ports import LogHead


class _Log:
    def __init__(self, epoch: Epoch) -> None:
        self.epoch = epoch
        self.term = 0
        self.records: list[LogRecord] = []
        self.causes: set[tuple[CommandId, int]] = set()
        self.lanes: dict[Lane, LaneHead] = {}

    def head(self) -> LogHead:
        return LogHead(epoch=self.epoch, term=self.term, offset=len(self.records), lanes=dict(self.lanes))


class MemoryLog:
    """The `EventLog` of tests, and of a server that is told to keep nothing."""

    def __init__(self) -> None:
        self._logs: dict[SessionId, _Log] = {}
        self._closed = False

    async def acquire(self, session: SessionId, epoch: Epoch, term: int | None = None, *, new: bool = True) -> LogHead:
        """Take over a session's log as its writer, with a higher term, and return its end (`EventLog`)."""
        self._refuse_when_closed()
        log = self._logs.get(session)
        if log is None:
            if not new:
                raise LogMissing(f"There is no log of session {session}, and it isn't a new one.")
            log = self._logs[session] = _Log(epoch)
        if term is not None and term <= log.term:
            raise StaleWriter(f"Session {session} can't be taken over with term {term}: its term is {log.term}.")
        log.term = log.term + 1 if term is None else term
        return log.head()

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, the first at `expected_offset + 1`, all of them or none (`EventLog`)."""
        self._store(session, term, expected_offset, events)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of `offsets` and append `events`, the last a `body.removed`, as one act (`EventLog`)."""
        self._store(session, term, expected_offset, events)
        records = self._logs[session].records
        for offset in offsets:
            if 0 < offset <= expected_offset:
                records[offset - 1] = msgspec.structs.replace(records[offset - 1], salt=None, body=None)

    def _store(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        self._refuse_when_closed()
        log, causes = self._check(session, term, expected_offset, events)
        log.causes |= causes
        log.records += events
        for record in events:
            log.lanes[record.header.lane] = LaneHead(offset=record.header.offset, digest=record.digest.hex())

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        """Records of a session after an offset, in order (`EventLog`)."""
        self._refuse_when_closed()
        if session not in self._logs:
            return []
        found: list[LogRecord] = []
        records = self._logs[session].records
        for index in range(max(0, after), len(records)):
            if len(found) == limit:
                break
            if lanes is None or records[index].header.lane in lanes:
                found.append(records[index])
        return found

    async def head(self, session: SessionId) -> LogHead | None:
        """The end of a session's log; None when there is none (`EventLog`)."""
        self._refuse_when_closed()
        log = self._logs.get(session)
        return None if log is None else log.head()

    async def sessions(self) -> Sequence[SessionId]:
        """The ids of all sessions with a log (`EventLog`)."""
        self._refuse_when_closed()
        return sorted(self._logs)

    async def caused(self, ending: str) -> Sequence[LogRecord]:
        """All records of which the id of the command that caused them ends with `ending` (`EventLog`)."""
        self._refuse_when_closed()
        logs = (self._logs[session] for session in sorted(self._logs))
        return [record for log in logs for record in log.records if record.header.cause.endswith(ending)]

    async def cut(self, session: SessionId, term: int, after: int) -> None:
        """Delete the events after `after` (`NodeLog`)."""
        self._refuse_when_closed()
        log = self._logs.get(session)
        if log is None:
            raise LogMissing(f"There is no log of session {session}; nothing was taken out.")
        if log.term != term:
            raise StaleWriter(f"Session {session} has term {log.term}, not {term}; nothing was taken out.")
        left, log.records, log.causes, log.lanes = log.records[:after], [], set(), {}
        self._store(session, term, 0, left)

    async def forget(self, session: SessionId) -> None:
        """Erase a session's log as if it had never been; does nothing if there is none (`EventLog`)."""
        self._refuse_when_closed()
        self._logs.pop(session, None)

    async def close(self) -> None:
        """Close the log (`EventLog`). Later calls raise StorageUnavailable."""
        self._closed = True

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable("The log is closed.")

    def _check(
        self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]
    ) -> tuple[_Log, set[tuple[CommandId, int]]]:
        for offset, record in enumerate(events, expected_offset + 1):
            if record.header.session != session or record.header.offset != offset:
                msg = f"Event {record.header.offset} of {record.header.session} can't be event {offset} of {session}."
                raise ValueError(msg)
        log = self._logs.get(session)
        if log is None:
            raise LogMissing(f"There is no log of session {session}; nothing was stored.")
        if log.term != term:
            raise StaleWriter(f"Another writer has taken over session {session}: its term is {log.term}, not {term}.")
        if len(log.records) != expected_offset:
            raise OffsetConflict(f"The log of session {session} ends at {len(log.records)}, not at {expected_offset}.")
        causes = {(record.header.cause, record.header.n) for record in events}
        if len(causes) < len(events) or causes & log.causes:
            raise DuplicateCause(f"An event of that command is in the log of session {session} already.")
        return log, causes


class FailingLog(MemoryLog):
    """A `MemoryLog` that refuses appends and removals while `full`, and only removals while it `keeps`.

    With `torn` the next append, with `torn_removal` the next removal is stored but seems to fail. With `stale_removal`
    another writer has taken over by the time of the next removal. With `late` the next append gets no answer, and
    `land` may still store it. Sessions in `refuses` are refused appends, those in `keeps_of` removals.
    """

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.keeps = False
        self.torn = False
        self.torn_removal = False
        self.stale_removal = False
        self.late = False
        self._on_the_way: Callable[[], Awaitable[None]] | None = None
        self.refuses: set[SessionId] = set()
        self.keeps_of: set[SessionId] = set()

    async def append(self, session: SessionId, term: int, expected_offset: int, events: Sequence[LogRecord]) -> None:
        """Store `events`, or raise StorageUnavailable (`EventLog`)."""
        self._refuse_when_full(self.full or session in self.refuses)
        if self.late:
            self.late, self._on_the_way = False, partial(super().append, session, term, expected_offset, events)
            raise OutcomeUnknown("The store does not answer.")
        await super().append(session, term, expected_offset, events)
        torn, self.torn = self.torn, False
        self._refuse_when_full(torn)

    async def remove(
        self,
        session: SessionId,
        term: int,
        expected_offset: int,
        offsets: Sequence[int],
        events: Sequence[LogRecord],
    ) -> None:
        """Erase body and salt of the events at `offsets` and append `events`, the last a `body.removed`, as one act
        (`EventLog`). Or raise StorageUnavailable.
        """
        self._refuse_when_full(self.full or self.keeps or session in self.keeps_of)
        if self.stale_removal:
            await self.acquire(session, Epoch("other"))
        await super().remove(session, term, expected_offset, offsets, events)
        torn, self.torn_removal = self.torn_removal, False
        self._refuse_when_full(torn)

    async def land(self) -> None:
        """Store the append that was `late`. Raises as `append` does."""
        if self._on_the_way is not None:
            await self._on_the_way()

    def _refuse_when_full(self, full: bool) -> None:
        if full:
            raise StorageUnavailable("The disk is full.")
