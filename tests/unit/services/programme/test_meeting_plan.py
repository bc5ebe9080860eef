from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.services.programme.meeting_plan import change_plan, left_out, on_beside, two_in_a_room
from moothall.testing import loop
from support.memory.programme import HALL, HOUR, NOW, programme_house

A, B, C = SessionId("a"), SessionId("b"), SessionId("c")


def test_title_and_languages_go_into_the_log_and_times_into_the_programme() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            before = len(await house.events(A))
            wanted = msgspec.structs.replace(planned, title="Water", languages=("sw", "fr"), ends=NOW + 3 * HOUR)
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert (await house.events(A))[before:] == [ev.SessionDescribed(title="Water", languages=("sw", "fr"))]
            assert house.programme.plan_of(A) == wanted
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert len(await house.events(A)) == before + 1
            later = msgspec.structs.replace(wanted, starts=NOW + 2 * HOUR)
            assert await change_plan(house.programme, later, by="l1") is None
            assert (len(await house.events(A)), house.programme.plan_of(A)) == (before + 1, later)

    loop.run(story())


def test_of_a_meeting_that_has_begun_the_times_stay() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            await house.programme.send(A, do.OpenSession())
            before = len(await house.events(A))
            refused = await change_plan(house.programme, msgspec.structs.replace(planned, starts=NOW), by="l1")
            assert refused is not None
            assert refused.code is RefusalCode.CONFLICT
            wanted = msgspec.structs.replace(planned, title="Water", languages=("sw", "fr"))
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert house.programme.plan_of(A) == wanted
            assert (await house.events(A))[before:] == [
                ev.SessionDescribed(title="Water"),
                ev.SessionDescribed(title="Water", languages=("sw", "fr")),
            ]

    loop.run(story())


def test_what_can_not_be_is_refused_and_changes_nothing() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            nobody = await change_plan(
                house.programme, msgspec.structs.replace(planned, session=SessionId("none")), by="l1"
            )
            assert nobody is not None
            assert nobody.code is RefusalCode.UNKNOWN
            for starts, ends in ((None, NOW), (NOW, NOW), (NOW, NOW + 8 * 24 * HOUR)):
                wanted = msgspec.structs.replace(planned, title="Water", starts=starts, ends=ends)
                refused = await change_plan(house.programme, wanted, by="l1")
                assert refused is not None
                assert refused.code is RefusalCode.INVALID
            empty = msgspec.structs.replace(planned, title=" ")
            assert await change_plan(house.programme, empty, by="l1") is not None
            assert house.programme.plan_of(A) == planned

    loop.run(story())


def test_when_the_programme_can_not_be_stored_the_same_call_does_the_rest_later() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            wanted = msgspec.structs.replace(planned, title="Water", starts=NOW)
            house.book.full = True
            with pytest.raises(StorageUnavailable):
                await change_plan(house.programme, wanted, by="l1")
            house.book.full = False
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert house.programme.plan_of(A) == wanted

    loop.run(story())


def test_what_is_on_in_the_same_room_is_told_before_another_one_is_opened() -> None:
    async def story() -> None:
        async with programme_house() as house:
            for n, name in enumerate((A, B)):
                await house.plan(name, n * HOUR)
            await house.plan("elsewhere", 0, room=None)
            assert two_in_a_room(house.programme, B) is None
            await house.programme.send(A, do.OpenSession())
            refused = two_in_a_room(house.programme, B)
            assert refused is not None
            assert refused.first_know == FirstKnow(kind="same-room", title="a")
            assert two_in_a_room(house.programme, A) is None, "it is itself"
            for other in (SessionId("elsewhere"), SessionId("none")):
                assert on_beside(house.programme, other) is None
            await house.programme.send(A, do.PauseSession())
            assert on_beside(house.programme, B) is not None
            await house.programme.send(A, do.CloseSession())
            assert on_beside(house.programme, B) is None

    loop.run(story())


def test_one_that_was_moved_before_what_is_on_is_named_and_can_be_started() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = [await house.plan(name, n * HOUR) for n, name in enumerate((A, B, C))]
            assert await house.programme.next_session(HALL) == A
            moved = msgspec.structs.replace(planned[1], starts=NOW - HOUR // 2, ends=NOW + HOUR)
            await house.programme.keep(planned=[moved])
            assert house.programme.next_in(HALL) == C
            assert left_out(house.programme, HALL, NOW) == (moved,)
            for wrong in (A, SessionId("none")):
                assert isinstance(await house.programme.next_session(HALL, after=A, then=wrong), Refusal)
            assert await house.programme.next_session(HALL, after=A, then=B) == B
            assert left_out(house.programme, HALL, NOW) == ()

    loop.run(story())
