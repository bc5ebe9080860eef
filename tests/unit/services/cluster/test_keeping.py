from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from moothall.core.cluster.lease import AWAY_MS, BEAT_MS, DOUBT_MS, HOLD_MS, Lease
from moothall.core.cluster.one_copy import PROMISE_MS
from moothall.services.cluster.keeping import LOOK_MS, UNLINKED_MS, KeeperLease
from moothall.testing.clock import ManualClock
from moothall.testing.house_memory import MemoryLease


def node(leases: MemoryLease, clock: ManualClock, number: int, rank: Callable[[], int] = lambda: 0) -> KeeperLease:
    async def known_term() -> int:
        return 7

    address = f"http://10.0.0.{number}:8080"
    return KeeperLease(
        leases, clock, node=f"n{number}", number=number, address=address, known_term=known_term, rank=rank
    )


@asynccontextmanager
async def running(*nodes: KeeperLease) -> AsyncIterator[list[asyncio.Task[None]]]:
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
        await clock.advance(2 * AWAY_MS - 1)
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
        await clock.advance(3 * AWAY_MS)
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
        await clock.advance(2 * AWAY_MS - LOOK_MS)
        assert first.term is None  # It waits as everybody else does, for copies that reach further.
        await clock.advance(2 * LOOK_MS)
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
        await clock.advance(AWAY_MS - 2 * LOOK_MS)
        async with running(ahead):
            await clock.advance(2 * AWAY_MS)
            assert ahead.answers
            assert behind.term is None


async def test_a_node_that_starts_while_redis_is_away_leaves_the_house_to_its_keeper_when_redis_comes_back_empty(
    leases: MemoryLease, clock: ManualClock
) -> None:
    """However long it has waited to begin: it looks for the first time when Redis is back."""
    keeper = node(leases, clock, 1)
    async with running(keeper):
        await clock.advance(3 * AWAY_MS)
        leases.away = True
        begun = node(leases, clock, 2, rank=lambda: 1)
        await clock.advance(3 * AWAY_MS)
        leases.away, leases.lease = False, None
        async with running(begun):
            await clock.advance(3 * AWAY_MS)
            assert keeper.answers
            assert begun.term is None


@pytest.mark.parametrize("keeper", ["n9", ""])
async def test_who_has_seen_no_keeper_go_on_doubts_what_redis_says_of_one(
    leases: MemoryLease, clock: ManualClock, keeper: str
) -> None:
    """It may be an older file, also where the lease was given up there."""
    first = node(leases, clock, 1)
    leases.lease = Lease(node=keeper, address="", term=1_009, beat=3)
    async with running(first):
        await clock.advance(2 * AWAY_MS - LOOK_MS)
        assert first.term is None
        await clock.advance(LOOK_MS)
        assert first.term == 2_001


async def test_who_gave_the_lease_up_comes_last(leases: MemoryLease, clock: ManualClock) -> None:
    """Its disk may refuse the house, though its copies reach furthest."""
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 3)
    async with running(first):
        await clock.advance(2 * AWAY_MS)
        async with running(second):
            await clock.advance(BEAT_MS + LOOK_MS)
            await first.give_up()
            await clock.advance(AWAY_MS - LOOK_MS)
            assert (first.term, second.term) == (None, 2_002)


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


async def test_a_keeper_without_redis_goes_on_alone_once_its_lease_is_over_and_all_have_confirmed(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first = node(leases, clock, 1)
    confirmed = True
    first.confirmed = lambda _: confirmed
    async with running(first):
        await clock.advance(2 * AWAY_MS)
        assert not first.alone
        assert not first.suspended
        leases.away = True
        await clock.advance(BEAT_MS)
        assert (first.answers, first.alone, first.suspended) == (True, False, False)
        await clock.advance(HOLD_MS)
        assert first.suspended
        assert (first.answers, first.alone) == (False, True)
        confirmed = False
        assert not first.alone
        confirmed, leases.away = True, False
        await clock.advance(BEAT_MS)
        assert (first.answers, first.alone) == (True, False)


@pytest.mark.parametrize("noted", [True, False], ids=["its note was seen", "its note was not seen yet"])
async def test_a_keeper_without_redis_stands_by_once_a_node_that_lived_is_linked_no_more(
    leases: MemoryLease, clock: ManualClock, *, noted: bool
) -> None:
    """Whoever takes over ends its link, and removes words that this node would go on showing."""
    first, linked = node(leases, clock, 1), True
    first.links = lambda: frozenset({"n2"} if linked else ())
    first.lived = lambda: frozenset({"n2"} if noted else ())
    async with running(first):
        watching = asyncio.ensure_future(first.watch_links())
        await clock.advance(2 * AWAY_MS)
        linked = False
        await clock.advance(2 * UNLINKED_MS)
        assert first.answers, "it has Redis"
        linked = True
        await clock.advance(BEAT_MS)
        leases.away = True
        await clock.advance(60_000)
        assert first.suspended, "Redis is away for all"
        linked = False
        await clock.advance(UNLINKED_MS - BEAT_MS)
        linked = True
        await clock.advance(BEAT_MS)
        linked = False
        await clock.advance(UNLINKED_MS)
        assert first.suspended
        await clock.advance(2 * BEAT_MS)
        assert (first.suspended, first.term) == (False, None)
        await asyncio.wait_for(first.lost(), 1)
        watching.cancel()


async def test_what_a_keeper_shows_is_as_old_as_its_last_renewal_unless_all_have_confirmed(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, confirmed = node(leases, clock, 1), False
    first.confirmed = lambda _: confirmed
    async with running(first):
        assert first.age == 0
        await clock.advance(2 * AWAY_MS + BEAT_MS)
        assert first.age < BEAT_MS
        leases.away = True
        await clock.advance(60_000)
        assert 60_000 <= first.age <= 60_000 + BEAT_MS
        confirmed = True
        assert first.age == 0


async def test_a_node_confirms_that_it_is_without_redis_and_takes_nothing_over_for_a_while_after(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    async with running(first, second) as tasks:
        await clock.advance(2 * AWAY_MS)
        assert not first.confirm()  # It keeps the house.
        assert not second.confirm()  # It sees Redis.
        leases.away = True
        await clock.advance(HOLD_MS)
        assert not first.confirm()
        assert second.confirm()
        tasks[0].cancel()
        await clock.advance(60_000)
        leases.away = False
        await clock.advance(PROMISE_MS)
        assert second.term is None
        await clock.advance(2 * LOOK_MS)
        assert second.term == 2_002
        assert not second.confirm()


async def test_a_node_that_has_confirmed_and_gives_no_other_promise_is_free_later(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    async with running(first, second) as tasks:
        await clock.advance(2 * AWAY_MS)
        leases.away = True
        await clock.advance(HOLD_MS)
        assert second.confirm()
        leases.away = False
        await clock.advance(PROMISE_MS + LOOK_MS)
        assert first.answers
        tasks[0].cancel()
        await clock.advance(AWAY_MS + BEAT_MS + LOOK_MS)
        assert second.answers


class Waiting(MemoryLease):
    """Answers to nobody who takes it until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.asked = asyncio.Event()

    async def take(self, seen: Lease | None, lease: Lease) -> bool:
        self.asked.set()
        await self.go.wait()
        return await super().take(seen, lease)


async def test_a_node_that_is_just_taking_the_house_confirms_nothing(clock: ManualClock) -> None:
    leases = Waiting()
    first = node(leases, clock, 1)
    async with running(first):
        leases.lease = Lease(node="n9", address="", term=1_009, beat=3)
        await clock.advance(LOOK_MS)
        leases.away = True
        await clock.advance(LOOK_MS)
        leases.away, leases.lease = False, Lease(node="", address="", term=1_009, beat=4)
        await clock.advance(LOOK_MS)
        await asyncio.wait_for(leases.asked.wait(), 1)
        assert not first.confirm()
        leases.go.set()
        await clock.advance(1)
        assert first.term == 2_001


async def test_a_promise_that_is_given_while_the_house_is_about_to_be_taken_holds(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first = node(leases, clock, 1)
    confirmed: list[bool] = []

    async def known_term() -> int:
        if not confirmed:
            confirmed.append(first.confirm())
        return 7

    first.known_term = known_term
    async with running(first):
        leases.away = True
        await clock.advance(LOOK_MS)
        leases.away = False
        await clock.advance(2 * AWAY_MS)
        while not confirmed:
            await clock.advance(LOOK_MS)
        assert first.term is None or not confirmed[0]


async def test_a_lease_that_was_over_when_redis_lost_it_is_the_keeper_s_as_long_as_all_have_promised(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    first.returns = lambda _: True
    async with running(first, second):
        await clock.advance(2 * AWAY_MS)
        leases.away = True
        await clock.advance(3 * HOLD_MS)
        leases.away, leases.lease = False, None
        await clock.advance(BEAT_MS)
        assert first.answers
        assert (first.term, second.term) == (1_001, None)


def _answered(whole: bool) -> Callable[[int], Awaitable[bool]]:
    async def ask(_: int) -> bool:
        return whole

    return ask


@pytest.mark.parametrize("whole", [False, True])
async def test_a_keeper_that_leaves_a_redis_in_doubt_leaves_no_lease_until_redis_has_all_that_it_has(
    leases: MemoryLease, clock: ManualClock, *, whole: bool
) -> None:
    first, second = node(leases, clock, 1), node(leases, clock, 2, rank=lambda: 1)
    first.whole = _answered(whole)
    async with running(first, second):
        await clock.advance(2 * AWAY_MS)
        assert first.in_doubt
        first.fit = lambda: False
        await first.give_up()
        await clock.advance(3 * LOOK_MS)
        assert (second.term is not None) is whole
        await clock.advance(3 * AWAY_MS)
        assert second.term is not None
        assert second.in_doubt is not whole, "it asks the other nodes before it writes"


async def test_a_keeper_that_writes_a_lost_lease_again_doubts_what_redis_has(
    leases: MemoryLease, clock: ManualClock
) -> None:
    first = node(leases, clock, 1)
    first.whole = _answered(False)
    async with running(first):
        await clock.advance(2 * AWAY_MS)
        first.in_doubt = False
        leases.lease = None
        await clock.advance(BEAT_MS)
        assert first.answers
        await first.give_up()
        assert leases.lease is None
