from __future__ import annotations

import asyncio

import pytest

from moothall.core.events import types as ev
from moothall.core.kernel.errors import LogTrimmed
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import LogHead
from moothall.services.cluster.archiving import AFTER_MS, LOOK_MS, Archiving, closed_at
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.two_copies import STEPS, TwoCopies
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import MemoryLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.cluster.following import DamagedLog
from support.sessions.recorder import EPOCH, MORNING, SESSION, Recorder

CLOSED, REOPENED = ev.SessionClosed(t=9), ev.SessionReopened(t=9)
LINE = ev.SessionPaused(t=1)


class Kept:
    """This node keeps the house."""

    term: int | None = 1_001
    answers = True

    async def give_up(self) -> None:
        raise AssertionError("It isn't given up here.")


class ArchivingNodes:
    """A keeper whose closed sessions may be given up, and how many others have what it has."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = SharedLogStore()
        self.shared = MemorySharedLog(self.store, "n1")
        self.own = DamagedLog()
        self.log = TwoCopies(self.shared, self.own, Kept(), self.clock)
        self.others = 1
        self.asked: list[tuple[SessionId, int]] = []
        self.held = True
        self.recorder = Recorder()
        self.term = 0
        self.archiving = Archiving(
            self.shared, self.log, self.clock, copies=2, archives=self._archives, loaded=lambda _: self.held
        )

    def _archives(self, session: SessionId, head: LogHead) -> int:
        self.asked.append((session, head.offset))
        return self.others

    async def write(self, *events: ev.AnyEvent) -> None:
        head = await self.own.head(SESSION) or await self.log.acquire(SESSION, EPOCH)
        await self.log.append(SESSION, head.term, head.offset, [self.recorder.record(event) for event in events])

    @property
    def at(self) -> int:
        """When the newest event was, Unix ms."""
        return MORNING + 40 * self.recorder.offset

    def pass_on(self, ms: int) -> None:
        """Let so much have passed since then."""
        self.clock.set_wall(self.at + ms)

    async def first(self) -> int:
        return await self.shared.first(SESSION)


@pytest.fixture
def house() -> ArchivingNodes:
    return ArchivingNodes()


async def test_redis_gives_up_a_session_an_hour_after_its_close_once_enough_nodes_have_it(
    house: ArchivingNodes,
) -> None:
    await house.write(LINE, LINE)
    running = asyncio.ensure_future(house.archiving.run())
    await house.clock.advance(LOOK_MS)
    assert await house.first() == 1, "it is on"
    await house.write(CLOSED)
    house.pass_on(AFTER_MS - LOOK_MS - 1)
    await house.clock.advance(LOOK_MS)
    assert (await house.first(), house.asked) == (1, []), "much is corrected in the hour after"
    house.others = 0
    house.pass_on(AFTER_MS - LOOK_MS)
    await house.clock.advance(LOOK_MS)
    assert (await house.first(), house.asked) == (1, [(SESSION, 3)]), "nobody else has it"
    house.others = 1
    await house.clock.advance(LOOK_MS)
    assert await house.first() == 4
    with pytest.raises(LogTrimmed):
        await house.shared.read(SESSION, 0, 9)
    assert len(await house.log.read(SESSION, 0, 9)) == 3
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_log_that_cannot_be_read_holds_up_no_other(
    house: ArchivingNodes, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = SessionId("damaged")
    head = await house.log.acquire(damaged, EPOCH)
    await house.log.append(damaged, head.term, 0, [Recorder(session=damaged).record(LINE)])
    await house.write(LINE, CLOSED)
    house.pass_on(2 * AFTER_MS)
    house.own.damaged = frozenset({damaged})
    for _ in range(2):
        await house.archiving.look()
    assert await house.first() == 3
    assert caplog.text.count("session damaged: its log can't be read") == 1


async def test_a_session_that_changed_behind_an_older_file_is_looked_at(house: ArchivingNodes) -> None:
    await house.write(LINE)
    house.pass_on(2 * AFTER_MS)
    await house.archiving.look()
    change = (await house.store.changed(0)).upto
    await house.write(CLOSED)
    house.pass_on(2 * AFTER_MS)
    house.store.start_again(change - 1)
    await house.store.changed(0)
    await house.archiving.look()
    assert await house.first() == 3


async def test_a_correction_begins_the_stream_anew_and_is_given_up_in_its_turn(house: ArchivingNodes) -> None:
    await house.write(LINE, CLOSED)
    house.pass_on(2 * AFTER_MS)
    await house.archiving.look()
    await house.write(LINE)
    assert len(await house.shared.read(SESSION, 2, 9)) == 1
    house.others = 0
    await house.archiving.look()
    assert await house.first() == 3
    house.others = 1
    await house.archiving.look()
    assert await house.first() == 4


async def test_a_log_that_nobody_holds_is_taken_over_before_it_is_given_up(house: ArchivingNodes) -> None:
    await house.write(LINE, CLOSED)
    before = await house.store.head(SESSION)
    assert before is not None
    house.held = False
    house.pass_on(2 * AFTER_MS)
    await house.archiving.look()
    head = await house.store.head(SESSION)
    assert head is not None
    assert (await house.first(), head.term > before.term) == (3, True)


async def test_what_came_since_the_nodes_were_asked_stays(house: ArchivingNodes) -> None:
    """A correction, while the log that nobody holds is taken over to be given up."""
    await house.write(LINE, CLOSED)
    house.held = False
    house.pass_on(2 * AFTER_MS)
    archives = house.archiving.archives

    def corrected(session: SessionId, head: LogHead) -> int:
        there = house.store._logs[session]
        record = house.recorder.record(LINE)
        there.records.append(record)
        there.lanes[record.header.lane] = house.recorder.heads[record.header.lane]
        return archives(session, head)

    house.archiving.archives = corrected
    await house.archiving.look()
    assert await house.first() == 3
    assert len(await house.shared.read(SESSION, 2, 9)) == 1


async def test_one_that_another_has_taken_over_stays(house: ArchivingNodes) -> None:
    await house.write(LINE, CLOSED)
    house.pass_on(2 * AFTER_MS)
    await MemorySharedLog(house.store, "n2").acquire(SESSION, EPOCH, 1_002 * STEPS)
    await house.archiving.look()
    assert await house.first() == 1


async def test_one_that_is_erased_meanwhile_is_no_more_asked_for(house: ArchivingNodes) -> None:
    await house.write(LINE, CLOSED)
    house.others = 0
    house.pass_on(2 * AFTER_MS)
    await house.archiving.look()
    await house.log.forget(SESSION)
    await house.archiving.look()
    assert house.asked == [(SESSION, 2)]


async def test_a_session_that_goes_on_is_not_closed(house: ArchivingNodes) -> None:
    await house.write(LINE, CLOSED, LINE, REOPENED)
    assert await closed_at(house.own, SESSION) is None
    await house.write(CLOSED)
    assert await closed_at(house.own, SESSION) == house.at


async def test_a_new_node_has_what_was_given_up_from_the_keeper_and_the_rest_from_redis(house: ArchivingNodes) -> None:
    await house.write(LINE, LINE, CLOSED)
    house.pass_on(2 * AFTER_MS)
    await house.archiving.look()
    await house.write(LINE)
    own, alone = MemoryLog(), MemoryLog()
    following = LogFollower(MemorySharedLog(house.store, "n2"), own, house.clock, archive=house.log)
    await following.catch_up()
    assert list(await own.read(SESSION, 0, 9)) == list(await house.own.read(SESSION, 0, 9))
    without = LogFollower(MemorySharedLog(house.store, "n3"), alone, house.clock)
    await without.catch_up()
    assert not without.follows(SESSION)
    later = TwoCopies(MemorySharedLog(house.store, "n2"), own, Later(), house.clock)
    assert (await later.acquire(SESSION, EPOCH)).offset == 4


class Later(Kept):
    """Another node, later."""

    term = 2_002
