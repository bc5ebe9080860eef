"""A keeper that writes the shared logs, and the node that follows them, in one process."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.core.ports import LogHead
from moothall.services.cluster.following import LogFollower
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)
AGAIN = Epoch("again")
OTHER = SessionId("other")


class DamagedLog(FailingLog):
    """A log of which some sessions can't be read, or none while its disk is `away`."""

    damaged: frozenset[SessionId] = frozenset()
    away = False

    async def head(self, session: SessionId) -> LogHead | None:
        if self.away:
            raise StorageUnavailable("The disk is away.")
        if session in self.damaged:
            raise RecordBroken("The head can't be read.")
        return await super().head(session)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if session in self.damaged:
            raise RecordBroken("An event can't be read.")
        return await super().read(session, after, limit, lanes)


class FollowingNodes:
    """A keeper that writes the shared logs, and a node that follows them."""

    def __init__(self) -> None:
        self.store = SharedLogStore()
        self.keeper = MemorySharedLog(self.store, "n1")
        self.own = FailingLog()
        self.clock = ManualClock()
        self.following = LogFollower(MemorySharedLog(self.store, "n2"), self.own, self.clock)
        self.recorder = Recorder()

    async def say(self, n: int = 1) -> None:
        head = await self.store.head(SESSION) or await self.keeper.acquire(SESSION, EPOCH, 1_001_000)
        await self.store.append(SESSION, head.term, head.offset, [self.recorder.record(PAUSED) for _ in range(n)])

    async def same(self) -> bool:
        return list(await self.own.read(SESSION, 0, 999)) == list(await self.store.read(SESSION, 0, 999))


class Keeper:
    """The keeper as a node reads from it; unreachable while `records` is None."""

    def __init__(self) -> None:
        self.records: list[LogRecord] | None = None

    async def read(self, session: SessionId, after: int, limit: int) -> Sequence[LogRecord]:
        if self.records is None:
            raise StorageUnavailable("The keeper can't be asked.")
        return self.records[after : after + limit]
