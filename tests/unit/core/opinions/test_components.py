from __future__ import annotations

from math import dist, hypot, isclose

from moothall.core.opinions.components import points_of


def test_two_who_vote_alike_are_in_one_place_and_opposites_are_mirrored() -> None:
    one, other = {0: 1.0, 1: 1.0, 2: -1.0}, {0: -1.0, 1: -1.0, 2: 1.0}
    a, b, c, d = points_of([one, one, other, other], 3)
    assert dist(a, b) < 1e-9
    assert dist(a, (-c[0], -c[1])) < 1e-9
    assert dist(c, d) < 1e-9
    assert isclose(hypot(*a), 3**0.5)


def test_the_first_direction_has_the_greatest_spread() -> None:
    # Two comments part the voters by more than a third, which is independent of them.
    rows = [{0: x, 1: x, 2: y} for x in (1.0, -1.0) for y in (1.0, -1.0)]
    places = points_of(rows, 3)
    assert all(isclose(abs(x), 2**0.5, abs_tol=1e-6) and isclose(abs(y), 1.0, abs_tol=1e-6) for x, y in places)
    assert len({(round(x), round(y)) for x, y in places}) == 4


def test_whoever_voted_on_few_comments_is_moved_outwards() -> None:
    # Both comments part the voters along one direction, and their means are 0.
    whole, half, *_ = points_of([{0: 1.0, 1: 1.0}, {0: 1.0}, {0: -1.0, 1: -1.0}, {0: -1.0}], 2)
    assert isclose(whole[0], 2**0.5, rel_tol=0.2)
    one, other = points_of([{0: 1.0, 1: 1.0}, {0: -1.0, 1: -1.0}], 2)
    assert isclose(dist(one, other), 2 * 2**0.5)
    # Half of the votes, moved out by the root of two comments by one vote.
    assert 0.6 < half[0] / whole[0] < 0.9


def test_where_all_vote_alike_nobody_is_anywhere_else() -> None:
    assert points_of([{0: 1.0, 1: 0.0}] * 3, 2) == [(0.0, 0.0)] * 3


def test_an_iteration_that_takes_too_long_is_taken_as_it_is() -> None:
    rows = [{0: 1.0, 1: 1.0, 2: -1.0}, {0: 1.0, 1: -1.0, 2: 0.0}, {0: -1.0, 1: 1.0, 2: 1.0}]
    assert len(points_of(rows, 3, steps=1)) == 3
