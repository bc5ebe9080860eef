"""The facts of a session are folded once, again when something told of it, and never from the lanes of its texts."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events.attendance import CountSource
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import CommandId, Lane, RollEntryId, SegmentId, SessionId
from moothall.core.removal.selection import RollEntries
from moothall.services.attendance.ledger import FactsLedger
from moothall.services.log.act_queue import Receipt
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

OFFICE = Actor(Role.SECRETARIAT, "s1")


class ReadLog(MemoryLog):
    """A log that notes how often it is read, and of which lanes."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[frozenset[Lane] | None] = []
        self.broken = False

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        if lanes is not None and "staff" in lanes and FLOOR not in "".join(lanes):
            if self.broken:
                raise RecordBroken("Event 3 is damaged.")
            self.reads.append(lanes)
        return await super().read(session, after, limit, lanes)


def ledger(hall: MemoryHall) -> FactsLedger:
    made = FactsLedger(hall.log)
    hall.sessions.observe(lambda _, publication: made.take(publication))
    return made


async def send(hall: MemoryHall, *commands: do.AnyCommand, by: Actor = OFFICE) -> None:
    live = await hall.sessions.open(SESSION)
    answer = await live.writer.send(by, CommandId(f"c{live.writer.offset}"), commands)
    assert isinstance(answer, Receipt), answer


def count(people: int) -> do.CountPeople:
    return do.CountPeople(people=people, source=CountSource.TYPED)


def test_facts_follow_what_is_told_and_a_line_of_the_text_changes_none() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(log := ReadLog())) as hall:
            made = ledger(hall)
            assert await made.of(SESSION) is None
            await hall.session()
            await send(hall, do.OpenSession(), count(40), by=OFFICE)
            first = await made.of(SESSION)
            assert first is not None
            assert [each.people for each in first.counts] == [40]
            read = len(log.reads)
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="Good evening.", language="en")
            await send(hall, line, by=Actor(Role.CAPTIONER, "c1"))
            assert await made.of(SESSION) is first
            assert len(log.reads) == read
            await send(hall, count(50))
            await send(hall, do.CloseSession())
            then = await made.of(SESSION)
            assert then is not None
            assert [each.people for each in then.counts] == [40, 50]
            assert then.closed is not None
            assert [each.session for each in await made.all([SESSION, SessionId("nosuchone")])] == [SESSION]

    run(story())


def test_after_a_removal_everything_is_folded_anew() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(ReadLog())) as hall:
            made = ledger(hall)
            live = await hall.session()
            await send(hall, do.ArrangeRoll(open=True))
            signed = do.SignRoll(entry=RollEntryId("e1"), name="Ana")
            await send(hall, signed, by=Actor(Role.PARTICIPANT, "e1"))
            before = await made.of(SESSION)
            assert before is not None
            assert [each.name for each in before.entries] == ["Ana"]
            by = Actor(Role.PARTICIPANT, "e1")
            answer = await live.writer.remove(by, CommandId("gone"), RollEntries((RollEntryId("e1"),)))
            assert isinstance(answer, Receipt)
            after = await made.of(SESSION)
            assert after is not None
            assert after.entries == ()
            refused = await live.writer.remove(by, CommandId("again"), RollEntries((RollEntryId("e1"),)))
            assert not isinstance(refused, Receipt)
            made.drop(SESSION)
            assert await made.of(SESSION) == after

    run(story())


def test_a_log_that_can_not_be_read_is_in_no_report() -> None:
    async def story() -> None:
        async with memory_hall(MemoryHall(log := ReadLog())) as hall:
            made = ledger(hall)
            await hall.session()
            log.broken = True
            assert await made.all([SESSION]) == []
            log.broken = False
            await send(hall, do.OpenSession(), by=SYSTEM)
            assert len(await made.all([SESSION])) == 1

    run(story())
