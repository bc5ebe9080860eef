"""An open session, and the text streams that captioning software sends into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.signals import Typing
from moothall.services.captioning.caption_streams import (
    AcceptedPost,
    CaptionStreams,
    Post,
    TextStream,
)
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

CAPTIONER = Staff(link="l1", role=Role.CAPTIONER, scope="hall", label="")
DESK = Actor(Role.CAPTIONER, "desk")


class StreamMeeting(MemoryMeeting):
    """An open session, and one link's stream into its floor."""

    def __init__(self, hall: MemoryHall, live: LiveSession, life: int = 0) -> None:
        super().__init__(hall, live)
        self.streams = CaptionStreams(
            hall.sessions, TypedAhead(hall.sessions), clock=hall.clock, randomness=SeededRandomness(life)
        )
        hall.closing.first(self.streams.finish, self.streams.awaits)
        self.draft = ""
        hall.sessions.observe(self._hear)

    def _hear(self, _: LiveSession, publication: Publication) -> None:
        for signal in publication.signals:
            if isinstance(signal, Typing):
                self.draft = signal.text

    async def stream(self, staff: Staff = CAPTIONER, channel: str = "") -> TextStream:
        stream = await self.streams.open(staff, SESSION, channel)
        assert isinstance(stream, TextStream)
        return stream

    async def put(self, body: str, seq: int | None = None, **more: object) -> AcceptedPost | Refusal:
        return await self.streams.put(await self.stream(), Post(body=body.encode(), seq=seq, **more))  # type: ignore[arg-type]

    @property
    def lines(self) -> list[str]:
        found = sorted((line.t0, name, line.whole) for name, line in self.live.state.segments.items() if line.whole)
        return [text for _, _, text in found]


@asynccontextmanager
async def house(
    *, begun: bool = True, languages: tuple[str, ...] = ("en",), log: MemoryLog | None = None
) -> AsyncIterator[StreamMeeting]:
    async with memory_hall(MemoryHall(log)) as hall:
        live = await hall.sessions.find(SESSION) or await hall.session(languages=languages)
        on = StreamMeeting(hall, live, life=live.writer.offset)
        if begun:
            await on.do(do.OpenSession())
        yield on
