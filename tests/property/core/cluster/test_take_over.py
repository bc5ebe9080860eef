"""Redis goes away and loses data, and any other node dies or restarts meanwhile, while its copy lags and the keeper is
slow: a house whose keeper lives has everything acknowledged, in order, as soon as Redis is back.
"""

from __future__ import annotations

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from moothall.core.cluster.lease import AWAY_MS, BEAT_MS
from support.cluster.simulated import Back, Down, Interval, Node, World

LENGTH_MS = 60_000
RATES = st.sampled_from([0.8, 1.0, 1.2])
DELAYS = st.lists(st.integers(1, 60), min_size=20, max_size=50)
STALLS = st.integers(100, 1_000)
"""Shorter than it takes until the others hold a node for dead."""
DOWN = st.builds(Down, st.integers(12_000, 15_000), st.integers(500, 12_000), st.sampled_from(Back))


def one_answers(world: World) -> None:
    assert sum(node.answers or node.alone for node in world.nodes) <= 1


@st.composite
def started_again(draw: st.DrawFn, down: Down) -> list[Interval]:
    """A process that dies with Redis, soon after or before, and is there again at any time."""
    begin = draw(st.integers(down.begin - 2_000, down.begin + down.length + 1_000))
    return [(begin, draw(st.integers(500, 20_000)))]


def require_all_in_order(world: World) -> None:
    acked = [each.what for each in world.acked]
    assert [what for what in world.log if what in set(acked)] == acked
    assert len(acked) > 20


def require_each_term_once(world: World) -> None:
    terms = [term for node in world.nodes for term in node.terms]
    assert len(set(terms)) == len(terms)


@given(st.data(), DELAYS, DOWN, st.lists(RATES, min_size=2, max_size=3), st.booleans())
def test_a_redis_that_lost_all_costs_nothing_whichever_other_nodes_are_started_meanwhile(
    data: st.DataObject, drawn: list[int], down: Down, rates: list[float], one_copy: bool
) -> None:
    turn = iter(range(10_000_000))
    world = World(lambda: drawn[next(turn) % len(drawn)], [down])
    for number, rate in enumerate(rates, start=1):
        keeper, after = number == 1, down.begin + down.length
        restarts = [] if keeper else data.draw(started_again(down))
        sleeps = data.draw(st.lists(st.tuples(st.integers(after, after + 9_000), STALLS), max_size=3)) if keeper else []
        lag = data.draw(st.integers(0, 2_000))
        world.nodes.append(Node(world, number, rate, sleeps, restarts=restarts, one_copy=one_copy, lag=lag))
    world.run(LENGTH_MS, lambda: one_answers(world))
    require_all_in_order(world)
    assert all(not node.aside for node in world.nodes)
    require_each_term_once(world)
    event(f"{sum(node.took for node in world.nodes)} take-overs")


def two(down: Down, *restarts: Interval) -> World:
    """The first keeps the house; the other one's process isn't there in the meantime. All delays are 20 ms."""
    world = World(lambda: 20, [down])
    world.nodes += [Node(world, 1, one_copy=False), Node(world, 2, restarts=[*restarts], one_copy=False)]
    return world


def test_a_node_that_starts_while_redis_is_away_does_not_take_an_emptied_house_at_once() -> None:
    world = two(Down(12_000, 8_000, Back.EMPTY), (12_000, 4_000))
    world.run(20_000 + 2 * AWAY_MS - BEAT_MS, lambda: one_answers(world))
    assert [node.took for node in world.nodes] == [1, 0]
    world.run(LENGTH_MS, lambda: one_answers(world))
    assert [node.took for node in world.nodes] == [2, 0]
    require_all_in_order(world)


@pytest.mark.parametrize("back", [Back.EMPTY, Back.OLDER])
def test_whoever_takes_over_a_redis_that_lost_something_gathers_first_what_the_others_have(back: Back) -> None:
    """The keeper finds Redis so late that the other one takes the house, from a copy that has not followed."""
    world = World(lambda: 20, [Down(12_000, 8_000, back)])
    cut = [(12_000, 18_000)]
    world.nodes += [Node(world, 1, cuts=cut, one_copy=False), Node(world, 2, one_copy=False, lag=5_000)]
    world.run(19_000, lambda: one_answers(world))
    keeper, other = world.nodes
    assert len(other.disk) < len(keeper.disk) == len(world.acked)
    world.run(LENGTH_MS, lambda: one_answers(world))
    assert [node.took for node in world.nodes] == [1, 1]
    require_all_in_order(world)
    assert not keeper.aside
