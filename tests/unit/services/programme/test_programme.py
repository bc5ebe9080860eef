from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import GoneOn, RecordBroken, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Lane, SessionId, SpeakerId
from moothall.core.programme.plan import Overrun, Planned, Room, RoomId, Speaker
from moothall.core.sessions.state import Status
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.log_memory import FailingLog
from support.memory.hall import SESSION
from support.memory.programme import HALL, HOUR, NOW, ProgrammeHouse, programme_house

A, B, C = SessionId("a"), SessionId("b"), SessionId("c")


def test_a_made_session_has_its_log_its_text_and_who_is_announced() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = Planned(
                session=A, title="Opening", languages=("fr", "en"), speakers=(Speaker(id=SpeakerId("ana"), name="Ana"),)
            )
            made = await house.programme.make(planned, access=ev.Access.LINK, sound=ev.SoundKept.NONE, by="l1")
            assert isinstance(made, Planned)
            assert made.made == NOW
            assert await house.events(A) == [
                ev.SessionCreated(
                    title="Opening", languages=("fr", "en"), access=ev.Access.LINK, sound=ev.SoundKept.NONE
                ),
                ev.ChannelAdded(channel=ChannelId("floor"), kind=ev.ChannelKind.FLOOR, languages=("fr", "en")),
                ev.SpeakerIntroduced(speaker=SpeakerId("ana"), name="Ana"),
            ]
            header = (await house.log.read(A, 0, 1))[0].header
            assert (header.role, header.actor) == ("system", "l1")
            assert await house.programme.make(planned) == made
            assert len(await house.events(A)) == 3
            assert house.programme.plan_of(A) == made

    loop.run(story())


def test_of_young_people_no_names_are_taken_and_no_sound_is_kept() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = Planned(session=A, title="Youth", speakers=(Speaker(id=SpeakerId("ana"), name="Ana"),))
            await house.programme.make(planned, sound=ev.SoundKept.PUBLISHED, young_people=True)
            state = house.sessions.loaded(A)
            assert state is not None
            assert (state.state.speakers, state.state.sound) == ({}, ev.SoundKept.NONE)
            assert state.state.young_people

    loop.run(story())


def test_what_can_not_be_a_session_is_refused() -> None:
    async def story() -> None:
        async with programme_house() as house:
            for planned in (Planned(session=SessionId("../x"), title="T"), Planned(session=A, title="")):
                refusal = await house.programme.make(planned)
                assert isinstance(refusal, Refusal)
                assert refusal.code is RefusalCode.INVALID
            assert house.programme.planned() == ()

    loop.run(story())


def test_the_programme_is_there_when_the_server_is_started_again() -> None:
    async def story() -> None:
        async with programme_house() as first:
            await first.plan("a", 0)
            await first.plan("z", 400 * HOUR)
            await first.programme.next_session(HALL)
        async with programme_house(ProgrammeHouse(first.log, first.book)) as later:
            assert later.programme.rooms() == (Room(id=HALL, title="Main hall"),)
            assert [each.session for each in later.programme.planned()] == ["a", "z"]
            assert later.programme.now_in(HALL) == "a"
            assert later.sessions.loaded(SessionId("z")) is None

    loop.run(story())


def test_next_session_closes_one_and_opens_the_next() -> None:
    async def story() -> None:
        async with programme_house() as house:
            for name, starts in (("a", 0), ("b", HOUR), ("c", 2 * HOUR)):
                await house.plan(name, starts)
            programme = house.programme
            assert (programme.now_in(HALL), programme.next_in(HALL)) == (None, A)
            assert await programme.next_session(HALL, by="l1") == A
            assert (programme.now_in(HALL), programme.next_in(HALL)) == (A, B)
            assert programme.room_of(A) == HALL
            assert await programme.next_session(HALL, after=A) == B
            assert (programme.status_of(A), programme.status_of(B)) == (Status.CLOSED, Status.OPEN)
            checkpoint, done = (await house.events(A))[-2:]
            assert isinstance(checkpoint, ev.RecordCheckpoint)
            assert done == ev.CloseRequested()  # It has been followed by the next.
            last = (await house.log.read(A, 0, 100))[2].header
            assert (last.type, last.actor) == ("session.opened", "l1")

    loop.run(story())


def test_two_who_press_at_once_go_on_once() -> None:
    async def story() -> None:
        async with programme_house() as house:
            for name, starts in (("a", 0), ("b", HOUR), ("c", 2 * HOUR)):
                await house.plan(name, starts)
            first, second = [await house.programme.next_session(HALL, then=A) for _ in range(2)]
            assert (first, isinstance(second, Refusal) and second.gone_on) == (A, GoneOn(who="Amina", title="a"))
            first, second = await asyncio.gather(
                house.programme.next_session(HALL, after=A), house.programme.next_session(HALL, after=A)
            )
            assert first == B
            assert isinstance(second, Refusal)
            assert second.code is RefusalCode.CONFLICT
            assert second.gone_on == GoneOn(who="Amina", title="b")
            assert second.message == "Amina has started “b” already."
            assert house.programme.status_of(C) is Status.CREATED

    loop.run(story())


def test_after_the_last_there_is_nothing_and_nothing_is_closed() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", 0)
            await house.programme.next_session(HALL)
            refusal = await house.programme.next_session(HALL)
            assert isinstance(refusal, Refusal)
            assert house.programme.status_of(A) is Status.OPEN
            assert house.programme.next_in(RoomId("nowhere")) is None

    loop.run(story())


def test_a_full_disk_leaves_everything_as_it_was() -> None:
    async def story() -> None:
        log = FailingLog()
        async with programme_house(ProgrammeHouse(log)) as house:
            await house.plan("a", 0)
            await house.plan("b", HOUR)
            log.full = True
            refusal = await house.programme.next_session(HALL)
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.UNAVAILABLE
            log.full = False
            await house.programme.next_session(HALL)
            log.full = True
            assert isinstance(await house.programme.next_session(HALL), Refusal)
            assert (house.programme.now_in(HALL), house.programme.status_of(B)) == (A, Status.CREATED)

    loop.run(story())


def test_a_planned_session_without_a_log_is_said() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.programme.keep(planned=[Planned(session=A, room=HALL, title="A")])
            refusal = await house.programme.next_session(HALL)
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.UNKNOWN
            assert isinstance(await house.programme.send(A, do.OpenSession()), Refusal)

    loop.run(story())


def test_a_close_can_be_undone() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", 0)
            await house.plan("b", HOUR)
            await house.programme.next_session(HALL)
            await house.programme.next_session(HALL)
            assert await house.programme.send(A, do.ReopenSession()) is None
            assert house.programme.status_of(A) is Status.OPEN

    loop.run(story())


def test_an_overrun_is_said_at_five_minutes_and_when_the_time_is_up() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", 0)
            await house.plan("untimed")
            assert house.programme.overrun(A) is None
            await house.programme.next_session(HALL)
            await house.clock.sleep(HOUR - 300_001)
            assert house.programme.overrun(A) is None
            await house.clock.sleep(1)
            soon = Overrun(session=A, room=HALL, ends=NOW + HOUR, left=300_000)
            assert house.programme.overrun(A) == soon
            await house.clock.sleep(300_000)
            late = Overrun(session=A, room=HALL, ends=NOW + HOUR, left=0)
            assert house.programme.overrun(A) == late
            assert (soon.over, late.over) == (False, True)
            await house.programme.send(A, do.CloseSession())
            assert house.programme.overrun(A) is None
            assert house.programme.overrun(SessionId("untimed")) is None
            assert house.programme.overrun(SessionId("nobody")) is None

    loop.run(story())


def test_rooms_are_made_from_their_names() -> None:
    async def story() -> None:
        async with programme_house() as house:
            room = await house.programme.add_room("  Harbour \n room ")
            assert room == Room(id=RoomId("harbour-room"), title="Harbour room")
            for wrong in ("", " ", "x" * 201, "harbour room"):
                assert isinstance(await house.programme.add_room(wrong), Refusal)
            assert [each.title for each in house.programme.rooms()] == ["Harbour room", "Main hall"]

    loop.run(story())


def test_a_free_name_is_nobody_elses() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.session(SessionId("water-board"))
            await house.plan("water-board-2")
            assert await house.programme.free_name("Water board") == "water-board-3"

    loop.run(story())


def test_sessions_that_were_made_elsewhere_are_known_by_their_logs() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.session()
            await house.sessions.open(SessionId("empty"))
            await house.plan("a", 0)
            known = await house.programme.known(SESSION)
            assert known == Planned(session=SESSION, title="Open hall", languages=("en",))
            assert await house.programme.known(SessionId("empty")) is None
            assert await house.programme.known(A) == house.programme.plan_of(A)
            assert await house.programme.known(SessionId("nobody")) is None
            await house.programme.drop(A)
            assert house.programme.planned() == ()
            assert await house.programme.known(A) is not None

    loop.run(story())


def test_what_cannot_be_stored_is_not_planned() -> None:
    async def story() -> None:
        async with programme_house() as house:
            house.book.full = True
            with pytest.raises(StorageUnavailable):
                await house.plan("a", 0)
            with pytest.raises(StorageUnavailable):
                await house.programme.add_room("Tent")
            assert house.programme.planned() == ()
            house.book.full = False
            await house.plan("a", 0)
            assert len(await house.events(A)) == 2

    loop.run(story())


def test_a_session_whose_log_is_damaged_keeps_the_house_from_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Damaged(FailingLog):
        damaged = False

        async def read(
            self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
        ) -> Sequence[LogRecord]:
            if self.damaged and session == "bad":
                raise RecordBroken("Offset 4 can't be read.")
            return await super().read(session, after, limit, lanes)

    async def story() -> None:
        log, book = Damaged(), MemoryBook()
        async with programme_house(ProgrammeHouse(log, book)) as house:
            await house.plan("bad")
            await house.plan("good")
        log.damaged = True
        async with programme_house(ProgrammeHouse(log, book)) as house:
            assert house.sessions.loaded(SessionId("bad")) is None
            assert house.sessions.loaded(SessionId("good")) is not None

    loop.run(story())
    assert "session bad: the log can't be read" in caplog.text
