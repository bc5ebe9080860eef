"""Whatever fails and however clocks run: two nodes never acknowledge at the same time, and acts acknowledged with one
copy are lost only with the keeper's disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from moothall.core.cluster.lease import HOLD_MS
from moothall.core.cluster.one_copy import PROMISE_MS
from support.cluster.simulated import Back, Down, Interval, Node, World

LENGTH_MS = 45_000
RATES = st.sampled_from([0.8, 1.0, 1.2])
QUICK = st.integers(1, 60)
DELAYS = st.one_of(QUICK, st.integers(1, 4_000))
DOWNS = st.lists(
    st.builds(Down, st.integers(5_000, LENGTH_MS - 15_000), st.integers(500, 15_000), st.sampled_from(Back)),
    min_size=1,
    max_size=3,
)
Made = tuple[float, list[Interval], list[Interval], list[Interval]]


def delays_of(drawn: list[int]) -> Callable[[], int]:
    turn = iter(range(10_000_000))
    return lambda: drawn[next(turn) % len(drawn)]


def house(world: World, made: list[Made]) -> None:
    for number, (rate, sleeps, cuts, away) in enumerate(made, start=1):
        world.nodes.append(Node(world, number, rate, sleeps, cuts, away))


def only_one_answers(world: World) -> Callable[[], None]:
    def check() -> None:
        assert sum(node.answers or node.alone for node in world.nodes) <= 1

    return check


def require_nothing_lost(world: World) -> None:
    """Each is in Redis, or on the disk of whoever acknowledged it, be it in what was set aside there."""
    disks = {node.name: {*node.disk, *node.aside} for node in world.nodes}
    for each in world.acked:
        assert each.what in world.log or each.what in disks[each.node]
    stored = [each.what for each in world.acked if each.what in world.log]
    assert [what for what in world.log if what in set(stored)] == stored
    assert len(set(world.log)) == len(world.log)


@st.composite
def about(draw: st.DrawFn, down: Down) -> list[Interval]:
    """Something else that goes away while Redis does, or not long before or after."""
    if not draw(st.booleans()):
        return []
    begin = draw(st.integers(down.begin - 2_000, down.begin + down.length + 1_000))
    return [(begin, draw(st.integers(500, 40_000)))]


@given(st.data(), st.one_of(st.lists(QUICK, min_size=20, max_size=50), st.lists(DELAYS, min_size=20, max_size=50)))
def test_never_do_two_nodes_acknowledge_at_the_same_time_and_nothing_is_lost(
    data: st.DataObject, drawn: list[int]
) -> None:
    down = data.draw(st.builds(Down, st.integers(8_000, 11_000), st.integers(500, 12_000), st.sampled_from(Back)))
    some = data.draw(st.booleans())
    world = World(delays_of(drawn), [down] if some else [])
    made = st.tuples(RATES, about(down), about(down), about(down))
    house(world, data.draw(st.lists(made, min_size=2, max_size=3)))
    world.run(LENGTH_MS, only_one_answers(world))
    require_nothing_lost(world)
    event(f"with one copy: {any(each.alone for each in world.acked)}")


@given(st.lists(QUICK, min_size=20, max_size=50), DOWNS, st.lists(RATES, min_size=2, max_size=3))
@example([20], [Down(10_000, 10_000, back=Back.EMPTY)], [1.0, 1.0])
def test_where_redis_alone_goes_away_it_has_all_of_it_in_order_when_it_is_back(
    drawn: list[int], downs: list[Down], rates: list[float]
) -> None:
    world = World(delays_of(drawn), downs)
    house(world, [(rate, [], [], []) for rate in rates])
    world.run(LENGTH_MS + 35_000, only_one_answers(world))
    acked = [each.what for each in world.acked]
    assert [what for what in world.log if what in set(acked)] == acked
    assert all(not node.aside for node in world.nodes)
    assert len(acked) > 20
    event(f"with one copy: {any(each.alone for each in world.acked)}")


def quiet(
    downs: list[Down], sleeps: Sequence[Interval] = (), cuts: Sequence[Interval] = (), away: Sequence[Interval] = ()
) -> World:
    """Two nodes, all delays 20 ms. The first keeps the house; to it the rest happens."""
    world = World(lambda: 20, downs)
    house(world, [(1.0, [*sleeps], [*cuts], [*away]), (1.0, [], [], [])])
    return world


def test_it_goes_on_within_some_seconds_and_for_as_long_as_redis_is_away() -> None:
    world = quiet([Down(10_000, 20_000)])
    world.run(10_000 + HOLD_MS + 1_000, only_one_answers(world))
    assert [node.alone for node in world.nodes] == [True, False]
    alone = sum(each.alone for each in world.acked)
    world.run(29_900, only_one_answers(world))
    assert sum(each.alone for each in world.acked) - alone > 40
    world.run(33_000, only_one_answers(world))
    assert [(node.answers, node.alone) for node in world.nodes] == [(True, False), (False, False)]
    acked = [each.what for each in world.acked]
    assert [what for what in world.log if what in set(acked)] == acked


def test_while_the_other_node_sees_redis_or_can_t_be_asked_nothing_has_one_copy() -> None:
    for away in ([], [(10_000, 30_000)]):
        world = quiet([], cuts=[(10_000, 30_000)], away=away)
        world.run(20_000, only_one_answers(world))
        assert not any(each.alone for each in world.acked)
        assert world.nodes[1].answers
    world = quiet([Down(10_000, 20_000)], away=[(10_000, 30_000)])
    world.run(29_000, only_one_answers(world))
    assert not any(each.alone for each in world.acked)


def test_a_node_that_sees_redis_takes_over_though_another_one_has_confirmed() -> None:
    world = World(lambda: 20)
    cut = [(10_000, 60_000)]
    house(world, [(1.0, [], cut, []), (1.0, [], cut, []), (1.0, [], [], [])])
    world.run(40_000, only_one_answers(world))
    assert world.nodes[2].answers
    assert not any(each.alone for each in world.acked)


@pytest.mark.parametrize("rates", [(0.8, 1.2), (1.0, 1.0), (1.2, 0.8)])
@pytest.mark.parametrize("linked", [False, True])
def test_a_keeper_that_finds_redis_later_than_the_others_stops_before_they_begin_whatever_their_clocks(
    rates: tuple[float, float], linked: bool
) -> None:
    """With the link of nodes it stops by a No, and without one by itself."""
    world = World(lambda: 20, [Down(10_000, 10_000)])
    away = [] if linked else [(20_000, 40_000)]
    house(world, [(rates[0], [], [(10_000, 40_000)], away), (rates[1], [], [(0, 6_000)], [])])
    began, stopped = None, 0

    def check() -> None:
        nonlocal began, stopped
        only_one_answers(world)()
        stopped = world.now if world.nodes[0].alone else stopped
        began = began or (world.now if world.nodes[1].answers else None)

    world.run(45_000, check)
    assert 20_000 <= stopped <= 20_000 + 2_000 / rates[0] + 100
    assert began is not None
    assert began >= 20_000 + PROMISE_MS / rates[1]
    world.run(90_000, only_one_answers(world))
    require_nothing_lost(world)


def test_a_redis_that_comes_back_empty_finds_its_keeper_again() -> None:
    world = quiet([Down(10_000, 20_000, Back.EMPTY)])
    world.run(40_000, only_one_answers(world))
    assert [node.took for node in world.nodes] == [1, 0]
    assert world.nodes[0].answers


def test_a_keeper_that_dies_with_one_copy_is_followed_when_the_promise_is_over_and_no_later() -> None:
    world = quiet([Down(10_000, 10_000)], sleeps=[(19_000, 60_000)])
    world.run(20_000 + PROMISE_MS - 500, only_one_answers(world))
    assert not world.nodes[1].answers
    world.run(20_000 + PROMISE_MS + 2_000, only_one_answers(world))
    assert world.nodes[1].answers
    lost = [each for each in world.acked if each.what not in world.log]
    assert lost
    assert all(each.alone for each in lost)
    world.run(90_000, only_one_answers(world))
    require_nothing_lost(world)
    assert world.nodes[0].aside >= {each.what for each in lost}
