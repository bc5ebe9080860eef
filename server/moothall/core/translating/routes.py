"""Which way a text goes from one language to another, over the directions that are installed.

There is no fixed pivot: each direction has a cost, and the cheapest way is taken. Costs are points of chrF2 that a
direction loses, measured on the same 500 sentences (`docs/why/translation.md`); of a direction that is of use behind
another one, what the way as a whole loses more by it. So they add up.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.kernel.languages import primary

ROUGH_FROM = 50.0
"""A way that loses so much says what a text is about, and hardly more; readers are told."""
LONGEST = 3
"""Directions one behind the other at most: each takes time and loses something."""


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine can do."""

    engine: str
    """Its name, such as `bergamot`."""
    version: str
    """Of the engine and of the model: another one may translate otherwise."""
    source: str
    """BCP-47 tag of what it reads; a primary tag stands for all its regions."""
    target: str
    """BCP-47 tag of what it writes."""
    cost: float
    """Points of chrF2 that it loses, above 0."""
    rough: bool = False
    """Whether even by itself it says what a text is about, and hardly more."""
    remote: bool = False
    """Whether the text is sent to another machine."""
    guest: bool = False
    """Whether it is only asked where those that are no guests can't do it, at any cost that it states. The server
    sets this, not the translator."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a text, at least one direction long."""

    hops: tuple[Direction, ...]

    @property
    def cost(self) -> float:
        """What it loses altogether."""
        return sum(hop.cost for hop in self.hops)

    @property
    def rough(self) -> bool:
        """Whether readers should be told that it gives the gist only."""
        return self.cost >= ROUGH_FROM or any(hop.rough for hop in self.hops)

    @property
    def name(self) -> str:
        """As it stands in the record: `bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es`."""
        return ", ".join(f"{hop.engine} {hop.version} {hop.source}>{hop.target}" for hop in self.hops)


def best_route(directions: Sequence[Direction], source: str, target: str) -> Route | None:
    """The cheapest way from a language to another one, or None where there is none or both are the same.

    One over guests is only taken where there is none without them.
    """
    own = _cheapest((each for each in directions if not each.guest), source, target)
    return own or _cheapest(directions, source, target)


def _cheapest(directions: Iterable[Direction], source: str, target: str) -> Route | None:
    """The cheapest way over some directions.

    Of two ways that cost the same the shorter is taken, and then the one that comes first by name, so that the same
    directions always give the same way.
    """
    given = sorted(directions, key=lambda each: (each.source, each.target, each.cost, each.engine, each.version))
    start, goal = primary(source), primary(target)
    if start == goal:
        return None
    reached: set[tuple[str, int]] = set()
    ways: list[tuple[float, int, str, tuple[int, ...]]] = [(0.0, 0, start, ())]
    while ways:
        cost, length, at, taken = heapq.heappop(ways)
        if at == goal:
            return Route(hops=tuple(given[number] for number in taken))
        if (at, length) in reached or length == LONGEST:
            continue
        reached.add((at, length))
        seen = {start, *(primary(given[number].target) for number in taken)}
        for number, each in enumerate(given):
            to = primary(each.target)
            if primary(each.source) == at and to not in seen:
                heapq.heappush(ways, (cost + each.cost, length + 1, to, (*taken, number)))
    return None


def reachable(directions: Sequence[Direction], source: str) -> tuple[str, ...]:
    """Languages (primary tags) that a text in `source` can be translated into, in the order of their tags."""
    targets = {primary(each.target) for each in directions}
    return tuple(sorted(target for target in targets if best_route(directions, source, target) is not None))
