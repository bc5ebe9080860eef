"""The contract of every SharedLog, in addition to that of an EventLog, between two nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moothall.adapters.cluster.house_redis import RedisLease
from moothall.adapters.cluster.log_redis import RedisLog
from moothall.core.cluster.lease import Lease
from moothall.core.cluster.removals import NOTHING, Applied, ListedRemoval
from moothall.core.events import types as ev
from moothall.core.kernel.errors import LogMissing, LogTrimmed, OffsetConflict, StaleWriter
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.core.ports import SharedLog
from moothall.testing.log_shared import MemorySharedLog, SharedLogStore
from support.cluster.process import RedisProcesses
from support.sessions.recorder import EPOCH, SESSION, Recorder

OTHER = SessionId("other")
PAUSED = ev.SessionPaused(t=1)


@pytest.fixture(params=["memory", "redis", "valkey"])
async def nodes(
    request: pytest.FixtureRequest, redis_processes: RedisProcesses
) -> AsyncIterator[tuple[SharedLog, SharedLog]]:
    if request.param == "memory":
        store = SharedLogStore()
        store.house = ("n1", 1_001)
        yield MemorySharedLog(store, "n1"), MemorySharedLog(store, "n2")
        return
    server = redis_processes.empty(request.param).reached()
    await RedisLease(server).take(None, Lease(node="n1", address="", term=1_001, beat=0))
    yield RedisLog(server, "n1"), RedisLog(server, "n2")
    await server.close()


Nodes = tuple[SharedLog, SharedLog]


async def test_logs_that_have_changed_are_told_with_their_heads(nodes: Nodes) -> None:
    first, second = nodes
    assert (await second.changed(0)).heads == {}
    await first.acquire(SESSION, EPOCH, 1_001)
    await second.acquire(OTHER, EPOCH, 2_002)
    told = await second.changed(0)
    change = told.upto
    assert {session: (head.term, head.offset) for session, head in told.heads.items()} == {
        SESSION: (1_001, 0),
        OTHER: (2_002, 0),
    }
    assert (await second.changed(change)).heads == {}
    await first.append(SESSION, 1_001, 0, [Recorder().record(PAUSED)])
    told = await second.changed(change)
    assert told.upto > change
    assert told.heads == {SESSION: await first.head(SESSION)}
    for after in (0, told.upto + 1_000):
        assert sorted((await first.changed(after)).heads) == [OTHER, SESSION]
    assert (await first.changed(told.upto, told.count)).heads == {}
    assert sorted((await first.changed(told.upto, "another")).heads) == [OTHER, SESSION]


async def test_a_log_that_is_forgotten_is_told_by_its_epoch_also_when_there_is_a_new_one(nodes: Nodes) -> None:
    first, second = nodes
    await first.acquire(SESSION, EPOCH, 1_001)
    change = (await second.changed(0)).upto
    await first.forget(SESSION)
    await first.forget(SESSION)
    told = await second.changed(change)
    assert (told.heads, told.forgotten) == ({}, {SESSION: EPOCH})
    again = Epoch("again")
    await first.acquire(SESSION, again, 1_002)
    told = await second.changed(change)
    assert told.forgotten == {SESSION: EPOCH}
    assert told.heads[SESSION].epoch == again
    assert (await second.changed(told.upto)).forgotten == {}


async def test_a_log_is_forgotten_by_its_owner_in_its_term_alone(nodes: Nodes) -> None:
    first, second = nodes
    with pytest.raises(LogMissing):
        await first.forget(SESSION, 1_001)
    await first.acquire(SESSION, EPOCH, 1_001)
    for other, term in ((first, 1_000), (first, 1_002), (second, 1_001)):
        with pytest.raises(StaleWriter):
            await other.forget(SESSION, term)
    with pytest.raises(StaleWriter):
        await second.forget(SESSION)
    assert list(await second.removals(NOTHING) or ()) == []
    assert await first.head(SESSION) is not None
    await first.forget(SESSION, 1_001)
    with pytest.raises(LogMissing):
        await first.forget(SESSION, 1_001)
    assert [(each.session, each.epoch) for each in await second.removals(NOTHING) or ()] == [(SESSION, EPOCH)]


async def test_every_change_of_many_logs_is_seen(nodes: Nodes) -> None:
    first, second = nodes
    wanted = {SessionId(f"s{n:03}") for n in range(450)}
    for session in sorted(wanted):
        await first.acquire(session, EPOCH, 1_001)
    seen: set[SessionId] = set()
    change = 0
    while True:
        told = await second.changed(change)
        if not told.heads:
            break
        seen |= told.heads.keys()
        change = told.upto
    assert seen == wanted


async def test_another_node_s_log_is_taken_over_with_a_term(nodes: Nodes) -> None:
    first, second = nodes
    await first.acquire(SESSION, EPOCH, 1_001)
    assert (await first.acquire(SESSION, EPOCH)).term == 1_002
    with pytest.raises(StaleWriter):
        await second.acquire(SESSION, EPOCH)
    with pytest.raises(StaleWriter):
        await second.acquire(SESSION, EPOCH, 1_002)
    assert (await second.acquire(SESSION, EPOCH, 2_002)).term == 2_002
    with pytest.raises(StaleWriter):
        await first.append(SESSION, 1_002, 0, [Recorder().record(PAUSED)])


async def test_a_log_that_is_begun_anew_is_empty_and_can_be_filled(nodes: Nodes) -> None:
    first, second = nodes
    recorder = Recorder()
    records = [recorder.record(PAUSED) for _ in range(3)]
    await first.acquire(SESSION, EPOCH, 1_001)
    await first.append(SESSION, 1_001, 0, records)
    with pytest.raises(StaleWriter):
        await second.begin_anew(SESSION, EPOCH, 1_001, 0)
    await second.begin_anew(SESSION, EPOCH, 2_002, 0)
    head = await second.head(SESSION)
    assert head is not None
    assert (head.epoch, head.term, head.offset, head.lanes) == (EPOCH, 2_002, 0, {})
    await second.append(SESSION, 2_002, 0, records)
    assert list(await first.read(SESSION, 0, 9)) == records
    with pytest.raises(StaleWriter):
        await first.append(SESSION, 1_001, 3, [recorder.record(PAUSED)])


async def test_what_is_begun_anew_says_how_often_its_end_was_lost(nodes: Nodes) -> None:
    first, _ = nodes
    await first.begin_anew(SESSION, EPOCH, 1_001, 2)
    head = await first.head(SESSION)
    assert head is not None
    assert head.lost == 2


async def test_what_others_keep_is_given_up_and_the_log_goes_on(nodes: Nodes) -> None:
    first, second = nodes
    with pytest.raises(LogMissing):
        await first.first(SESSION)
    recorder = Recorder()
    records = [recorder.record(PAUSED) for _ in range(4)]
    await first.acquire(SESSION, EPOCH, 1_001)
    assert await first.first(SESSION) == 1
    await first.append(SESSION, 1_001, 0, records[:3])
    head = await first.head(SESSION)
    with pytest.raises(StaleWriter):
        await second.trim(SESSION, 1_001, 3, 3)
    with pytest.raises(StaleWriter):
        await first.trim(SESSION, 1_000, 3, 3)
    for end in (2, 4):  # Others have the events up to there, and nobody knows whether they are these.
        with pytest.raises(OffsetConflict):
            await first.trim(SESSION, 1_001, end, end)
    assert await first.first(SESSION) == 1
    await first.trim(SESSION, 1_001, 3, 2)
    with pytest.raises(LogTrimmed) as trimmed:
        await second.read(SESSION, 0, 9)
    assert trimmed.value.first == await second.first(SESSION) == 3
    assert list(await second.read(SESSION, 2, 9)) == records[2:3]
    await first.trim(SESSION, 1_001, 3, 99)
    assert (await first.first(SESSION), await first.head(SESSION)) == (4, head)
    await first.append(SESSION, 1_001, 3, records[3:])
    assert list(await second.read(SESSION, 3, 9)) == records[3:]
    removal = recorder.record(ev.BodyRemoved(offsets=(1, 4), reason="request", by="staff-1"))
    await first.remove(SESSION, 1_001, 4, [1, 4], [removal])
    assert [each.body is None for each in await second.read(SESSION, 3, 9)] == [True, False]
    await first.begin_anew(SESSION, EPOCH, 1_003, 0)
    assert await first.first(SESSION) == 1


async def test_removals_are_listed_in_the_order_in_which_they_were_made(nodes: Nodes) -> None:
    first, second = nodes
    recorder = Recorder()
    assert list(await second.removals(NOTHING) or ()) == []
    await first.acquire(SESSION, EPOCH, 1_001)
    await first.append(SESSION, 1_001, 0, [recorder.record(PAUSED) for _ in range(2)])
    said = [recorder.record(ev.BodyRemoved(offsets=(n,), reason="request", by="staff-1")) for n in (1, 2)]
    await first.remove(SESSION, 1_001, 2, [1], said[:1])
    await first.remove(SESSION, 1_001, 3, [2], said[1:])
    await first.acquire(OTHER, Epoch("other"), 1_001)
    await first.forget(OTHER)
    await first.forget(OTHER)
    found: list[ListedRemoval] = []
    while more := await second.removals(found[-1].here if found else NOTHING):
        found += more
    assert [(each.number, each.session, each.epoch, each.offset, each.digest) for each in found] == [
        (1, SESSION, EPOCH, 3, said[0].digest.hex()),
        (2, SESSION, EPOCH, 4, said[1].digest.hex()),
        (3, OTHER, Epoch("other"), 0, ""),
    ]
    assert len({each.mark for each in found}) == 3
    for wrong in (Applied(1, "another"), Applied(4, found[2].mark)):
        assert await second.removals(wrong) is None


async def test_a_log_of_which_only_the_epoch_is_known_is_listed_once_by_the_keeper_alone(nodes: Nodes) -> None:
    first, second = nodes
    gone = Epoch("gone")
    for node, term in ((first, 1_000), (second, 1_001)):
        with pytest.raises(StaleWriter):
            await node.list_erased(gone, term)
    assert list(await second.removals(NOTHING) or ()) == []
    change = (await second.changed(0)).upto
    for epoch in (gone, Epoch("too"), gone):
        await first.list_erased(epoch, 1_001)
    told = await second.changed(change)
    assert told.forgotten == {SessionId("gone"): gone, SessionId("too"): Epoch("too")}
    assert [(each.session, each.epoch, each.offset) for each in await second.removals(NOTHING) or ()] == [
        ("", gone, 0),
        ("", "too", 0),
    ]


async def test_what_is_refused_is_not_listed(nodes: Nodes) -> None:
    first, second = nodes
    removal = Recorder().record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await first.acquire(SESSION, EPOCH, 1_001)
    with pytest.raises(StaleWriter):
        await first.remove(SESSION, 1_000, 0, [1], [removal])
    assert list(await second.removals(NOTHING) or ()) == []
