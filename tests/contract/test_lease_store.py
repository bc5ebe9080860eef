"""The contract of every LeaseStore."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from moothall.adapters.cluster.house_redis import RedisLease
from moothall.core.cluster.lease import Lease
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.ports import LeaseStore
from moothall.testing.house_memory import MemoryLease
from support.cluster.process import RedisProcesses

FIRST = Lease(node="n1", address="http://10.0.0.1:8080", term=1_001, beat=0)
SECOND = Lease(node="n2", address="http://10.0.0.2:8080", term=2_002, beat=0)


@pytest.fixture(params=["memory", "redis", "valkey"])
async def leases(request: pytest.FixtureRequest, redis_processes: RedisProcesses) -> AsyncIterator[LeaseStore]:
    if request.param == "memory":
        yield MemoryLease()
        return
    server = redis_processes.empty(request.param).reached()
    yield RedisLease(server)
    await server.close()


async def test_the_first_is_taken_where_there_is_none(leases: LeaseStore) -> None:
    assert await leases.look() is None
    assert await leases.take(None, FIRST)
    assert await leases.look() == FIRST
    assert not await leases.take(None, SECOND)
    assert await leases.look() == FIRST


async def test_a_lease_is_taken_only_as_it_was_seen(leases: LeaseStore) -> None:
    await leases.take(None, FIRST)
    assert await leases.renew(FIRST)
    assert not await leases.take(FIRST, SECOND)
    seen = await leases.look()
    assert seen == msgspec.structs.replace(FIRST, beat=1)
    assert await leases.take(seen, SECOND)
    assert await leases.look() == SECOND


async def test_nobody_renews_or_gives_up_what_is_another_s(leases: LeaseStore) -> None:
    await leases.take(None, FIRST)
    await leases.take(FIRST, SECOND)
    assert not await leases.renew(FIRST)
    assert not await leases.renew(msgspec.structs.replace(SECOND, term=1_001))
    await leases.give_up(FIRST)
    assert await leases.look() == SECOND


async def test_what_is_gone_is_not_renewed(leases: LeaseStore) -> None:
    assert not await leases.renew(FIRST)
    await leases.give_up(FIRST)
    assert await leases.look() is None


async def test_a_lease_that_is_given_up_keeps_its_term(leases: LeaseStore) -> None:
    await leases.take(None, FIRST)
    await leases.give_up(FIRST)
    assert await leases.look() == Lease(node="", address="", term=1_001, beat=1)
    assert not await leases.renew(FIRST)


async def test_only_its_holder_deletes_a_lease(leases: LeaseStore) -> None:
    await leases.take(None, SECOND)
    await leases.drop(FIRST)
    await leases.drop(msgspec.structs.replace(SECOND, term=1_001))
    assert await leases.look() == SECOND
    await leases.drop(SECOND)
    assert await leases.look() is None
    assert not await leases.renew(SECOND)


@pytest.mark.parametrize("program", ["redis", "valkey"])
async def test_a_lease_that_somebody_has_damaged_is_no_lease(program: str, redis_processes: RedisProcesses) -> None:
    process = redis_processes.empty(program)
    process.ask("HSET", "moothall:house", "node", "n1", "term", "many")
    server = process.reached()
    with pytest.raises(StorageUnavailable, match="can't be read"):
        await RedisLease(server).look()
    await server.close()
