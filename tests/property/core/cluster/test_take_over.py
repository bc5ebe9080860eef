"""Redis goes away and loses what it had, and any other node dies or is started again meanwhile: a house whose keeper is
there has all that was acknowledged, in order, as soon as Redis is back.
"""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from moothall.core.cluster.lease import AWAY_MS, BEAT_MS
from support.cluster.simulated import Back, Down, Interval, Node, World

LENGTH_MS = 60_000
RATES = st.sampled_from([0.8, 1.0, 1.2])
DELAYS = st.lists(st.integers(1, 60), min_size=20, max_size=50)
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


@given(st.data(), DELAYS, DOWN, st.lists(RATES, min_size=2, max_size=3), st.booleans())
def test_a_redis_that_lost_all_costs_nothing_whichever_other_nodes_are_started_meanwhile(
    data: st.DataObject, drawn: list[int], down: Down, rates: list[float], one_copy: bool
) -> None:
    turn = iter(range(10_000_000))
    world = World(lambda: drawn[next(turn) % len(drawn)], [down])
    for number, rate in enumerate(rates, start=1):
        restarts = data.draw(started_again(down)) if number > 1 else []
        world.nodes.append(Node(world, number, rate, restarts=restarts, one_copy=one_copy))
    world.run(LENGTH_MS, lambda: one_answers(world))
    require_all_in_order(world)
    assert all(not node.aside for node in world.nodes)
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
