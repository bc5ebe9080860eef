"""A hall without sockets that fetches sound streams, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.commands import (
    OpenSession,
)
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.plan import Planned
from moothall.services.capture.pulling import PullState
from moothall.services.capture.streams import StreamSources
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.forgetting import Forgetting
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.stream_memory import Fetched, MemoryStreams
from support.memory.hall import FLOOR, SESSION, MemoryHall
from support.memory.microphone import Ears, live_hall

ADDRESS = "https://me:secret@radio.example.org/live?token=hidden"
SOUND = Fetched()


class At:
    """A hall that fetches streams."""

    def __init__(self, hall: MemoryHall, book: MemoryBook, port: MemoryStreams) -> None:
        self.hall = hall
        self.port = port
        self.plans: dict[SessionId, Planned] = {}
        self.streams = StreamSources(
            book=book,
            sessions=hall.sessions,
            ingest=hall.live,
            streams=port,
            forgetting=Forgetting(hall.sessions, self.plans.get, hall.clock),
            closing=hall.closing.closing,
            clock=hall.clock,
            randomness=SeededRandomness(),
        )

    async def meeting(self) -> LiveSession:
        """Make an open meeting whose floor is fed from the stream."""
        live = await self.hall.session()
        await self.act(OpenSession())
        assert await self.streams.put(SESSION, FLOOR, ADDRESS) is None
        return live

    async def act(self, command: object) -> None:
        live = await self.hall.sessions.open(SESSION)
        act = CommandId(f"act-{live.writer.offset}-{type(command).__name__}")
        assert isinstance(await self.hall.closing.send(live.writer, SYSTEM, act, command), Receipt)  # type: ignore[arg-type]

    @property
    def state(self) -> PullState:
        (status,) = self.streams.of(SESSION)
        return status.state

    async def kinds(self) -> list[object]:
        wanted = (ev.SourceAttached, ev.SourceEnded, ev.GapNoted)
        return [event for event in await self.hall.events() if isinstance(event, wanted)]

    async def gaps(self) -> list[tuple[int, int]]:
        return [(e.t0, e.t1) for e in await self.hall.events() if isinstance(e, ev.GapNoted)]


@asynccontextmanager
async def fetching(
    *behaviours: Fetched,
    hall: MemoryHall | None = None,
    book: MemoryBook | None = None,
    ears: Ears | None = None,
) -> AsyncIterator[At]:
    async with live_hall(hall, ears=ears or Ears()) as made:
        at = At(made, book or MemoryBook(), MemoryStreams(made.clock, *behaviours))
        await at.streams.load()
        assert made.group is not None
        running = made.group.create_task(at.streams.run())
        try:
            yield at
        finally:
            running.cancel()
            await asyncio.wait({running})
