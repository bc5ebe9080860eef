"""The contract of every NodeNotes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from moothall.adapters.cluster.house_redis import RedisNotes
from moothall.core.cluster.nodes import NodeNote
from moothall.core.cluster.removals import NOTHING, Applied
from moothall.core.ports import NodeNotes
from moothall.testing.house_memory import MemoryNotes
from support.cluster.process import PROGRAMS, RedisProcesses

FIRST = NodeNote(number=1, address="http://10.0.0.1:8080", release="0.3.0", reach=7, fit=True, beat=1)
SECOND = NodeNote(number=2, address="http://10.0.0.2:8080", release="0.3.0", reach=9, fit=False, beat=4)


@pytest.fixture(params=["memory", *PROGRAMS])
async def notes(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> AsyncIterator[NodeNotes]:
    if request.param == "memory":
        yield MemoryNotes()
        return
    server = redis_processes.empty(request.param).reached()
    yield RedisNotes(server)
    await server.close()


async def test_each_node_s_newest_note_is_told(notes: NodeNotes) -> None:
    assert await notes.all() == {}
    await notes.tell("n1", SECOND)
    await notes.tell("n1", FIRST)
    await notes.tell("n2", SECOND)
    assert await notes.all() == {"n1": FIRST, "n2": SECOND}
    gone = msgspec.structs.replace(SECOND, left=True, applied=Applied(7, "ab"))
    await notes.tell("n2", gone)
    assert await notes.all() == {"n1": FIRST, "n2": gone}


async def test_a_note_is_taken_out_unless_the_node_has_written_another_one(notes: NodeNotes) -> None:
    await notes.tell("n1", FIRST)
    await notes.tell("n2", SECOND)
    assert not await notes.drop("n1", SECOND)
    assert not await notes.drop("n3", SECOND)
    assert await notes.drop("n2", SECOND)
    assert await notes.all() == {"n1": FIRST}


async def test_a_note_of_a_release_that_knew_of_no_list_of_removals_has_come_nowhere(
    redis_processes: RedisProcesses,
) -> None:
    process = redis_processes.empty("valkey")
    process.ask(
        "HSET", "moothall:nodes", "n1", '{"number":1,"address":"","release":"0.3.0","reach":7,"fit":true,"beat":1}'
    )
    server = process.reached()
    assert (await RedisNotes(server).all())["n1"].applied == NOTHING
    await server.close()


async def test_a_note_that_can_t_be_read_is_left_out(redis_processes: RedisProcesses) -> None:
    process = redis_processes.empty("valkey")
    process.ask(
        "HSET", "moothall:nodes", "n1", "{}", b"\xff", "{}", "n3", '{"more":' + "[" * 20_000 + "]" * 20_000 + "}"
    )
    server = process.reached()
    await RedisNotes(server).tell("n2", SECOND)
    assert await RedisNotes(server).all() == {"n2": SECOND}
    for name in ("n1", "n3"):
        assert not await RedisNotes(server).drop(name, SECOND)
    await server.close()
