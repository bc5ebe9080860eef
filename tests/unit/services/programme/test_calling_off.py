from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned
from moothall.services.programme.calling_off import UNDO_MS, cancel, delete, list_or_hide, reinstate, restore
from moothall.services.programme.meeting_plan import change_meeting, duplicate, left_out
from moothall.services.programme.rehearsals import Rehearsals
from moothall.testing import loop
from support.memory.programme import HALL, HOUR, NOW, ProgrammeHouse, programme_house

A, B = SessionId("a"), SessionId("b")
Story = Callable[[ProgrammeHouse, Rehearsals], Coroutine[Any, Any, None]]


def told(act: Story) -> Callable[[], None]:
    """A test of a house with two meetings in one room, whose sweeps the story makes."""

    def test() -> None:
        async def story() -> None:
            async with programme_house() as house:

                async def erase(session: SessionId) -> None:
                    await house.role_links.forget(session)

                sweeper = Rehearsals(programme=house.programme, sessions=house.sessions, clock=house.clock, erase=erase)
                await house.plan("a", HOUR)
                await house.plan("b", 3 * HOUR)
                await act(house, sweeper)

        loop.run(story())

    return test


async def state(house: ProgrammeHouse, session: SessionId = A) -> tuple[str | None, bool]:
    live = await house.sessions.find(session)
    assert live is not None
    return live.state.cancelled, live.state.listed


def code(refused: Refusal | object) -> RefusalCode:
    assert isinstance(refused, Refusal)
    return refused.code


@told
async def test_what_is_cancelled_is_not_next_and_can_not_begin(house: ProgrammeHouse, sweeper: Rehearsals) -> None:
    programme = house.programme
    assert programme.next_in(HALL) == A
    assert await cancel(programme, A, "Storm", by="l1") is None
    assert await state(house) == ("Storm", True)
    assert programme.next_in(HALL) == B
    assert left_out(programme, HALL, NOW) == ()
    assert code(await programme.next_session(HALL, then=A)) is RefusalCode.CONFLICT
    assert code(await programme.send(A, do.OpenSession())) is RefusalCode.CONFLICT
    assert await reinstate(programme, A, by="l1") is None
    assert (await state(house), programme.next_in(HALL)) == ((None, True), A)
    assert code(await reinstate(programme, A, by="l1")) is RefusalCode.CONFLICT
    for act in (cancel(programme, SessionId("none"), "", by="l1"), reinstate(programme, SessionId("none"), by="l1")):
        assert code(await act) is RefusalCode.UNKNOWN


@told
async def test_what_has_begun_is_neither_cancelled_nor_deleted_but_can_be_hidden(
    house: ProgrammeHouse, sweeper: Rehearsals
) -> None:
    programme = house.programme
    await programme.send(A, do.OpenSession())
    assert code(await cancel(programme, A, "", by="l1")) is RefusalCode.CONFLICT
    assert code(await delete(programme, A, by="l1")) is RefusalCode.CONFLICT
    for listed in (False, False, True):
        assert await list_or_hide(programme, A, listed=listed, by="l1") is None
        assert (await state(house))[1] is listed
    assert code(await list_or_hide(programme, SessionId("none"), listed=True, by="l1")) is RefusalCode.UNKNOWN


@told
async def test_what_is_deleted_is_gone_in_a_minute(house: ProgrammeHouse, sweeper: Rehearsals) -> None:
    programme, plan = house.programme, await house.plan_now(A)
    assert await delete(programme, A, by="l1") is None
    assert [each.session for each in programme.planned()] == [B]
    assert [each.session for each in programme.deleted()] == [A]
    assert await state(house) == ("", False)
    assert programme.next_in(HALL) == B
    assert code(await programme.send(A, do.OpenSession())) is RefusalCode.CONFLICT
    for refused in (
        await delete(programme, A, by="l1"),
        await change_meeting(programme, A, plan, plan, by="l1"),
        await duplicate(programme, A, title="a", starts=None, by="l1"),
    ):
        assert code(refused) is RefusalCode.UNKNOWN
    assert code(await programme.make(Planned(session=A, title="a"))) is RefusalCode.CONFLICT
    await sweeper.sweep()
    assert await house.sessions.names() == [A, B]
    await asyncio.sleep((UNDO_MS + 1) / 1000)
    assert code(await restore(programme, A, by="l1")) is RefusalCode.UNKNOWN
    await sweeper.sweep()
    assert await house.sessions.names() == [B]
    assert (programme.plan_of(A), programme.deleted()) == (None, ())
    assert code(await restore(programme, A, by="l1")) is RefusalCode.UNKNOWN
    assert isinstance(await programme.make(Planned(session=A, title="a")), Planned)


@pytest.mark.parametrize("cancelled", [None, "Storm"])
@pytest.mark.parametrize("listed", [True, False])
def test_a_deletion_is_taken_back_whole(cancelled: str | None, listed: bool) -> None:
    @told
    async def story(house: ProgrammeHouse, sweeper: Rehearsals) -> None:
        programme = house.programme
        if cancelled is not None:
            await cancel(programme, A, cancelled, by="l1")
        await list_or_hide(programme, A, listed=listed, by="l1")
        before, noted = programme.plan_of(A), programme.agenda.changes()
        assert await delete(programme, A, by="l1") is None
        assert await restore(programme, A, by="l1") is None
        assert await state(house) == (cancelled, listed)
        assert programme.plan_of(A) == before
        assert programme.agenda.changes() == noted, "nobody reads of what was taken back"
        await asyncio.sleep((UNDO_MS + 1) / 1000)
        await sweeper.sweep()
        assert await house.sessions.names() == [A, B]

    story()


@told
async def test_what_is_held_after_all_meanwhile_is_not_erased(house: ProgrammeHouse, sweeper: Rehearsals) -> None:
    await delete(house.programme, A, by="l1")
    live = await house.sessions.find(A)
    assert live is not None
    await house.programme.send(A, do.ReinstateSession())
    await house.programme.send(A, do.OpenSession())
    await asyncio.sleep((UNDO_MS + 1) / 1000)
    await sweeper.sweep()
    assert await state(house) == (None, True)
    assert [each.session for each in house.programme.planned()] == [A, B]


@told
async def test_what_was_killed_before_its_log_was_told_is_no_deletion(
    house: ProgrammeHouse, sweeper: Rehearsals
) -> None:
    before = house.programme.plan_of(A)
    await delete(house.programme, A, by="l1")
    marked = house.programme.plan_of(A)
    assert before is not None
    assert marked is not None
    await restore(house.programme, A, by="l1")
    await house.programme.keep(planned=[msgspec.structs.replace(before, deleted=marked.deleted)])
    await asyncio.sleep((UNDO_MS + 1) / 1000)
    await sweeper.sweep()
    assert house.programme.plan_of(A) == before


def test_after_a_restart_the_log_says_what_is_cancelled_and_deletions_go_on() -> None:
    async def story() -> None:
        first = ProgrammeHouse()
        async with programme_house(first) as house:
            await house.plan("a", HOUR)
            await house.plan("b", 3 * HOUR)
            await house.programme.send(A, do.CancelSession())  # Killed before the book was told.
            await delete(house.programme, B, by="l1")
        async with programme_house(ProgrammeHouse(first.log, first.book)) as house:
            assert house.programme.next_in(HALL) is None
            assert [each.session for each in house.programme.deleted()] == [B]
            house.programme.randomness.bytes(10 * 3)  # Seeded alike: the names of acts go on where they were.
            assert await restore(house.programme, B, by="l1") is None
            assert house.programme.next_in(HALL) == B
            assert await state(house, B) == (None, True)

    loop.run(story())
