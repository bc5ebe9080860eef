"""How long something takes, again and again: counts by class, as histograms have them.

To note one costs a search among a dozen edges and two additions, and nothing grows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


class Durations:
    """Counts of durations by class. All in ms."""

    __slots__ = ("counts", "edges", "total")

    def __init__(self, edges: Sequence[int]) -> None:
        """`edges`: the upper end of each class but the last, which has none, in order."""
        self.edges = tuple(edges)
        self.counts = [0] * (len(self.edges) + 1)
        """How many fell into each class, up to its edge and above the one before."""
        self.total = 0
        """The sum of all durations, ms."""

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)

    def note(self, ms: int) -> None:
        """One more. What is below 0, as clocks that were set make it, counts as 0."""
        ms = max(0, ms)
        self.counts[bisect_left(self.edges, ms)] += 1
        self.total += ms

    def cumulative(self) -> list[tuple[int, int]]:
        """For each edge how many lasted that long at most."""
        found, so_far = [], 0
        for edge, count in zip(self.edges, self.counts, strict=False):
            so_far += count
            found.append((edge, so_far))
        return found
