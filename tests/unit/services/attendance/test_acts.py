"""Acts about attendance: by the staff with their links, by people with the secret of their entry."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events.attendance import CountSource
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.roll import RollEntry
from moothall.services.attendance.acts import AttendanceActs, RollWords, entry_of
from moothall.services.sessions.staff import HALL, Staff
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from support.memory.hall import SESSION, memory_hall

OFFICE = Staff(role=Role.SECRETARIAT, scope=HALL, link="s1", label="")
MODERATOR = Staff(role=Role.MODERATOR, scope=HALL, link="m1", label="")
NOWHERE = SessionId("nosuchone")
SECRET = "s" * 22


def test_whoever_knows_the_secret_of_an_entry_corrects_and_removes_it() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            acts = AttendanceActs(hall.sessions, SeededRandomness())
            await hall.session()
            assert await acts.by_staff(SESSION, OFFICE, do.ArrangeRoll(open=True)) is None
            assert await acts.sign(SESSION, SECRET, RollWords(name="Ana", group="media")) is None
            assert await acts.own(SESSION, SECRET) == RollEntry(name="Ana", group="media")
            assert await acts.sign(SESSION, SECRET, RollWords(name="Ana Souza")) is None
            entry = entry_of(SESSION, SECRET)
            assert SECRET not in entry
            assert entry != entry_of(NOWHERE, SECRET)
            other = await acts.strike(SESSION, "t" * 22, entry)
            assert other is not None
            assert await acts.strike(SESSION, SECRET, entry) is None
            assert await acts.own(SESSION, SECRET) is None
            again = await acts.strike(SESSION, OFFICE, entry)
            assert again is not None
            assert again.code is RefusalCode.UNKNOWN

    run(story())


def test_the_staff_does_what_its_role_may() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            acts = AttendanceActs(hall.sessions, SeededRandomness())
            await hall.session()
            count = do.CountPeople(people=40, source=CountSource.TYPED)
            assert await acts.by_staff(SESSION, MODERATOR, count) is None
            state = await acts.state(SESSION)
            assert state is not None
            assert [each.people for each in state.attendance.counts] == [40]
            refused = await acts.by_staff(SESSION, MODERATOR, do.ArrangeRoll(open=True))
            assert refused is not None
            assert refused.code is RefusalCode.FORBIDDEN
            struck = await acts.strike(SESSION, MODERATOR, entry_of(SESSION, SECRET))
            assert struck is not None
            assert struck.code is RefusalCode.FORBIDDEN

    run(story())


def test_of_a_session_that_does_not_exist_nothing_is_done() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            acts = AttendanceActs(hall.sessions, SeededRandomness())
            assert await acts.state(NOWHERE) is None
            assert await acts.own(NOWHERE, SECRET) is None
            for refused in (
                await acts.sign(NOWHERE, SECRET, RollWords(name="Ana")),
                await acts.strike(NOWHERE, SECRET, entry_of(NOWHERE, SECRET)),
            ):
                assert refused is not None
                assert refused.code is RefusalCode.UNKNOWN

    run(story())
