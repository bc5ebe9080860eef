from __future__ import annotations

from math import isclose

import pytest

from moothall.core.opinions.clusters import best_clusters, clusters, silhouette

NEAR = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5)]


def around(x: float, y: float) -> list[tuple[float, float]]:
    return [(x + a, y + b) for a, b in NEAR]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_clusters_that_are_apart_are_found(count: int) -> None:
    middles = [(0.0, 0.0), (20.0, 0.0), (0.0, 20.0), (20.0, 20.0), (10.0, 40.0)][:count]
    points = [point for middle in middles for point in around(*middle)]
    labels = best_clusters(points, 5)
    parts = [labels[n : n + 5] for n in range(0, len(labels), 5)]
    assert all(len(set(part)) == 1 for part in parts)
    assert len({part[0] for part in parts}) == count


def test_small_clusters_are_no_parting() -> None:
    assert best_clusters([*around(0, 0), (30.0, 30.0)], 5) == ()
    assert len(best_clusters([*around(0, 0), (30.0, 30.0)], 1)) == 6
    assert best_clusters([(0.0, 0.0)] * 12, 5) == ()


def test_a_silhouette_by_hand() -> None:
    # Rousseeuw's s(i): a = 1, b = 9.5 and 8.5 for the outer points of the first pair, and mirrored.
    points = [(0.0, 0.0), (1.0, 0.0), (9.0, 0.0), (10.0, 0.0)]
    expected = ((9.5 - 1) / 9.5 + (8.5 - 1) / 8.5) / 2
    assert isclose(silhouette(points, (0, 0, 1, 1)), expected)
    assert silhouette(points, (0, 0, 0, 0)) == 0.0
    assert isclose(silhouette(points[:3], (0, 0, 1)), ((9 - 1) / 9 + (8 - 1) / 8) / 3)  # A point alone counts 0.
    assert silhouette([(0.0, 0.0)] * 4, (0, 0, 1, 1)) == 0.0


def test_of_many_points_some_are_compared() -> None:
    points = [*around(0, 0), *around(20, 0)]
    assert silhouette(points, (0,) * 5 + (1,) * 5, most=5) > 0.9


def test_a_parting_that_takes_too_long_is_taken_as_it_is() -> None:
    assert len(clusters([*around(0, 0), *around(20, 0)], 2, rounds=1)) == 10
