"""When addresses that staff entered for a meeting are forgotten."""

from __future__ import annotations

import msgspec

from moothall.core.commands import CloseSession, OpenSession, ReopenSession
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.programme.plan import Planned
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.forgetting import AFTER_CLOSE_MS, AFTER_PLAN_MS, Forgetting
from moothall.services.sessions.sessions import LOOK_MS, UNUSED_MS
from moothall.testing.clock import LONG_AGO
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall

ENDS = LONG_AGO + 3_600_000


def forgetting(hall: MemoryHall, *planned: Planned) -> Forgetting:
    return Forgetting(hall.sessions, {each.session: each for each in planned}.get, hall.clock)


async def act(hall: MemoryHall, command: OpenSession | CloseSession | ReopenSession) -> None:
    live = await hall.sessions.open(SESSION)
    done = await live.writer.send(SYSTEM, CommandId(f"act-{live.writer.offset}"), (command,))
    assert isinstance(done, Receipt)


def test_an_hour_after_the_close_counts_over_a_restart_and_without_the_session_in_memory() -> None:
    async def story() -> None:
        log = MemoryLog()
        async with memory_hall(MemoryHall(log)) as hall:
            await hall.session()
            await act(hall, OpenSession())
            over = forgetting(hall)
            await act(hall, CloseSession())
            assert not await over.due(SESSION, 0)
            await hall.clock.sleep(AFTER_CLOSE_MS)
            await act(hall, ReopenSession())
            assert not await over.due(SESSION, 0)
            await act(hall, CloseSession())
            assert not await over.due(SESSION, 0)
        async with memory_hall(MemoryHall(log, ahead=AFTER_CLOSE_MS - UNUSED_MS - 3 * LOOK_MS)) as hall:
            over = forgetting(hall)
            assert not await over.due(SESSION, 0)
            for _ in range(UNUSED_MS // LOOK_MS + 2):
                await hall.clock.sleep(LOOK_MS)
                assert not await over.due(SESSION, 0)
            assert hall.sessions.loaded(SESSION) is None
            await hall.clock.sleep(LOOK_MS)
            assert await over.due(SESSION, 0)

    run(story())


def test_one_that_was_never_held_a_week_after_its_planned_end_or_after_it_was_entered() -> None:
    async def story() -> None:
        planned, without_log = (Planned(session=each, title="", ends=ENDS) for each in (SESSION, SessionId("planned")))
        async with memory_hall(MemoryHall(ahead=3_600_000 + AFTER_PLAN_MS - 1_000)) as hall:
            await hall.session()
            over = forgetting(hall, planned, without_log)
            entered = hall.clock.wall()
            for session in (SESSION, SessionId("planned")):
                assert not await over.due(session, LONG_AGO)
            await hall.clock.sleep(1_000)
            for session in (SESSION, SessionId("planned")):
                assert await over.due(session, LONG_AGO)
                assert not await over.due(session, entered)
            assert await forgetting(hall).due(SESSION, LONG_AGO)
            assert not await forgetting(hall).due(SESSION, entered), "it isn't planned, and may yet be held"
            assert await forgetting(hall).due(SessionId("planned"), entered), "it is no more"

    run(story())


def test_one_that_is_cancelled_an_hour_after_that_unless_it_is_held_after_all() -> None:
    async def story() -> None:
        plans = {SESSION: Planned(session=SESSION, title="", ends=ENDS + AFTER_PLAN_MS)}
        async with memory_hall() as hall:
            await hall.session()
            over = Forgetting(hall.sessions, plans.get, hall.clock)

            async def stands(*, cancelled: bool) -> bool:
                plans[SESSION] = msgspec.structs.replace(plans[SESSION], cancelled=cancelled)
                return not await over.due(SESSION, LONG_AGO)

            assert await stands(cancelled=True)
            await hall.clock.sleep(AFTER_CLOSE_MS - 1_000)
            assert await stands(cancelled=True)
            assert await stands(cancelled=False)
            await hall.clock.sleep(1_000)
            assert await stands(cancelled=True)
            await hall.clock.sleep(AFTER_CLOSE_MS)
            for _ in ("a stream's address", "that in Zoom"):
                assert not await stands(cancelled=True)

    run(story())
