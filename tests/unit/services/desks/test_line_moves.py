from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from moothall.core import commands as do
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import Access
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.services.desks.desks import Desks
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.staff import Staff
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from moothall.testing.outlets import MemoryOutlet
from support.memory.hall import FLOOR, MemoryHall, memory_hall
from support.memory.writer import ENGINE

MORNING, NOON = SessionId("morning"), SessionId("noon")
A = SegmentId("a")
MOVE = CommandId("m")
STAFF = Staff(link="l1", role=Role.TECHNICIAN, scope="hall", label="Ann")


class Two:
    """Two sessions of a house, a line of the first of which belongs to the second."""

    def __init__(self, hall: MemoryHall, desks: Desks, desk: DeskConnection, noon: LiveSession) -> None:
        self.hall = hall
        self.desks = desks
        self.desk = desk
        self.noon = noon

    async def move(self, session: SessionId = NOON) -> Receipt | Refusal:
        return await self.hall.moves.move(self.desk, MOVE, channel=FLOOR, segments=(A,), session=session)

    def lines(self) -> tuple[list[str], list[str]]:
        """What stands in both."""
        return standing(self.desk.live), standing(self.noon)


def standing(live: LiveSession) -> list[str]:
    return [line.whole for _, line in live.state.segments.items() if not line.gone]


@asynccontextmanager
async def two(
    log: FailingLog | None = None,
    access: Access = Access.PUBLIC,
    may_act: Callable[[Staff, SessionId], bool] = lambda *_: True,
) -> AsyncIterator[Two]:
    """With the log of earlier ones it goes on with these."""
    async with memory_hall(MemoryHall(log)) as hall:
        for name in (MORNING, NOON) if log is None else ():
            live = await hall.session(name, access if name == NOON else Access.PUBLIC)
            begun: list[do.AnyCommand] = [do.OpenSession(), do.AttachEngine(channel=FLOOR, model="m")]
            assert isinstance(await live.writer.send(SYSTEM, CommandId("open"), begun), Receipt)
        live, noon = await hall.sessions.open(MORNING), await hall.sessions.open(NOON)
        if log is None:
            start = do.SegmentStart(t0=0, language="en")
            words = (Word("Welcome.", 0, 500),)
            said: list[do.AnyCommand] = [
                do.CommitWords(channel=FLOOR, generation=1, segment=A, first=0, words=words, start=start),
                do.EndSegment(channel=FLOOR, generation=1, segment=A, t1=500, reason=EndReason.SENTENCE),
            ]
            assert isinstance(await live.writer.send(ENGINE, CommandId("said"), said), Receipt)
            await hall.clock.sleep(90_000)
        desks = hall.desks(may_act=may_act)
        joined = await desks.join(STAFF, MORNING, outlet=MemoryOutlet(), push=lambda *_: None)
        assert not isinstance(joined, Refusal)
        yield Two(hall, desks, joined[0], noon)


def log_of(it: Two) -> FailingLog:
    assert isinstance(it.hall.log, FailingLog)
    return it.hall.log


def test_lines_are_moved_and_moved_back_after_a_restart_once() -> None:
    async def story(access: Access) -> None:
        async with two(access=access) as before:
            assert isinstance(await before.move(), Receipt)
            assert before.lines() == ([], ["Welcome."])
        async with two(log_of(before)) as after:
            undone = await after.desks.undo(after.desk, MOVE)
            assert isinstance(undone, Receipt)
            assert after.lines() == (["Welcome."], [])
            assert await after.desks.undo(after.desk, MOVE) == undone
        async with two(log_of(before)) as last:
            assert await last.desks.undo(last.desk, MOVE) == undone
            assert last.lines() == (["Welcome."], [])

    for access in (Access.PUBLIC, Access.STAFF):  # Readers may not know of the other one, so no log names it.
        run(story(access))


def test_what_was_undone_in_one_log_only_when_the_server_was_killed_is_gone_on_with() -> None:
    async def story() -> None:
        async with two() as before:
            assert isinstance(await before.move(), Receipt)
            log = log_of(before)
            log.refuses = {NOON}
            assert isinstance(await before.desks.undo(before.desk, MOVE), Refusal)
            assert before.lines() == (["Welcome."], ["Welcome."])
            log.refuses = set()
        async with two(log) as after:
            assert isinstance(await after.desks.undo(after.desk, MOVE), Receipt)
            assert after.lines() == (["Welcome."], [])

    run(story())


def test_whose_link_does_not_reach_the_other_session_leaves_the_lines_there() -> None:
    async def story() -> None:
        async with two(may_act=lambda _, session: session == MORNING) as it:
            assert isinstance(await it.move(), Receipt)
            refused = await it.desks.undo(it.desk, MOVE)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.FORBIDDEN

    run(story())


def test_there_has_to_be_another_session() -> None:
    async def story() -> None:
        async with two() as it:
            refused = await it.move(SessionId("none"))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNKNOWN

    run(story())


def test_lines_whose_other_session_is_no_more_can_not_be_brought_back() -> None:
    async def story() -> None:
        async with two() as it:
            assert isinstance(await it.move(), Receipt)
            await it.hall.sessions.forget(NOON)
            refused = await it.desks.undo(it.desk, MOVE)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNKNOWN

    run(story())
