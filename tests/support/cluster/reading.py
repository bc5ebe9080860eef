"""A keeper, and a node that stands by with a reader, in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import LogHead
from moothall.core.signals import Partial
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.read_elsewhere import NodeLink, ReadElsewhere
from moothall.services.cluster.reading import NodeReading
from moothall.services.reading.fanout import SessionFanout
from moothall.services.reading.feed import Subscription
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Format, Received, decode
from support.memory.fanout import settle
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

TYPIST = Actor(Role.CAPTIONER, "typist")
LIVE = Feed(FLOOR, live=True)


class Store(SharedLogStore):
    """A shared log that may have lost its end."""

    lost = 0

    def open_again(self) -> None:
        self._closed = False

    async def head(self, session: SessionId) -> LogHead | None:
        head = await super().head(session)
        return None if head is None else msgspec.structs.replace(head, lost=self.lost)


class Disk(FailingLog):
    """A node's own log, which may be away."""

    away = False

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if self.away:
            raise StorageUnavailable("The disk is away.")
        return await super().read(session, after, limit, lanes)


class ReadingNode:
    """A keeper, and a node with a reader; `exchange` is the link of nodes."""

    def __init__(self, store: Store, hall: MemoryHall, live: LiveSession) -> None:
        self.store, self.hall, self.live = store, hall, live
        self.own = Disk()
        self.following = LogFollower(MemorySharedLog(store, "n2"), self.own, hall.clock)
        self.reading = NodeReading(self.following, self.own, hall.clock)
        self.elsewhere = ReadElsewhere(hall.sessions.loaded)
        hall.sessions.observe(self.elsewhere.observe)
        hall.sessions.count_elsewhere(self.elsewhere.readers)
        self.link: NodeLink = self.elsewhere.begin("n2")
        self.reading.linked(up=True)
        self._lines = 0

    async def line(self) -> str:
        """The keeper writes one; it is not copied yet."""
        self._lines += 1
        text = f"Line {self._lines}."
        act = do.TypeSegment(channel=FLOOR, segment=SegmentId(f"l{self._lines}"), text=text, language="en")
        answer = await self.live.writer.send(TYPIST, CommandId(f"l{self._lines}"), act)
        assert not isinstance(answer, Refusal), answer
        return text

    def exchange(self) -> None:
        """What both have to say to each other goes over the link."""
        for up in self.reading.say():
            self.link.hear(up)
        for down in self.link.take():
            self.reading.hear(down)

    async def copied(self) -> None:
        await self.following.catch_up()
        await settle()

    async def found(self) -> SessionFanout:
        fanout = await self.reading.find(SESSION)
        assert fanout is not None
        return fanout

    async def reader(self) -> tuple[MemoryOutlet, Subscription]:
        outlet = MemoryOutlet()
        joined = await (await self.found()).subscribe(outlet, LIVE, Format.SSE, None)
        assert isinstance(joined, Subscription)
        self.exchange()
        await settle()
        return outlet, joined


@asynccontextmanager
async def house() -> AsyncIterator[ReadingNode]:
    store = Store()
    async with memory_hall(MemoryHall(store)) as hall:
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
        made = ReadingNode(store, hall, live)
        await made.copied()
        started = asyncio.Event()
        task = asyncio.ensure_future(made.reading.run(started))
        await started.wait()
        yield made
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def frames(outlet: MemoryOutlet) -> list[Received]:
    return [decode(event.data) for event in EventStream().feed(b"".join(outlet.writes))]


def partial(text: str) -> Partial:
    return Partial(channel=FLOOR, segment=SegmentId("x"), first=0, text=text, language="en")
