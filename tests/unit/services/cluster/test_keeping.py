from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from moothall.core.cluster.lease import AWAY_MS, BEAT_MS, DOUBT_MS, HOLD_MS, Lease
from moothall.services.cluster.keeping import LOOK_MS, Keeping
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemoryLease


def node(leases: MemoryLease, clock: ManualClock, number: int, rank: Callable[[], int] = lambda: 0) -> Keeping:
    async def known_term() -> int:
        return 7

    address = f"http://10.0.0.{number}:8080"
    return Keeping(leases, clock, node=f"n{number}", number=number, address=address, known_term=known_term, rank=rank)


@asynccontextmanager
async def running(*nodes: Keeping) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.ensure_future(each.run()) for each in nodes]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def leases() -> MemoryLease:
    return MemoryLease()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_in_a_new_house_one_takes_the_lease_and_the_other_stands_by(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    async with running(first, second):
        await clock.advance(AWAY_MS - 1)
        assert (first.term, second.term, first.answers) == (None, None, False)
        await clock.advance(LOOK_MS)
        await asyncio.wait_for(first.taken(), 1)
        assert (first.term, second.term) == (1_001, None)
        assert first.lease == Lease(node="n1", address="http://10.0.0.1:8080", term=1_001, beat=0)
        await clock.advance(60_000)
        assert first.answers
        assert not second.answers
        assert second.lease is not None
        assert (second.lease.node, second.term) == ("n1", None)


async def test_a_node_that_is_not_fit_to_keep_the_house_leaves_it_to_others(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    first.fit = lambda: False
    async with running(first, second):
        await clock.advance(2 * AWAY_MS)
        assert (first.term, second.term) == (None, 1_002)


async def test_whoever_stands_by_takes_over_from_a_keeper_that_died(leases: MemoryLease, clock: ManualClock) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    async with running(first, second) as tasks:
        await clock.advance(2 * AWAY_MS)
        tasks[0].cancel()
        await clock.advance(HOLD_MS + 1)
        assert not first.answers
        await clock.advance(AWAY_MS - HOLD_MS + BEAT_MS + LOOK_MS)
        assert second.answers
        assert second.term == 2_002


async def test_without_redis_a_keeper_acknowledges_nothing_and_goes_on_when_it_is_back(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    async with running(first, second):
        await clock.advance(2 * AWAY_MS)
        leases.away = True
        await clock.advance(HOLD_MS)
        assert not first.answers
        await clock.advance(10 * AWAY_MS)
        assert first.term == 1_001
        assert second.term is None
        leases.away = False
        await clock.advance(BEAT_MS)
        assert first.answers
        assert second.term is None


async def test_a_keeper_whose_lease_is_another_s_by_now_stands_by(leases: MemoryLease, clock: ManualClock) -> None:
    first = node(leases, clock, 1)
    async with running(first):
        await clock.advance(2 * AWAY_MS)
        leases.lease = Lease(node="n2", address="", term=2_002, beat=0)
        await clock.advance(BEAT_MS)
        assert first.term is None
        await asyncio.wait_for(first.lost(), 1)


async def test_a_lease_that_redis_has_lost_is_written_again_by_the_keeper(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    async with running(first, second):
        await clock.advance(2 * AWAY_MS)
        leases.lease = None
        await clock.advance(10 * AWAY_MS)
        assert first.answers
        assert (first.term, second.term) == (1_001, None)


async def test_a_lease_that_was_over_when_redis_lost_it_is_taken_anew(leases: MemoryLease, clock: ManualClock) -> None:
    first = node(leases, clock, 1)
    async with running(first):
        await clock.advance(2 * AWAY_MS)
        leases.away = True
        await clock.advance(HOLD_MS + BEAT_MS)
        leases.away, leases.lease = False, None
        await clock.advance(BEAT_MS)
        assert first.term is None  # Meanwhile another may have kept the house, and be lost as well.
        await clock.advance(AWAY_MS + LOOK_MS)
        assert first.answers


async def test_after_a_redis_that_lost_all_whoever_reaches_less_far_waits_for_the_other(
    leases: MemoryLease, clock: ManualClock
) -> None:
    """Also when it finds Redis again before the other one does."""
    behind, ahead = node(leases, clock, 1, rank=lambda: 1), node(leases, clock, 2)
    leases.lease = Lease(node="n2", address="", term=1_002, beat=7)
    async with running(behind):
        await clock.advance(LOOK_MS)
        leases.away = True
        await clock.advance(DOUBT_MS + LOOK_MS)
        leases.away, leases.lease = False, None
        await clock.advance(2 * AWAY_MS + BEAT_MS)
        assert behind.term is None
        async with running(ahead):
            await clock.advance(AWAY_MS + LOOK_MS)
            assert ahead.answers
            assert behind.term is None


async def test_whoever_gives_the_lease_up_is_followed_at_once(leases: MemoryLease, clock: ManualClock) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2)
    async with running(first) as tasks:
        await clock.advance(2 * AWAY_MS)
        async with running(second):
            await clock.advance(LOOK_MS)
            await first.give_up()
            assert not first.answers
            tasks[0].cancel()
            await clock.advance(LOOK_MS)
            assert second.answers
            assert second.term == 2_002


async def test_a_lease_that_can_t_be_given_up_runs_out(leases: MemoryLease, clock: ManualClock) -> None:
    first = node(leases, clock, 1)
    async with running(first):
        await clock.advance(2 * AWAY_MS)
        leases.away = True
        await first.give_up()
        assert first.term is None
        await first.give_up()  # May be said again.


class SlowLease(MemoryLease):
    """A renewal is done at once, and its answer comes when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = asyncio.Event()
        self.gone.set()

    async def renew(self, lease: Lease) -> bool:
        done = await super().renew(lease)
        await self.gone.wait()
        return done


async def test_an_answer_that_comes_after_the_lease_was_given_up_changes_nothing(clock: ManualClock) -> None:
    leases = SlowLease()
    first = node(leases, clock, 1)
    async with running(first):
        await clock.advance(AWAY_MS)
        leases.gone.clear()
        await clock.advance(BEAT_MS)
        await first.give_up()
        leases.gone.set()
        await clock.advance(1)
        assert first.term is None
        assert not first.answers
