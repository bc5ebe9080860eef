"""Whatever the network delays, however long a node sleeps and however its clock runs: only one
node acts as the keeper.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from moothall.core.cluster.lease import (
    AWAY_MS,
    BEAT_MS,
    DOUBT_MS,
    HOLD_MS,
    STAGGER_MS,
    Lease,
    LeaseHolding,
    LeaseWatch,
    next_term,
)

LENGTH_MS = 30_000
RATES = st.sampled_from([0.8, 1.0, 1.2])
DELAYS = st.one_of(st.integers(1, 60), st.integers(1, 4_000))
AWAY = st.lists(st.tuples(st.integers(0, LENGTH_MS), st.integers(100, 8_000)), max_size=3)


Interval = tuple[int, int]
"""Begin and length, ms."""


def within(now: int, some: list[Interval]) -> bool:
    return any(begin <= now < begin + length for begin, length in some)


@dataclass
class World:
    """Real time, and Redis, which does one thing after the other."""

    delay: Callable[[], int]
    now: int = 0
    lease: Lease | None = None
    due: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    number: int = 0

    def later(self, ms: int, act: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.due, (self.now + ms, self.number, act))

    def ask(self, node: Node, script: Callable[[], object], told: Callable[[object], None]) -> None:
        """A script is run at Redis some time later, and its answer comes some time after that; a cut loses either."""

        def arrive() -> None:
            if not within(self.now, node.cuts):
                answer = script()
                self.later(self.delay(), lambda: None if within(self.now, node.cuts) else told(answer))

        self.later(self.delay(), arrive)


class Node:
    def __init__(self, world: World, number: int, rate: float, sleeps: list[Interval], cuts: list[Interval]) -> None:
        self.world, self.number, self.rate, self.sleeps, self.cuts = world, number, rate, sleeps, cuts
        self.name = f"n{number}"
        self.holding: LeaseHolding | None = None
        self.watch = LeaseWatch(lease=None, since=0)
        self.took = 0

    def clock(self) -> int:
        return int(self.world.now * self.rate) + 1_000 * self.number

    @property
    def asleep(self) -> bool:
        return within(self.world.now, self.sleeps)

    @property
    def answers(self) -> bool:
        return self.holding is not None and not self.asleep and self.holding.answers(self.clock())

    def beat(self) -> None:
        """What it does each half second, unless it sleeps."""
        self.world.later(max(1, int(BEAT_MS / self.rate)), self.beat)
        if self.asleep:
            return
        sent, holding = self.clock(), self.holding
        if holding is not None:
            if not holding.answers(sent):
                self.holding, self.watch = None, LeaseWatch(lease=None, since=sent)
                return
            self.world.ask(
                self,
                lambda: self._renew(holding.lease.term),
                lambda done: self._renewed(holding.lease.term, sent, done),
            )
        else:
            self.world.ask(self, lambda: self.world.lease, lambda lease: self._looked(sent, lease))

    def _renew(self, term: int) -> bool:
        lease = self.world.lease
        if lease is None or lease.term != term:
            return False
        self.world.lease = Lease(node=self.name, address="", term=term, beat=lease.beat + 1)
        return True

    def _renewed(self, term: int, sent: int, done: object) -> None:
        if self.holding is not None and self.holding.lease.term == term and done:
            self.holding = self.holding.renewed(sent)

    def _looked(self, sent: int, lease: object) -> None:
        if self.holding is not None or self.asleep:
            return
        assert lease is None or isinstance(lease, Lease)
        self.watch = self.watch.looked(lease, self.clock())
        if self.watch.due(self.clock(), self.number):
            term, seen, sent = next_term(self.number, lease.term if lease else 0), lease, self.clock()
            self.watch = LeaseWatch(lease=lease, since=sent)
            self.world.ask(self, lambda: self._take(seen, term), lambda done: self._taken(term, sent, done))

    def _take(self, seen: Lease | None, term: int) -> bool:
        if self.world.lease != seen:
            return False
        self.world.lease = Lease(node=self.name, address="", term=term, beat=0)
        return True

    def _taken(self, term: int, sent: int, done: object) -> None:
        if done:
            self.holding = LeaseHolding(lease=Lease(node=self.name, address="", term=term, beat=0), sent=sent)
            self.took += 1


def test_a_keeper_that_is_cut_off_stops_before_the_next_one_begins_whatever_their_clocks() -> None:
    """The slowest clock that is allowed keeps, the fastest watches, and nothing is delayed."""
    world = World(lambda: 1)
    slow, fast = Node(world, 1, 0.8, [], [(10_000, LENGTH_MS)]), Node(world, 2, 1.2, [], [(0, 6_000)])
    for node in (slow, fast):
        world.later(node.number, node.beat)
    while world.now < LENGTH_MS:
        world.now, _, act = heapq.heappop(world.due)
        act()
        assert not (slow.answers and fast.answers)
    assert (slow.took, fast.took) == (1, 1)


@given(st.data(), st.lists(st.tuples(RATES, AWAY, AWAY), min_size=2, max_size=4))
def test_never_do_two_nodes_answer_at_the_same_time(
    data: st.DataObject, made: list[tuple[float, list[Interval], list[Interval]]]
) -> None:
    delays = data.draw(st.lists(DELAYS, min_size=20, max_size=200))
    turn = iter(range(10_000_000))
    world = World(lambda: delays[next(turn) % len(delays)])
    nodes = [Node(world, n, rate, sleeps, cuts) for n, (rate, sleeps, cuts) in enumerate(made, start=1)]
    for node in nodes:
        world.later(node.number, node.beat)
    while world.now < LENGTH_MS:
        world.now, _, act = heapq.heappop(world.due)
        act()
        assert sum(node.answers for node in nodes) <= 1
    event(f"{sum(node.took for node in nodes)} take-overs")


def test_a_keeper_that_dies_is_followed_within_the_promise() -> None:
    """All delays are 20 ms: from the death to the next answer at most 5 s less what reading the end takes."""
    world = World(lambda: 20)
    nodes = [Node(world, number, 1.0, [], []) for number in (1, 2)]
    for node in nodes:
        world.later(node.number, node.beat)
    died = None
    while world.now < LENGTH_MS:
        world.now, _, act = heapq.heappop(world.due)
        act()
        if died is None and world.now > 10_000:
            keeper = next(node for node in nodes if node.answers)
            keeper.sleeps, died = [(world.now, LENGTH_MS)], world.now
        if died is not None and any(node.answers for node in nodes):
            assert HOLD_MS - BEAT_MS < world.now - died <= AWAY_MS + 2 * STAGGER_MS + 2 * BEAT_MS
            return
    raise AssertionError("Nobody took the house over.")


@given(st.integers(1, 999), st.lists(st.integers(0, 10**12), max_size=4))
def test_a_term_is_above_all_that_are_known_and_says_whose_it_is(number: int, known: list[int]) -> None:
    term = next_term(number, *known)
    assert term > max((0, *known))
    assert term % 1_000 == number


@pytest.mark.parametrize("number", [-1, 0, 1_000])
def test_a_number_that_no_term_can_carry_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 999"):
        next_term(number, 0)


def test_a_renewal_whose_answer_comes_late_shortens_no_lease() -> None:
    lease = Lease(node="n1", address="", term=1_001, beat=0)
    holding = LeaseHolding(lease=lease, sent=5_000).renewed(4_000)
    assert holding.answers(5_000 + HOLD_MS - 1)
    assert not holding.answers(5_000 + HOLD_MS)


def test_a_lease_that_was_given_up_is_taken_at_once_in_order() -> None:
    given_up = LeaseWatch(lease=Lease(node="", address="", term=1_001, beat=7), since=10_000)
    assert given_up.due(10_000)
    assert not given_up.due(10_000, 1)
    assert given_up.due(10_000 + STAGGER_MS, 1)


def test_a_redis_that_was_away_is_waited_for_longer_unless_a_keeper_goes_on() -> None:
    lease = Lease(node="n1", address="", term=1_001, beat=7)
    older, newer = [Lease(node="n1", address="", term=1_001, beat=beat) for beat in (6, 8)]
    watch = LeaseWatch(lease=lease, since=0)
    short = watch.away(5_000, 5_000 - DOUBT_MS + 1)
    assert (short.doubtful, short.since) == (False, 5_000)
    away = watch.away(5_000, 5_000 - DOUBT_MS).away(6_000, 6_000)
    for found, doubtful in ((lease, True), (None, True), (older, True), (newer, False)):
        back = away.looked(found, 7_000)
        assert back.doubtful == doubtful
        least, each = (2 * AWAY_MS, AWAY_MS) if doubtful else (AWAY_MS, STAGGER_MS)
        for rank in range(3):
            assert not back.due(back.since + least + rank * each - 1, rank)
            assert back.due(back.since + least + rank * each, rank)
    assert not away.looked(None, 7_000).looked(older, 8_000).doubtful
    given_up = away.looked(Lease(node="", address="", term=1_001, beat=6), 7_000)
    assert not given_up.due(7_000 + 2 * AWAY_MS - 1)  # By an older file, which says nothing of who keeps the house now.
