"""A hub without an uplink: its copies, a disk that may refuse writes, and the log of the server above."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from moothall.wire.hubs import messages as hub
from moothall.wire.hubs.records import pack
from moothall_hub.mirror.copied import CopyStep, SessionCopy, dropped
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.replication import Replication
from moothall_hub.mirror.wanted import Want
from support.hubs.log_above import FLOOR, SIGNED, Disk, LogAbove, Served
from support.sessions.recorder import EPOCH, SESSION

WANT = {SESSION: Want(channels=(FLOOR,))}
COMES = frozenset({FLOOR})
OTHER = SessionId("other")


class Store:
    """The disk, which may refuse writes."""

    def __init__(self, done: list[object]) -> None:
        self.disk = Disk()
        self.refuses = 0
        self.fails: Exception | None = None
        self.ready = asyncio.Event()
        self.ready.set()
        self._done = done

    async def keep(self, step: CopyStep) -> None:
        await self.ready.wait()
        if self.refuses:
            self.refuses -= 1
            raise StorageUnavailable("The disk is full.")
        if self.fails is not None:
            failure, self.fails = self.fails, None
            raise failure
        self.disk.keep(step)
        self._done.append("kept")

    async def drop(self, session: SessionId) -> SessionCopy:
        self.disk.records.clear()
        self.disk.copy = dropped(self.disk.copy)
        return self.disk.copy


class Shown:
    """The readers' side, which records what is shown."""

    def __init__(self, done: list[object]) -> None:
        self.fails = False
        self.renewed = 0
        self.texts: list[int] = []
        self._done = done

    async def take(self, step: CopyStep) -> None:
        if self.fails:
            raise StorageUnavailable("The disk can't be read.")
        self._done.append("renewed" if step.renew else "shown" if step.show else "nothing")
        if step.show:
            self.texts += [each.header.offset for each in step.records]

    async def renew(self, session: SessionId) -> None:
        self.renewed += 1


class Hub:
    """Everything of a hub but an uplink."""

    def __init__(self, spans: MissedSpans | None = None, disk: Disk | None = None) -> None:
        self.done: list[object] = []
        self.store = Store(self.done)
        self.store.disk = disk or self.store.disk
        self.shown = Shown(self.done)
        self.said: list[hub.FromHub] = []
        self.closed = False
        self.clock = ManualClock()
        self.log = LogAbove()
        self.served: Served | None = None
        self.replication = Replication(
            () if disk is None else (disk.copy,),
            store=self.store,
            shown=self.shown,
            closed=lambda _: self.closed,
            signed=SIGNED,
            say=self._say,
            missed=spans or MissedSpans(MemoryBook(), {}),
            clock=self.clock,
        )

    def _say(self, message: hub.FromHub) -> None:
        self.said.append(message)
        self.done.append(type(message).__name__)

    @property
    def copy(self) -> SessionCopy:
        found = self.replication.copy(SESSION)
        assert found is not None
        return found

    async def link(self, *, little: int = 3, back: int = 2) -> None:
        """Begin a link, which the server above answers."""
        await self.replication.linked()
        follow = self.said[-1]
        assert isinstance(follow, hub.Follow)
        self.served = Served(self.log, follow, little=little, back=back)
        await self.replication.take(self.served.live)

    async def live(self) -> None:
        assert self.served is not None
        await self.batch(hub.FeedPart.LIVE, self.served.now())

    async def missed(self, most: int = 100) -> bool:
        """Take the next batch of missed events; returns False when nothing was missed any more."""
        assert self.served is not None
        found = self.served.missed(most)
        if isinstance(found, hub.Caught):
            await self.replication.take(found)
        elif found is not None:
            await self.batch(hub.FeedPart.MISSED, found[1], number=found[0])
        return found is not None

    async def batch(self, part: hub.FeedPart, records: Sequence[LogRecord], number: int = 0) -> None:
        data = pack(records, session=SESSION, epoch=EPOCH)
        await self.replication.take(hub.Batch(session=SESSION, part=part, number=number, data=data))


async def hub_that_follows() -> Hub:
    """Return a hub that has followed from the beginning."""
    made = Hub()
    made.log.happens("line")
    await made.replication.want(WANT)
    assert made.said == []  # The hub has no link yet.
    await made.link()
    while await made.missed():
        pass
    await made.live()
    return made
