"""Reports of sessions and years are made of the same facts and counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moothall.core import commands as do
from moothall.core.attendance.ranges import PeopleRange, exactly
from moothall.core.chain import LogRecord
from moothall.core.events.attendance import CountSource
from moothall.core.events.types import Access
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.questions.disclosure import CellRow
from moothall.core.questions.statements import Dimension
from moothall.services.attendance.ledger import FactsLedger
from moothall.services.attendance.online import OnlineCounts
from moothall.services.attendance.reports import AHEAD_MS, AttendanceReports
from moothall.services.questions.balance import Sums
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall

OFFICE = Actor(Role.SECRETARIAT, "s1")


async def sums() -> Mapping[SessionId, Sums]:
    groups = {Dimension.REGION: {"africa": CellRow(people=7), "other": CellRow()}, Dimension.YOUNG: {}}
    return {SESSION: Sums(closed=1, origins={}, groups=groups)}


async def reports(hall: MemoryHall) -> tuple[AttendanceReports, OnlineCounts]:
    ledger, catalogue = FactsLedger(hall.log), SessionCatalogue(hall.log)
    hall.sessions.observe(lambda _, publication: ledger.take(publication))
    hall.sessions.observe(lambda _, publication: catalogue.take(publication))
    online = OnlineCounts(hall.sessions, book=MemoryBook(), clock=hall.clock, randomness=SeededRandomness())

    async def entries() -> Sequence[Entry]:
        return await catalogue.all()

    made = AttendanceReports(
        ledger, online, entries=entries, sums=sums, unlisted=lambda: ("lima",), zone=lambda: UTC_ZONE, clock=hall.clock
    )
    return made, online


async def held(hall: MemoryHall, online: OnlineCounts, name: str, people: int, access: Access = Access.PUBLIC) -> None:
    live = await hall.session(SessionId(name), access)
    commands = (do.OpenSession(), do.CountPeople(people=people, source=CountSource.TYPED))
    await live.writer.send(OFFICE, CommandId("o"), commands)
    online.come(live.id, "ana", "en")
    await live.writer.send(OFFICE, CommandId("c"), (do.CloseSession(), do.ReleaseAttendance()))


def test_a_year_is_that_of_its_released_public_meetings() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            made, online = await reports(hall)
            assert await made.of(SESSION) is None
            assert await made.years() == ()
            await held(hall, online, "s", 40)
            await held(hall, online, "t", 30)
            await held(hall, online, "hidden", 900, Access.STAFF)
            one = await made.of(SESSION)
            assert one is not None
            assert (one.room, one.online) == (exactly(40), exactly(1))
            assert one.asked_by == {"region": {"africa": 7, "other": None}}
            (year,) = await made.years()
            assert (year.meetings, year.room, year.total) == (2, PeopleRange(40, 70), PeopleRange(40, 72))
            assert await made.waiting() == ()
            live = await hall.sessions.open(SESSION)
            await live.writer.send(OFFICE, CommandId("w"), do.ReleaseAttendance(released=False))
            (year,) = await made.years()
            assert (year.meetings, year.room) == (2, exactly(30))
            assert [each.session for each in await made.waiting()] == [SESSION]

    run(story())


class CountedLog(MemoryLog):
    """A log that counts how often it is read."""

    reads = 0

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self.reads += 1
        return await super().read(session, after, limit, lanes)


def test_logs_are_folded_before_anybody_asks() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(log := CountedLog())) as hall:
            made, online = await reports(hall)
            await held(hall, online, "s", 40)
            assert hall.group is not None
            running = hall.group.create_task(made.run())
            await hall.clock.sleep(AHEAD_MS + 1)
            running.cancel()
            before = log.reads
            assert len(await made.years()) == 1
            assert log.reads == before

    run(story())
