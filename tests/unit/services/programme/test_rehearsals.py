from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.programme.plan import Planned
from moothall.core.sessions.state import Status
from moothall.services.programme.rehearsals import AFTER_CLOSE_MS, AT_MOST_MS, LOOK_MS, Rehearsals
from moothall.services.reading.feed import Subscription
from moothall.services.sessions.sessions import UNUSED_MS
from moothall.testing import loop
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.frames import Format
from support.memory.hall import FLOOR
from support.memory.programme import ProgrammeHouse, programme_house

R, KEPT = SessionId("r"), SessionId("kept")
Story = Callable[[ProgrammeHouse, Rehearsals, list[SessionId]], Coroutine[Any, Any, None]]


def told(act: Story) -> Callable[[], None]:
    """A test of a house with a rehearsal and a meeting, whose sweeps the story makes."""

    def test() -> None:
        async def story() -> None:
            async with programme_house() as house:
                erased: list[SessionId] = []

                async def erase(session: SessionId) -> None:
                    erased.append(session)

                rehearsals = Rehearsals(
                    programme=house.programme, sessions=house.sessions, clock=house.clock, erase=erase
                )
                await house.programme.make(Planned(session=R, title="Sound check", rehearsal=True))
                await house.programme.make(Planned(session=KEPT, title="Meeting"))
                await act(house, rehearsals, erased)

        loop.run(story())

    return test


async def there(house: ProgrammeHouse) -> list[str]:
    planned = {each.session for each in house.programme.planned()}
    return sorted({*planned, *await house.sessions.names()})


@told
async def test_it_goes_an_hour_after_it_was_closed(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    await house.programme.send(R, do.OpenSession())
    await rehearsals.sweep()
    await house.programme.send(R, do.CloseSession())
    await rehearsals.sweep()
    await asyncio.sleep((AFTER_CLOSE_MS - 1) / 1000)
    await rehearsals.sweep()
    assert await there(house) == [KEPT, R]
    await asyncio.sleep(0.001)
    await rehearsals.sweep()
    assert await there(house) == [KEPT]
    assert erased == [R]
    assert await house.sessions.find(R) is None
    await rehearsals.sweep()


@told
async def test_one_that_is_opened_again_gets_its_hour_again(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    await house.programme.send(R, do.OpenSession())
    await house.programme.send(R, do.CloseSession())
    await rehearsals.sweep()
    await house.programme.send(R, do.ReopenSession())
    await asyncio.sleep(AFTER_CLOSE_MS / 1000)
    await rehearsals.sweep()
    assert erased == []
    await house.programme.send(R, do.CloseSession())
    await rehearsals.sweep()
    assert erased == []


@told
async def test_a_day_after_it_was_made_it_goes_though_it_is_on(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    await house.programme.send(R, do.OpenSession())
    live = await house.sessions.find(R)
    assert live is not None
    outlet = MemoryOutlet()
    assert isinstance(await live.fanout.subscribe(outlet, Feed(FLOOR), Format.SSE, None), Subscription)
    await asyncio.sleep(AT_MOST_MS / 1000)
    await rehearsals.sweep()
    assert live.state.status is Status.CLOSED
    assert erased == []
    await rehearsals.sweep()
    assert await there(house) == [KEPT]
    assert erased == [R]
    assert outlet.is_closing()
    assert not house.sessions.loaded(R)


@told
async def test_its_own_task_looks_each_minute_and_outlives_a_full_disk(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(rehearsals.run())
        house.book.full = True
        await asyncio.sleep((AT_MOST_MS + LOOK_MS) / 1000)
        assert [each.session for each in house.programme.planned()] == [KEPT, R]
        house.book.full = False
        await asyncio.sleep(LOOK_MS / 1000)
        assert await there(house) == [KEPT]
        running.cancel()


@told
async def test_one_that_was_made_elsewhere_counts_from_when_it_is_seen(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    live = await house.sessions.open(SessionId("other"))
    await live.writer.send(SYSTEM, CommandId("c"), do.CreateSession(title="T", languages=("en",), rehearsal=True))
    await rehearsals.sweep()
    await asyncio.sleep(AT_MOST_MS / 1000 - 1)
    await rehearsals.sweep()
    assert "other" in await there(house)
    await asyncio.sleep(1)
    await rehearsals.sweep()
    assert "other" not in await there(house)


@told
async def test_one_without_a_log_goes_too(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    await house.sessions.forget(R)
    await rehearsals.sweep()
    await asyncio.sleep(AFTER_CLOSE_MS / 1000)
    await rehearsals.sweep()
    assert await there(house) == [KEPT]


@told
async def test_to_be_looked_at_keeps_no_rehearsal_in_memory(
    house: ProgrammeHouse, rehearsals: Rehearsals, erased: list[SessionId]
) -> None:
    await house.programme.send(R, do.OpenSession())
    await house.programme.send(R, do.CloseSession())
    for _ in range(3 * UNUSED_MS // 2 // LOOK_MS):
        await rehearsals.sweep()
        await asyncio.sleep(LOOK_MS / 1000)
    assert house.sessions.loaded(R) is None
    assert R in await there(house)
    assert erased == []
