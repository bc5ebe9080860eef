"""Parts a set of points into clusters: k-means, and the number of clusters with the best silhouette.

k-means as by S. Lloyd, "Least squares quantization in PCM" (1982), from two starts that need no chance; silhouettes as
by P. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis" (1987). Polis
takes the number of groups, two to five, in the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import dist

from moothall.core.opinions.components import Point

FEWEST_CLUSTERS, MOST_CLUSTERS = 2, 5
MOST_ROUNDS = 100
"""Rounds of one k-means. Overflow: the parting that was reached is taken."""
MOST_COMPARED = 400
"""Points whose silhouettes are computed, since each is compared with each. Overflow: every second, third, … point."""

Labels = tuple[int, ...]
"""The cluster of each point, from 0."""


def best_clusters(points: Sequence[Point], fewest: int) -> Labels:
    """The parting with the best silhouette of those whose clusters have at least `fewest` points; empty for none."""
    found: tuple[float, Labels] = (0.0, ())
    for count in range(FEWEST_CLUSTERS, MOST_CLUSTERS + 1):
        labels = clusters(points, count)
        sizes = Counter(labels)
        if len(sizes) == count and min(sizes.values()) >= fewest:
            found = max(found, (silhouette(points, labels), labels), key=lambda each: each[0])
    return found[1]


def clusters(points: Sequence[Point], count: int, *, rounds: int = MOST_ROUNDS) -> Labels:
    """The parting by k-means into at most `count` clusters, whose points are closest to their centres."""
    return min(
        (_lloyd(points, start, rounds) for start in (_far_apart(points, count), _in_rows(points, count))),
        key=lambda labels: _inertia(points, labels),
    )


def silhouette(points: Sequence[Point], labels: Labels, *, most: int = MOST_COMPARED) -> float:
    """How well points are in their clusters: the mean over the points of (b - a) / max(a, b), from -1 to 1.

    `a` is the mean distance to the others of the own cluster, `b` that to the nearest other cluster; a point alone in
    its cluster has 0.
    """
    step = -(-len(points) // most)
    compared = list(zip(points[::step], labels[::step], strict=True))
    sizes = Counter(label for _, label in compared)
    if len(sizes) < FEWEST_CLUSTERS:
        return 0.0
    total = 0.0
    for point, own in compared:
        sums = dict.fromkeys(sizes, 0.0)
        for other, label in compared:
            sums[label] += dist(point, other)
        if sizes[own] > 1:
            a = sums[own] / (sizes[own] - 1)
            b = min(each / sizes[label] for label, each in sums.items() if label != own)
            total += (b - a) / max(a, b) if a or b else 0.0
    return total / len(compared)


def _lloyd(points: Sequence[Point], centres: Sequence[Point], rounds: int) -> Labels:
    labels: Labels = ()
    for _ in range(rounds):
        nearest = tuple(min(range(len(centres)), key=lambda n: dist(point, centres[n])) for point in points)
        if nearest == labels:
            break
        labels, centres = nearest, _centres(points, nearest, centres)
    return labels


def _centres(points: Sequence[Point], labels: Labels, before: Sequence[Point]) -> list[Point]:
    """The means of the clusters; one that has lost all points stays where it was."""
    sums = [(0.0, 0.0, 0)] * len(before)
    for (x, y), label in zip(points, labels, strict=True):
        one, other, count = sums[label]
        sums[label] = one + x, other + y, count + 1
    return [(x / count, y / count) if count else stays for (x, y, count), stays in zip(sums, before, strict=True)]


def _inertia(points: Sequence[Point], labels: Labels) -> float:
    centres = _centres(points, labels, [(0.0, 0.0)] * (max(labels) + 1))
    return sum(dist(point, centres[label]) ** 2 for point, label in zip(points, labels, strict=True))


def _far_apart(points: Sequence[Point], count: int) -> list[Point]:
    """The point farthest from the origin, and then each time the one farthest from all that are chosen."""
    chosen = [max(points, key=lambda point: dist(point, (0.0, 0.0)))]
    while len(chosen) < count:
        chosen.append(max(points, key=lambda point: min(dist(point, each) for each in chosen)))
    return chosen


def _in_rows(points: Sequence[Point], count: int) -> list[Point]:
    """The middles of as many equal parts along the first direction, the same from either end: whoever agrees and
    whoever disagrees count alike.
    """
    there = sorted(points)
    middles = [(2 * n + 1) * len(there) // (2 * count) for n in range(count)]
    pairs = ((there[one], there[-1 - other]) for one, other in zip(middles, reversed(middles), strict=True))
    return [((x1 + x2) / 2, (y1 + y2) / 2) for (x1, y1), (x2, y2) in pairs]
