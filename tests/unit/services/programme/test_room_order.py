from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.kernel.errors import FirstKnow, Refusal
from moothall.core.kernel.ids import SessionId
from moothall.services.programme.room_order import left_out, on_beside, two_in_a_room
from moothall.testing import loop
from programme_house import HALL, HOUR, NOW, programme_house

A, B, C = SessionId("a"), SessionId("b"), SessionId("c")


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
            assert refused.first_know == FirstKnow(kind="beside", title="a")
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
