"""A house with rooms in memory, for tests of the programme."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.kernel.ids import SessionId
from moothall.core.ports import SpoolStore
from moothall.core.programme.changes import MeetingPlan
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.programme.meeting_plan import plan_of
from moothall.services.programme.programme import Programme
from moothall.services.proposals.own_words import OwnWords
from moothall.services.proposals.proposing import Proposals
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.tokens.program_tokens import ProgramTokens
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LONG_AGO, SeededRandomness
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import MemoryHall, memory_hall

HALL = RoomId("hall")
HOUR = 3_600_000
NOW = LONG_AGO
"""The wall clock when a story begins, in Unix ms."""


class ProgrammeHouse(MemoryHall):
    """A hall with a programme and role links."""

    def __init__(
        self, log: MemoryLog | None = None, book: MemoryBook | None = None, spools: SpoolStore | None = None
    ) -> None:
        super().__init__(log, spools)
        self.book = book or MemoryBook()
        randomness = SeededRandomness(7)
        self.programme = Programme(
            book=self.book,
            sessions=self.sessions,
            closing=self.closing,
            clock=self.clock,
            randomness=randomness,
            opened_by=lambda _: "Amina",
        )
        self.proposals = Proposals(
            self.sessions, log=self.log, book=self.book, clock=self.clock, randomness=randomness, keep_days=30
        )
        self.own_words = OwnWords(self.sessions, book=self.book, clock=self.clock, randomness=randomness)
        self.role_links = RoleLinks(book=self.book, clock=self.clock, randomness=randomness)
        self.tokens = ProgramTokens(book=self.book, clock=self.clock, randomness=randomness)

    async def plan(self, name: str, starts: int | None = None, *, room: RoomId | None = HALL) -> Planned:
        """Plan a session of an hour that begins `starts` ms after NOW; without a time if None."""
        begins = None if starts is None else NOW + starts
        planned = Planned(
            session=SessionId(name),
            room=room,
            title=name,
            starts=begins,
            ends=None if begins is None else begins + HOUR,
        )
        made = await self.programme.make(planned)
        assert isinstance(made, Planned)
        return made

    async def plan_now(self, session: SessionId) -> MeetingPlan:
        """The present values of a session's form."""
        planned, live = await self.programme.known(session), await self.programme.live(session)
        assert planned is not None
        assert live is not None
        return plan_of(planned, live.state)


@asynccontextmanager
async def programme_house(house: ProgrammeHouse | None = None) -> AsyncIterator[ProgrammeHouse]:
    """Run the house, with one room."""
    made = house or ProgrammeHouse()
    async with memory_hall(made):
        await made.programme.load()
        await made.role_links.load()
        if made.programme.room(HALL) is None:
            await made.programme.keep(rooms=[Room(id=HALL, title="Main hall")])
        yield made
