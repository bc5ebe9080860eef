"""What every SharedLog promises beyond an EventLog, asked of each; two nodes share it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from moothall.adapters.cluster.log_redis import RedisLog
from moothall.core.events import types as ev
from moothall.core.kernel.errors import StaleWriter
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import SharedLog
from moothall.testing.log_shared import MemorySharedLog, SharedStore
from support.cluster.process import RedisProcesses
from support.sessions.recorder import EPOCH, SESSION, Recorder

OTHER = SessionId("other")
PAUSED = ev.SessionPaused(t=1)


@pytest.fixture(params=["memory", "redis", "valkey"])
async def nodes(
    request: pytest.FixtureRequest, redis_processes: RedisProcesses
) -> AsyncIterator[tuple[SharedLog, SharedLog]]:
    if request.param == "memory":
        store = SharedStore()
        yield MemorySharedLog(store, "n1"), MemorySharedLog(store, "n2")
        return
    server = redis_processes.empty(request.param).reached()
    yield RedisLog(server, "n1"), RedisLog(server, "n2")
    await server.close()


Nodes = tuple[SharedLog, SharedLog]


async def test_all_heads_are_told_at_once(nodes: Nodes) -> None:
    first, second = nodes
    assert await second.heads() == {}
    await first.acquire(SESSION, EPOCH, 1_001)
    await second.acquire(OTHER, EPOCH, 2_002)
    await first.append(SESSION, 1_001, 0, [Recorder().record(PAUSED)])
    heads = await second.heads()
    assert {session: (head.term, head.offset) for session, head in heads.items()} == {
        SESSION: (1_001, 1),
        OTHER: (2_002, 0),
    }
    assert heads[SESSION] == await first.head(SESSION)


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
    if isinstance(first, MemorySharedLog):
        return  # It counts no losses.
    await first.begin_anew(SESSION, EPOCH, 1_001, 2)
    head = await first.head(SESSION)
    assert head is not None
    assert head.lost == 2
