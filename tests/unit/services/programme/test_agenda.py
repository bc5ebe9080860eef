from __future__ import annotations

import msgspec
import pytest

from moothall.core.events.types import Access
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.agenda import AgendaNote, AgendaPart
from moothall.core.programme.changes import MOST_CHANGES
from moothall.core.programme.plan import Planned
from moothall.services.programme.agenda import CHANGES
from moothall.services.programme.calling_off import cancel, list_or_hide, reinstate
from moothall.testing import loop
from support.memory.programme import HOUR, ProgrammeHouse, programme_house

A, B = SessionId("a"), SessionId("b")


def kinds(house: ProgrammeHouse) -> list[tuple[str, str]]:
    return [(change.session, change.kind) for change in house.programme.agenda.changes()]


def test_what_changes_for_readers_is_noted_with_the_plan_and_is_there_after_a_restart() -> None:
    async def story() -> None:
        async with programme_house() as first:
            made = await first.plan("a", 0)
            await first.programme.keep(planned=[made])
            await first.programme.keep(planned=[msgspec.structs.replace(made, starts=made.starts, room=None)])
            agenda = first.programme.agenda
            assert await agenda.write("en", {AgendaPart.THEME: "  Water \n", AgendaPart.TOPICS: " "})
            assert await agenda.annotate(A, AgendaNote(statement=" Captions "))
            assert await cancel(first.programme, A, "The hall is flooded.", by="test") is None
            assert kinds(first) == [("a", "cancelled"), ("a", "room"), ("a", "new")]
        async with programme_house(ProgrammeHouse(first.log, first.book)) as later:
            agenda = later.programme.agenda
            assert kinds(later) == [("a", "cancelled"), ("a", "room"), ("a", "new")]
            assert agenda.texts == {"en": {AgendaPart.THEME: "Water"}}
            assert agenda.note(A) == AgendaNote(statement="Captions")
            assert await agenda.write("en", {AgendaPart.THEME: ""})
            assert await agenda.annotate(A, AgendaNote())
            assert (agenda.texts, agenda.note(A)) == ({}, AgendaNote())
            assert await reinstate(later.programme, A, by="test") is None
            assert kinds(later)[0] == ("a", "restored")

    loop.run(story())


@pytest.mark.parametrize("access", [Access.LINK, Access.STAFF])
def test_of_what_not_everybody_may_read_nothing_is_noted(access: Access) -> None:
    async def story() -> None:
        async with programme_house() as house:
            made = await house.programme.make(Planned(session=A, title="Secret"), access=access)
            assert isinstance(made, Planned)
            await house.programme.make(Planned(session=B, title="Try", rehearsal=True))
            await house.programme.keep(planned=[msgspec.structs.replace(made, starts=5)])
            assert await cancel(house.programme, A, "", by="test") is None
            assert house.programme.agenda.changes() == ()
            assert await house.book.read(CHANGES) == {}

    loop.run(story())


def test_of_what_is_taken_from_lists_nothing_more_is_noted() -> None:
    async def story() -> None:
        async with programme_house() as house:
            made = await house.plan("a", 0)
            assert await list_or_hide(house.programme, A, listed=False, by="test") is None
            await house.programme.keep(planned=[msgspec.structs.replace(made, starts=None)])
            assert kinds(house) == [("a", "new")]

    loop.run(story())


def test_what_is_not_stored_has_not_changed() -> None:
    async def story() -> None:
        async with programme_house() as house:
            made = await house.plan("a", 0)
            house.book.full = True
            with pytest.raises(StorageUnavailable):
                await house.programme.keep(planned=[msgspec.structs.replace(made, starts=None)])
            with pytest.raises(StorageUnavailable):
                await house.programme.agenda.annotate(A, AgendaNote(statement="Captions"))
            house.book.full = False
            assert kinds(house) == [("a", "new")]
            assert house.programme.agenda.note(A) == AgendaNote()

    loop.run(story())


def test_the_newest_are_kept_and_the_oldest_leave_the_book() -> None:
    async def story() -> None:
        async with programme_house() as house:
            made = await house.plan("a", 0)
            for number in range(MOST_CHANGES + 5):
                made = msgspec.structs.replace(made, starts=number)
                await house.programme.keep(planned=[made])
            changes = house.programme.agenda.changes()
            assert len(changes) == len(await house.book.read(CHANGES)) == MOST_CHANGES
            assert changes[0].starts[1] == MOST_CHANGES + 4
            many = [(made, msgspec.structs.replace(made, starts=-n)) for n in range(1, MOST_CHANGES + 10)]
            await house.programme.agenda.write_plans(many, [])
            assert len(house.programme.agenda.changes()) == len(await house.book.read(CHANGES)) == MOST_CHANGES
            assert house.programme.agenda.changes()[-1].starts[1] == -10

    loop.run(story())


def test_a_session_that_is_gone_takes_along_what_was_said_of_it() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", 0)
            await house.plan("b", HOUR)
            agenda = house.programme.agenda
            await agenda.annotate(A, AgendaNote(statement="Captions"))
            await agenda.forget(A)
            await agenda.forget(SessionId("nobody"))
            assert (kinds(house), agenda.note(A)) == ([("b", "new")], AgendaNote())
            assert len(await house.book.read(CHANGES)) == 1

    loop.run(story())


def test_what_is_too_long_is_not_kept() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", 0)
            agenda = house.programme.agenda
            assert not await agenda.write("en", {AgendaPart.THEME: "x" * 8_001, AgendaPart.TOPICS: "y"})
            assert not await agenda.annotate(A, AgendaNote(statement="x" * 501))
            assert (agenda.texts, agenda.note(A)) == ({}, AgendaNote())

    loop.run(story())


def test_a_session_whose_log_is_not_there_is_not_on_the_agenda() -> None:
    async def story() -> None:
        async with programme_house() as house:
            nowhere = Planned(session=A, title="Nowhere", made=1)
            await house.programme.keep(planned=[nowhere])
            assert house.programme.agenda.changes() == ()

    loop.run(story())
