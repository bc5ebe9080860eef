from __future__ import annotations

import asyncio

import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import types as ev
from moothall.core.kernel.errors import (
    LogMissing,
    OffsetConflict,
    OutcomeUnknown,
    RecordBroken,
    Refusal,
    RefusalCode,
    StaleWriter,
    StorageUnavailable,
)
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.services.cluster.following import LogFollower
from moothall.services.cluster.two_copies import PATIENCE_MS, STEPS, TwoCopies
from moothall.services.log.act_queue import Receipt
from moothall.testing.clock import ManualClock
from moothall.testing.log_memory import FailingLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.memory.writer import opened, stage
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)
NEW = Epoch("other")


class Keeper:
    """A node's part in the house, as a test has it."""

    def __init__(self, term: int | None) -> None:
        self.term = term
        self.answers = term is not None

    async def give_up(self) -> None:
        self.term, self.answers = None, False


class Node:
    def __init__(self, store: SharedLogStore, name: str, term: int | None) -> None:
        self.own = FailingLog()
        self.kept = Keeper(term)
        self.clock = ManualClock()
        self.log = TwoCopies(MemorySharedLog(store, name), self.own, self.kept, self.clock)


@pytest.fixture
def store() -> SharedLogStore:
    return SharedLogStore()


@pytest.fixture
def first(store: SharedLogStore) -> Node:
    return Node(store, "n1", 1_001)


@pytest.fixture
def second(store: SharedLogStore) -> Node:
    """Stands by until a test gives it a term."""
    return Node(store, "n2", None)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def keeps(node: Node, term: int, instead_of: Node) -> None:
    instead_of.kept.term, instead_of.kept.answers = None, False
    node.kept.term, node.kept.answers = term, True


async def said(node: Node, recorder: Recorder, n: int = 1) -> list[LogRecord]:
    """Acquire the session's log and append so many events."""
    head = await node.log.acquire(SESSION, EPOCH)
    records = [recorder.record(PAUSED) for _ in range(n)]
    await node.log.append(SESSION, head.term, head.offset, records)
    return records


async def test_what_is_acknowledged_is_in_both_copies(store: SharedLogStore, first: Node, recorder: Recorder) -> None:
    records = await said(first, recorder, 3)
    assert list(await store.read(SESSION, 0, 9)) == records
    assert list(await first.own.read(SESSION, 0, 9)) == records
    head = await first.log.head(SESSION)
    assert head is not None
    assert (head.term, head.offset) == (1_001 * STEPS, 3)
    assert list(await first.log.sessions()) == [SESSION]
    assert [each.header.offset for each in await first.log.caused("command-2")] == [2]


async def test_the_next_keeper_goes_on_with_all_of_it(
    store: SharedLogStore, first: Node, second: Node, recorder: Recorder
) -> None:
    records = await said(first, recorder, 300)
    keeps(second, 2_002, first)
    records += await said(second, recorder)
    assert list(await second.log.read(SESSION, 0, 999)) == list(await store.read(SESSION, 0, 999)) == records


async def test_whoever_was_followed_stores_nothing_even_before_the_next_one_does(
    store: SharedLogStore, first: Node, second: Node, recorder: Recorder
) -> None:
    await said(first, recorder)
    keeps(second, 2_002, first)
    await second.log.acquire(SESSION, EPOCH)
    first.kept.term, first.kept.answers = 1_001, True  # It woke up and doesn't know yet.
    with pytest.raises(StaleWriter):
        await first.log.append(SESSION, 1_001 * STEPS, 1, [recorder.record(PAUSED)])
    with pytest.raises(StaleWriter):
        await first.log.acquire(SESSION, EPOCH)
    assert len(await store.read(SESSION, 0, 9)) == len(await first.own.read(SESSION, 0, 9)) == 1


async def test_a_node_that_stands_by_stores_nothing(second: Node, recorder: Recorder) -> None:
    record = recorder.record(PAUSED)
    for act in (
        second.log.acquire(SESSION, EPOCH),
        second.log.append(SESSION, 1, 0, [record]),
        second.log.remove(SESSION, 1, 0, [], [record]),
        second.log.forget(SESSION),
    ):
        with pytest.raises(StorageUnavailable, match="doesn't keep the house"):
            await act


async def test_nothing_is_acknowledged_once_the_lease_is_over(first: Node, recorder: Recorder) -> None:
    head = await first.log.acquire(SESSION, EPOCH)

    class Slow(FailingLog):
        async def append(self, *args: object) -> None:
            await FailingLog.append(first.own, *args)  # type: ignore[arg-type]
            first.kept.answers = False  # While it was stored the lease ran out.

    first.log.own = Slow()
    with pytest.raises(OutcomeUnknown, match="lease was over"):
        await first.log.append(SESSION, head.term, 0, [recorder.record(PAUSED)])


async def test_what_the_shared_log_has_comes_into_the_own_one_when_its_disk_has_room_again(
    first: Node, recorder: Recorder
) -> None:
    head = await first.log.acquire(SESSION, EPOCH)
    first.own.full = True
    storing = asyncio.ensure_future(first.log.append(SESSION, head.term, 0, [recorder.record(PAUSED)]))
    await first.clock.advance(PATIENCE_MS // 2)
    assert not storing.done()
    first.own.full = False
    await first.clock.advance(PATIENCE_MS // 4)
    await asyncio.wait_for(storing, 60)
    assert len(await first.own.read(SESSION, 0, 9)) == 1


async def test_an_own_log_that_stored_and_seemed_to_fail_stores_it_once(first: Node, recorder: Recorder) -> None:
    head = await first.log.acquire(SESSION, EPOCH)
    first.own.torn = True
    storing = asyncio.ensure_future(first.log.append(SESSION, head.term, 0, [recorder.record(PAUSED)]))
    await first.clock.advance(PATIENCE_MS // 2)
    await asyncio.wait_for(storing, 60)
    assert len(await first.own.read(SESSION, 0, 9)) == 1


async def test_a_full_disk_has_the_house_given_up_and_the_next_keeper_has_what_was_decided(
    first: Node, second: Node, recorder: Recorder
) -> None:
    head = await first.log.acquire(SESSION, EPOCH)
    first.own.full = True
    storing = asyncio.ensure_future(first.log.append(SESSION, head.term, 0, [recorder.record(PAUSED)]))
    await first.clock.advance(PATIENCE_MS + 100)
    with pytest.raises(OutcomeUnknown, match="disk can't store events"):
        await storing
    assert first.kept.term is None
    keeps(second, 2_002, first)
    assert (await second.log.acquire(SESSION, EPOCH)).offset == 1


class Hanging(FailingLog):
    """A log on a disk that answers nothing until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()

    async def append(self, *args: object) -> None:
        await self.answers.wait()
        await super().append(*args)  # type: ignore[arg-type]

    async def remove(self, *args: object) -> None:
        await self.answers.wait()
        await super().remove(*args)  # type: ignore[arg-type]


@pytest.mark.parametrize("removes", [False, True])
async def test_a_disk_that_hangs_has_the_house_given_up_as_one_that_is_full(
    first: Node, second: Node, recorder: Recorder, *, removes: bool
) -> None:
    first.log.own = Hanging()
    head = await first.log.acquire(SESSION, EPOCH)
    record = recorder.record(PAUSED)
    if removes:
        storing = asyncio.ensure_future(first.log.remove(SESSION, head.term, 0, [], [record]))
    else:
        storing = asyncio.ensure_future(first.log.append(SESSION, head.term, 0, [record]))
    await first.clock.advance(PATIENCE_MS - 1)
    assert first.kept.term is not None
    await first.clock.advance(1)
    with pytest.raises(OutcomeUnknown, match="disk can't store events"):
        await storing
    assert first.kept.term is None
    keeps(second, 2_002, first)
    assert (await second.log.acquire(SESSION, EPOCH)).offset == 1


async def test_a_disk_that_is_slow_costs_no_house(first: Node, recorder: Recorder) -> None:
    first.log.own = slow = Hanging()
    head = await first.log.acquire(SESSION, EPOCH)
    storing = asyncio.ensure_future(first.log.append(SESSION, head.term, 0, [recorder.record(PAUSED)]))
    await first.clock.advance(PATIENCE_MS - 1)
    slow.answers.set()
    await asyncio.wait_for(storing, 60)
    assert first.kept.term is not None
    assert len(await slow.read(SESSION, 0, 9)) == 1


async def test_without_the_shared_log_nothing_is_stored(store: SharedLogStore, first: Node, recorder: Recorder) -> None:
    head = await first.log.acquire(SESSION, EPOCH)
    store.full = True
    with pytest.raises(StorageUnavailable):
        await first.log.append(SESSION, head.term, 0, [recorder.record(PAUSED)])
    assert list(await first.own.read(SESSION, 0, 9)) == []


@pytest.mark.parametrize("left", [0, 2, 299])
async def test_a_shared_log_that_lost_its_end_gets_it_from_the_own_one(
    store: SharedLogStore, first: Node, recorder: Recorder, left: int
) -> None:
    records = await said(first, recorder, 300)
    store.lose_end(SESSION, left)
    head = await first.log.acquire(SESSION, EPOCH)
    assert (head.term, head.offset) == (1_001 * STEPS + 1, 300)
    assert list(await store.read(SESSION, 0, 999)) == records


async def test_a_shared_log_that_is_lost_is_filled_from_the_own_one_and_is_no_new_one(
    store: SharedLogStore, first: Node, recorder: Recorder
) -> None:
    records = await said(first, recorder, 3)
    store.lose_all()
    with pytest.raises(LogMissing):
        await first.log.append(SESSION, 1_001 * STEPS, 3, [recorder.record(PAUSED)])
    head = await first.log.acquire(SESSION, NEW)
    assert (head.epoch, head.offset) == (EPOCH, 3)
    assert list(await store.read(SESSION, 0, 9)) == records


async def test_how_often_a_log_lost_its_end_is_known_when_the_shared_one_is_lost(
    store: SharedLogStore, first: Node, recorder: Recorder
) -> None:
    """Readers' positions of before such a loss are told from those behind it by that."""
    await MemorySharedLog(store, "before").begin_anew(SESSION, EPOCH, 5, 2)
    assert (await first.log.acquire(SESSION, EPOCH)).lost == 2
    store.lose_all()
    assert (await first.log.acquire(SESSION, EPOCH)).lost == 2


async def test_a_session_that_nobody_has_any_more_is_no_new_one(
    store: SharedLogStore, first: Node, second: Node, recorder: Recorder
) -> None:
    await said(first, recorder)
    store.lose_all()
    keeps(second, 2_002, first)
    with pytest.raises(LogMissing):
        await second.log.acquire(SESSION, NEW, new=False)


async def test_a_keeper_whose_folder_is_gone_gets_all_from_the_shared_log(
    store: SharedLogStore, first: Node, recorder: Recorder
) -> None:
    records = await said(first, recorder, 3)
    anew = Node(store, "n1", 3_001)
    assert (await anew.log.acquire(SESSION, NEW)).offset == 3
    assert list(await anew.own.read(SESSION, 0, 9)) == records


async def test_a_removal_is_carried_out_in_both_copies_and_in_one_that_missed_it(
    store: SharedLogStore, first: Node, second: Node, recorder: Recorder
) -> None:
    await said(first, recorder, 3)
    keeps(second, 2_002, first)
    await second.log.acquire(SESSION, EPOCH)
    keeps(first, 3_001, second)
    head = await first.log.acquire(SESSION, EPOCH)
    removal = recorder.record(ev.BodyRemoved(offsets=(2,), reason="request", by="staff-1"))
    await first.log.remove(SESSION, head.term, 3, [2], [removal])
    later = recorder.record(PAUSED)
    await first.log.append(SESSION, head.term, 4, [later])
    keeps(second, 4_002, first)
    await second.log.acquire(SESSION, EPOCH)
    for log in (store, first.own, second.own):
        assert [each.body is None for each in await log.read(SESSION, 0, 9)] == [False, True, False, False, False]


async def test_a_removal_that_the_own_log_refuses_for_a_moment_is_carried_out(first: Node, recorder: Recorder) -> None:
    await said(first, recorder, 2)
    first.own.keeps = True
    removal = recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    removing = asyncio.ensure_future(first.log.remove(SESSION, 1_001 * STEPS, 2, [1], [removal]))
    await first.clock.advance(PATIENCE_MS // 4)
    first.own.keeps = False
    await first.clock.advance(PATIENCE_MS // 4)
    await asyncio.wait_for(removing, 60)
    assert (await first.own.read(SESSION, 0, 1))[0].body is None


async def test_copies_that_contradict_each_other_are_left_alone(
    store: SharedLogStore, first: Node, recorder: Recorder
) -> None:
    await said(first, recorder, 2)
    store.lose_end(SESSION, 1)
    other = Recorder()
    other.record(PAUSED)
    await store.append(SESSION, 1_001 * STEPS, 1, [other.record(ev.SessionPaused(t=2))])
    with pytest.raises(RecordBroken, match="contradict"):
        await first.log.acquire(SESSION, EPOCH)
    assert len(await store.read(SESSION, 0, 9)) == len(await first.own.read(SESSION, 0, 9)) == 2


async def test_two_sessions_of_one_name_that_were_made_apart_are_left_alone(store: SharedLogStore, first: Node) -> None:
    await first.own.acquire(SESSION, NEW)
    await MemorySharedLog(store, "n2").acquire(SESSION, EPOCH, 5)
    with pytest.raises(RecordBroken, match="made apart"):
        await first.log.acquire(SESSION, EPOCH)


async def test_a_rehearsal_is_forgotten_in_both_copies(store: SharedLogStore, first: Node, recorder: Recorder) -> None:
    await said(first, recorder)
    await first.log.forget(SESSION)
    assert await store.head(SESSION) is await first.own.head(SESSION) is None
    assert await first.log.head(SessionId("unknown")) is None


@pytest.mark.parametrize("lost", ["nothing", "all", "end"])
async def test_what_is_forgotten_goes_from_every_copy_though_the_shared_log_was_lost(
    store: SharedLogStore, first: Node, second: Node, recorder: Recorder, lost: str
) -> None:
    """Also where the keeper has not loaded the session since it took the house over."""
    keeps(second, 1_002, first)
    await said(second, recorder, 3)
    keeps(first, 2_001, second)
    await LogFollower(MemorySharedLog(store, "n1"), first.own, first.clock).catch_up()
    copy = LogFollower(MemorySharedLog(store, "n2"), second.own, second.clock)
    await copy.catch_up()
    if lost == "all":
        store.lose_all()
    elif lost == "end":
        store.lose_end(SESSION, 1)
    await first.log.forget(SESSION)
    await first.log.forget(SESSION)
    await LogFollower(copy.shared, second.own, second.clock, copies=copy.copies).catch_up()
    for log in (store, first.own, second.own):
        assert await log.head(SESSION) is None
    assert [(each.session, each.epoch) for each in store.listed] == [(SESSION, EPOCH)]


async def test_a_session_that_this_node_has_no_copy_of_is_forgotten(
    store: SharedLogStore, first: Node, second: Node, recorder: Recorder
) -> None:
    keeps(second, 1_002, first)
    await said(second, recorder, 3)
    keeps(first, 2_001, second)
    await first.log.forget(SESSION)
    assert await store.head(SESSION) is None
    assert len(store.listed) == 1


async def test_a_term_of_the_caller_is_a_mistake(first: Node) -> None:
    with pytest.raises(ValueError, match="terms of the house"):
        await first.log.acquire(SESSION, EPOCH, 7)


async def test_both_copies_are_closed(first: Node) -> None:
    await first.log.close()
    with pytest.raises(StorageUnavailable):
        await first.own.head(SESSION)


async def test_a_writer_goes_on_when_a_shared_log_is_lost_while_its_keeper_lives(
    store: SharedLogStore, first: Node
) -> None:
    async with stage(first.log) as made:
        await opened(made)
        for n in range(3):
            store.lose_all()
            resume = do.ResumeSession() if n % 2 else do.PauseSession()
            refused = await made.send(f"lost{n}", resume)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.UNAVAILABLE
            assert isinstance(await made.send(f"lost{n}", resume), Receipt)
        session = made.writer.session
        assert await store.read(session, 0, 99) == await first.own.read(session, 0, 99)


async def test_a_writer_goes_on_when_a_shared_log_loses_its_end_while_its_keeper_lives(
    store: SharedLogStore, first: Node
) -> None:
    async with stage(first.log) as made:
        await opened(made)
        session = made.writer.session
        store.lose_end(session, 2)
        refused = await made.send("pause", do.PauseSession())
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.UNAVAILABLE
        assert isinstance(await made.send("pause", do.PauseSession()), Receipt)
        assert await store.read(session, 0, 99) == await first.own.read(session, 0, 99)
        head = await first.own.head(session)
        assert head is not None
        store.lose_end(session, 2)
        with pytest.raises(LogMissing, match="where it was left"):
            await first.log.remove(session, head.term, head.offset, [], [])
        with pytest.raises(OffsetConflict):
            await first.log.remove(session, head.term, head.offset + 1, [], [])
