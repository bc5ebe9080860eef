from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.cluster.removals import NOTHING
from moothall.core.events import types as ev
from moothall.core.kernel.errors import LogMissing, StorageUnavailable
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.refilling import LOOK_MS, Refilling
from moothall.services.cluster.removing import Removing
from moothall.services.cluster.two_copies import TwoCopies
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.cluster.following import DamagedLog
from support.sessions.recorder import EPOCH, SESSION, Recorder

CLOSED, LINE = ev.SessionClosed(t=9), ev.SessionPaused(t=1)
REMOVED = ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1")
OLD, OLDER, NEW = SessionId("old"), SessionId("older"), SessionId("new")
TERM = 1_001


class Kept:
    """This node keeps the house."""

    term: int | None = TERM
    answers = True

    async def give_up(self) -> None:
        raise AssertionError("It isn't given up here.")


class Soon(ManualClock):
    """Nobody waits between two sessions."""

    async def sleep(self, ms: int) -> None:
        await super().sleep(ms if ms >= LOOK_MS else 0)


async def content(log: FailingLog) -> dict[SessionId, Sequence[LogRecord]]:
    return {name: await log.read(name, 0, 99) for name in await log.sessions()}


class House:
    """A keeper, and a node that follows it."""

    def __init__(self) -> None:
        self.clock = Soon()
        self.store = SharedLogStore()
        self.store.house = ("n1", TERM)
        self.shared = MemorySharedLog(self.store, "n1")
        self.own, self.other = DamagedLog(), FailingLog()
        self.log = TwoCopies(self.shared, self.own, Kept(), self.clock)
        self.erased: set[Epoch] = set()
        self.refilling = Refilling(self.shared, self.log, self.own, self.clock, erased=self._erased, most_events=5)
        self.following = LogFollower(MemorySharedLog(self.store, "n2"), self.other, self.clock)

    async def _erased(self) -> Collection[Epoch]:
        return self.erased

    async def write(self, session: SessionId, *events: ev.AnyEvent, epoch: Epoch = EPOCH) -> None:
        head = await self.log.acquire(session, epoch)
        recorder = Recorder(session, epoch)
        recorder.go_on(head)
        for event in events:
            records = [recorder.record(event)]
            if isinstance(event, ev.BodyRemoved):
                await self.log.remove(session, head.term, recorder.offset - 1, event.offsets, records)
            else:
                await self.log.append(session, head.term, recorder.offset - 1, records)

    def lose(self) -> None:
        self.store.lose_all()
        self.store.house = ("n1", TERM)

    async def same(self) -> bool:
        there = [await content(log) for log in (self.store, self.own, self.other)]
        return there[0] == there[1] == there[2]


@pytest.fixture
async def house() -> House:
    made = House()
    await made.write(OLD, LINE, CLOSED)
    await made.write(OLDER, LINE, REMOVED, CLOSED)
    await made.write(SESSION, LINE)
    return made


async def test_what_nobody_has_loaded_comes_back_and_so_do_its_removals(house: House) -> None:
    """So that a node with an empty disk has all of it when the keeper's disk dies."""
    assert not await house.refilling.whole()
    await house.refilling.look()
    assert house.refilling.left == 0
    assert await house.refilling.whole()
    house.lose()
    running = asyncio.ensure_future(house.refilling.run())
    await house.clock.advance(LOOK_MS)
    assert house.refilling.left == 0
    await house.following.catch_up()
    assert await house.same()
    assert [(each.session, each.offset) for each in await house.store.removals(NOTHING) or ()] == [(OLDER, 2)]
    assert (await house.other.read(OLDER, 0, 1))[0].body is None
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("emptied", [True, False])
async def test_a_redis_that_lost_something_is_not_whole_from_that_moment_until_it_is_filled(
    house: House, *, emptied: bool
) -> None:
    """What was found a second ago says nothing: the house may be given up in that second."""
    await house.refilling.look()
    if emptied:
        house.lose()
    else:
        house.store.lose_end(OLD, 1)
        house.store.start_again((await house.store.changed(0)).upto)
    assert not await house.refilling.whole()
    house.own.away = True
    with pytest.raises(StorageUnavailable):
        await house.refilling.look()
    assert not await house.refilling.whole(), "the change was seen, and nothing was looked for yet"
    house.own.away = False
    await house.refilling.look()
    assert await house.refilling.whole()
    await house.following.catch_up()
    assert await house.same()


async def test_a_redis_that_nobody_doubts_is_whole_before_it_is_checked_unless_it_counts_anew(house: House) -> None:
    await house.following.catch_up()
    house.refilling.in_doubt, house.refilling.count = False, house.following.count
    assert await house.refilling.whole()
    house.lose()
    assert not await house.refilling.whole()


@pytest.mark.parametrize("restarted", [True, False])
async def test_an_end_that_an_older_file_lacks_comes_back(house: House, *, restarted: bool) -> None:
    """The keeper is the same, or another one."""
    if not restarted:
        await house.refilling.look()
    change = (await house.store.changed(0)).upto
    await house.write(OLD, LINE)
    await house.store.changed(0)
    house.store.lose_end(OLD, 2)
    house.store.start_again(change)
    await house.refilling.look()
    await house.following.catch_up()
    assert await house.same()
    assert len(await house.store.read(OLD, 0, 9)) == 3


@pytest.mark.parametrize("head", [True, False])
async def test_a_log_that_cannot_be_read_holds_up_no_other(house: House, *, head: bool) -> None:
    house.lose()
    house.own.damaged = frozenset({OLD})
    if not head:  # It can be read, and the events can't.
        house.own.head = FailingLog.head.__get__(house.own)  # type: ignore[method-assign]
    await house.refilling.look()
    assert await house.store.sessions() == [OLDER, SESSION]
    assert house.refilling.left == 0


async def test_a_session_that_is_written_goes_on_in_the_term_of_its_writer(house: House) -> None:
    head = await house.log.acquire(SESSION, EPOCH)
    house.lose()
    await house.refilling.look()
    recorder = Recorder()
    recorder.go_on(head)
    await house.log.append(SESSION, head.term, head.offset, [recorder.record(LINE)])
    await house.following.catch_up()
    assert await house.same()


async def test_redis_gets_no_more_closed_sessions_than_it_has_room_for_until_it_gives_some_up(house: House) -> None:
    await house.write(NEW, *[LINE] * 4, CLOSED)
    house.lose()
    await house.refilling.look()
    assert list(await house.store.sessions()) == [NEW, SESSION], "one that is on has room"
    assert house.refilling.left == 2
    await house.refilling.look()
    assert house.refilling.left == 2
    head = await house.store.head(NEW)
    assert head is not None
    await house.shared.trim(NEW, head.term, head.offset, head.offset)
    await house.refilling.look()
    assert house.refilling.left == 0


async def test_one_that_is_erased_meanwhile_or_lost_once_more_holds_up_no_other(house: House) -> None:
    await house.write(NEW, *[LINE] * 4, CLOSED)
    house.lose()
    await house.refilling.look()
    assert house.refilling.left == 2
    await house.log.forget(NEW)
    await house.refilling.look()
    assert house.refilling.left == 0
    assert list(await house.store.sessions()) == [OLD, OLDER, SESSION]


async def test_one_that_contradicts_is_left_alone_and_named(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.lose()
    await MemorySharedLog(house.store, "n1").acquire(OLD, Epoch("apart"), 5)
    await house.refilling.look()
    assert "old: the events that Redis has lost can't be restored" in caplog.text
    assert house.refilling.left == 0
    assert list(await house.store.sessions()) == [OLD, OLDER, SESSION]


async def test_a_copy_whose_end_redis_has_otherwise_keeps_its_term(house: House) -> None:
    """By that it is told which of the two is to be left alone."""
    before = await house.own.head(OLDER)
    house.store.lose_end(OLDER, 1)
    recorder = Recorder(OLDER)
    recorder.record(LINE)
    there = await house.store.head(OLDER)
    assert there is not None
    await house.store.append(OLDER, there.term, 1, [recorder.record(ev.SessionPaused(t=7))])
    await house.refilling.look()
    assert house.refilling.left == 0
    assert await house.own.head(OLDER) == before
    assert await house.store.head(OLDER) != before


@pytest.mark.parametrize("held", [True, False])
async def test_one_that_somebody_has_acquired_and_not_filled_is_filled(house: House, *, held: bool) -> None:
    if not held:
        house.log = TwoCopies(house.shared, house.own, Kept(), house.clock)
        house.refilling = Refilling(house.shared, house.log, house.own, house.clock)
    house.lose()
    await house.shared.begin_anew(OLD, EPOCH, TERM * 1_000 + 500, 0)
    await house.refilling.look()
    await house.following.catch_up()
    assert await house.same()


class Stale(TwoCopies):
    async def refill(self, session: SessionId) -> None:
        if session == OLD:
            raise LogMissing("It is just being filled by its writer.")
        await super().refill(session)


async def test_one_that_its_writer_fills_holds_up_no_other(house: House) -> None:
    house.refilling.logs = Stale(house.shared, house.own, Kept(), house.clock)
    house.lose()
    await house.refilling.look()
    assert house.refilling.left == 1
    assert list(await house.store.sessions()) == [OLDER, SESSION]
    house.refilling.logs = house.log
    await house.refilling.look()
    assert house.refilling.left == 0


async def test_what_can_t_be_filled_now_is_filled_later(house: House) -> None:
    house.lose()
    house.store.full = True
    running = asyncio.ensure_future(house.refilling.run())
    await house.clock.advance(2 * LOOK_MS)
    assert house.refilling.left == 3
    house.store.full = False
    await house.clock.advance(LOOK_MS)
    await house.following.catch_up()
    assert await house.same()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_log_that_was_erased_goes_from_a_node_that_was_away_though_redis_has_forgotten_it(house: House) -> None:
    await house.write(NEW, LINE, epoch=Epoch("rehearsal"))
    await house.following.catch_up()
    assert await house.other.head(NEW) is not None
    await house.log.forget(NEW)
    house.erased = {Epoch("rehearsal")}
    house.lose()
    await house.refilling.look()
    removing = Removing(MemorySharedLog(house.store, "n2"), "n2")
    await removing.look(house.other)
    assert removing.applied.number < len(house.store.listed), "it is here still"
    await house.following.catch_up()
    assert await house.same()
    await removing.look(house.other)
    assert removing.applied.number == len(house.store.listed) == 2
    before = list(house.store.listed)
    await house.shared.list_erased(Epoch("rehearsal"), TERM)
    again = Refilling(house.shared, house.log, house.own, house.clock, erased=house._erased)
    await again.look()
    assert house.store.listed == before


async def test_nothing_is_listed_by_a_node_that_keeps_the_house_no_more(house: House) -> None:
    house.erased = {Epoch("rehearsal")}
    house.log.kept.answers = False  # type: ignore[misc]
    with pytest.raises(StorageUnavailable):
        await house.refilling.look()
    assert len(house.store.listed) == 1
