"""One person's words leave all sessions, also over a crash, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RecordBroken, Refusal, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId, SegmentId, SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Speaker
from moothall.core.removal.selection import Interventions
from moothall.core.search.people import KnownSpeaker, SpeakerOf
from moothall.services.desks.copies import OtherLogs
from moothall.services.desks.removal import Spoken
from moothall.services.log.session_writer import SessionWriter
from moothall.services.outcomes.redacting import RemovedPart
from moothall.services.retention.people import AGAIN_MS, MOST_JOBS, PersonRemovals
from moothall.services.search.people import KnownSpeakers
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import FLOOR, MemoryHall, memory_hall
from support.sessions.questions import ask

ONE, TWO = SessionId("one"), SessionId("two")
ANA, OTHER = SpeakerId("ana"), SpeakerId("ana-2")
OFFICE = Actor(Role.SECRETARIAT, "office")


class House:
    """Two meetings with two people who have the same name."""

    def __init__(self, hall: MemoryHall, book: MemoryBook) -> None:
        self.hall = hall
        self.book = book
        self.silent: list[tuple[SessionId, Sequence[Spoken]]] = []
        self.forgotten: list[tuple[SessionId, Sequence[SegmentId]]] = []
        self.redacted: list[SessionId] = []
        self.stuck = False
        plans = [
            Planned(session=each, title="", speakers=(Speaker(id=ANA, name="Ana"), Speaker(id=OTHER, name="Ana")))
            for each in (ONE, TWO)
        ]
        self.people = KnownSpeakers(
            book=book,
            randomness=SeededRandomness(3),
            plans=lambda: plans,
            plan_of={plan.session: plan for plan in plans}.get,
        )
        self.busy = asyncio.Lock()
        self.removals = PersonRemovals(
            hall.sessions,
            book=book,
            clock=hall.clock,
            randomness=SeededRandomness(len(plans)),
            people=self.people,
            copies=OtherLogs(hall.log, self.writer),
            silence=self.silence,
            forget=self.forget,
            redact=self.redact,
            busy=self.busy,
            asked=lambda _, token: InterventionId(token) if token in ("q1", "q2", "q3", "gone") else None,
        )

    async def writer(self, session: SessionId) -> SessionWriter | None:
        live = await self.hall.sessions.find(session)
        return None if live is None else live.writer

    async def silence(self, session: SessionId, spans: Sequence[Spoken]) -> None:
        if self.stuck:
            raise StorageUnavailable("The disk is full.")
        self.silent.append((session, spans))

    async def forget(self, writer: SessionWriter, lines: Sequence[SegmentId]) -> None:
        self.forgotten.append((writer.session, lines))

    async def redact(self, parts: Sequence[RemovedPart], actor: Actor, _: CommandId) -> None:
        assert actor.role is Role.SECRETARIAT
        self.redacted += [part.writer.session for part in parts]

    async def done(self, session: SessionId, name: str, *commands: do.AnyCommand, by: Actor = SYSTEM) -> None:
        live = await self.hall.sessions.open(session)
        answer = await live.writer.send(by, CommandId(name), commands)
        assert not isinstance(answer, Refusal), answer

    async def meetings(self) -> KnownSpeaker:
        for session in (ONE, TWO):
            await self.hall.session(session)
            await self.done(session, "open", do.OpenSession())
            for speaker, line in ((ANA, "hers"), (OTHER, "other")):
                await self.done(session, f"{line}-name", do.IntroduceSpeaker(speaker=speaker, name="Ana"))
                typed = do.TypeSegment(channel=FLOOR, segment=SegmentId(line), text=f"It is {line}.", language="en")
                await self.done(session, line, typed, by=OFFICE)
                assigned = do.AssignSpeaker(segments=(SegmentId(line),), speaker=speaker)
                await self.done(session, f"{line}-of", assigned, by=OFFICE)
        for name, asker, origin in (("q1", "x", "remote"), ("q2", "x", "remote"), ("q3", "y", "hub:nairobi")):
            by = Actor(Role.HUB, name, hub="nairobi") if name == "q3" else Actor(Role.PARTICIPANT, name)
            await self.done(ONE, name, ask(name, f"Why {name}?", asker=asker, origin=origin), by=by)
        joined = await self.people.join("Ana", [SpeakerOf(ONE, ANA), SpeakerOf(TWO, ANA)])
        assert joined is not None
        return joined[0]

    async def bodies(self) -> bytes:
        found = [await self.hall.log.read(each, 0, 100_000) for each in (ONE, TWO)]
        return b"\n".join(record.body for records in found for record in records if record.body is not None)


@asynccontextmanager
async def house(log: FailingLog | None = None, book: MemoryBook | None = None) -> AsyncIterator[House]:
    async with memory_hall(MemoryHall(log or FailingLog())) as hall:
        made = House(hall, book or MemoryBook())
        await made.people.load()
        await made.removals.load()
        assert hall.group is not None
        running = hall.group.create_task(made.removals.run())
        yield made
        running.cancel()


async def carried_out(made: House) -> None:
    for _ in range(200):
        if not made.removals.jobs:
            return
        await asyncio.sleep(0)
    raise AssertionError(made.removals.jobs)


async def test_all_words_of_a_person_go_from_both_meetings_and_nobody_elses() -> None:
    async with house() as made:
        person = await made.meetings()
        parts = made.removals.of_person(person)
        counts = await made.removals.preview(parts)
        assert [(each.session, each.title, each.lines, each.words) for each in counts] == [
            (ONE, "Open hall", 1, 3),
            (TWO, "Open hall", 1, 3),
        ]
        assert b"hers" in await made.bodies(), "nothing goes by being counted"
        assert await made.removals.begin(parts, "office", person.id)
        await carried_out(made)
        text = await made.bodies()
        assert b"It is hers." not in text
        assert text.count(b"It is other.") == 2
        assert text.count(b'"name":"Ana"') == 2, "the other Ana's"
        assert [session for session, _ in made.silent] == [ONE, TWO]
        assert made.forgotten == [(session, (SegmentId("hers"),)) for session in (ONE, TWO)], "elsewhere too"
        assert made.redacted == [ONE, TWO]
        assert made.people.all == [], "the page goes too"
        assert await made.book.read("person-removal") == {}
        assert await made.removals.preview(parts) == ()


async def test_what_somebody_asked_is_found_by_the_private_address_of_one_question() -> None:
    async with house() as made:
        await made.meetings()
        assert await made.removals.of_askers([(ONE, "forged"), (ONE, "gone"), (SessionId("none"), "q1")]) == ()
        (part,) = await made.removals.of_askers([(ONE, "q1")])
        assert part.selection == Interventions((InterventionId("q1"), InterventionId("q2")))
        (hub,) = await made.removals.of_askers([(ONE, "q3")])
        assert hub.selection == Interventions((InterventionId("q3"),))
        (count,) = await made.removals.preview([part])
        assert (count.questions, count.lines) == (2, 0)
        await made.removals.begin([part], "office")
        await carried_out(made)
        text = await made.bodies()
        assert b"Why q1?" not in text
        assert b"Why q2?" not in text
        assert b"Why q3?" in text
        assert await made.removals.preview([part]) == ()


async def test_it_goes_on_after_a_crash_in_the_middle_and_removes_nothing_twice() -> None:
    log, book = FailingLog(), MemoryBook()
    async with house(log, book) as made:
        person = await made.meetings()
        log.keeps_of.add(TWO)
        await made.removals.begin(made.removals.of_person(person), "office", person.id)
        for _ in range(50):
            await asyncio.sleep(0)
        (job,) = made.removals.jobs
        assert [part.done for part in job.parts] == [True, False]
        assert b"It is hers." in await made.bodies()
        # Killed before it could store that the first meeting was done.
        lost = msgspec.structs.replace(
            job, parts=tuple(msgspec.structs.replace(each, done=False) for each in job.parts)
        )
        await made.removals._keep(lost)
    log.keeps_of.clear()
    async with house(log, book) as made:
        await carried_out(made)
        text = await made.bodies()
        assert b"It is hers." not in text
        assert text.count(b'"type":"body.removed"') == 2


def test_what_the_disk_refuses_waits_a_minute_and_can_be_given_up() -> None:
    async def story() -> None:
        async with house() as made:
            person = await made.meetings()
            made.stuck = True
            await made.removals.begin(made.removals.of_person(person), "office", person.id)
            for _ in range(50):
                await asyncio.sleep(0)
            (job,) = made.removals.jobs
            assert b"It is hers." in await made.bodies()
            await made.removals.give_up("unknown")
            await made.removals.give_up(job.id)
            made.stuck = False
            await made.hall.clock.sleep(2 * AGAIN_MS)
            assert b"It is hers." in await made.bodies()
            made.stuck = True
            (part, _) = made.removals.of_person(person)
            for n in range(MOST_JOBS + 1):
                assert await made.removals.begin([part], "office") is (n < MOST_JOBS)
            made.stuck = False
            await made.hall.clock.sleep(2 * AGAIN_MS)
            assert made.removals.jobs == ()

    run(story())


async def test_a_meeting_that_cannot_be_read_is_named_and_the_others_go_on() -> None:
    async with house() as made:
        person = await made.meetings()
        find = made.hall.sessions.find

        async def broken(session: SessionId) -> LiveSession | None:
            if session == ONE:
                raise RecordBroken("The log of session one is damaged at event 3.")
            return await find(session)

        made.hall.sessions.find = broken  # type: ignore[method-assign]
        (first, second) = await made.removals.preview(made.removals.of_person(person))
        assert (first.unread, second.unread, second.lines) == (True, False, 1)
        await made.removals.begin(made.removals.of_person(person), "office", person.id)
        for _ in range(50):
            await asyncio.sleep(0)
        (job,) = made.removals.jobs
        assert [(part.done, part.refused) for part in job.parts] == [
            (False, "The log of session one is damaged at event 3."),
            (True, ""),
        ]
        assert made.people.all == [person], "not before all is done"
