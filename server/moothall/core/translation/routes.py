"""The route of a translation from one language to another, over the directions that are installed.

There is no fixed pivot: each direction has a cost, and the cheapest route is taken. The cost is how many points of
chrF2 a direction loses, measured on the same 500 sentences (`docs/why/translation.md`). For a direction that is useful
only after another one it is what the whole route loses more with it. So costs add up.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.kernel.languages import primary

ROUGH_FROM = 50.0
"""Cost from which on a translation gives hardly more than the gist; readers are told so."""
FLOOR = 65.0
"""chrF2 on the test sentences that come with Moothall below which a translation gives hardly more than the gist. On
them the ways that news (NTREX-128) shows to be good have 69 to 82, and those that it shows to be rough 53 to 68
(docs/why/translation.md)."""
FLOORS = {"ar": 60.0, "ja": 25.0, "ru": 60.0, "zh": 25.0}
"""The same into languages where an equally good translation has less: words have many endings, or each character is a
word's part. Assumed from what others have published; none was measured here."""
LONGEST = 3
"""The most hops of a route: each takes time and loses something."""
_DIRECTION = re.compile(r"(?:^| )([A-Za-z0-9-]+)>[A-Za-z0-9-]+(?:,|$)")


def languages_of(route: str) -> tuple[str, ...]:
    """The source language (BCP-47) of each hop of a route, the original language first."""
    return tuple(_DIRECTION.findall(route))


class Direction(msgspec.Struct, frozen=True, kw_only=True):
    """A source and a target language that one engine can translate."""

    engine: str
    """The engine's name, such as `bergamot`."""
    version: str
    """The version of the engine and the model; another version may translate otherwise."""
    source: str
    """BCP-47 tag of the input; a primary tag means all its regions."""
    target: str
    """BCP-47 tag of the output."""
    cost: float
    """Points of chrF2 that this direction loses, above 0."""
    rough: bool = False
    """Whether this direction even by itself gives hardly more than the gist."""
    remote: bool = False
    """Whether the text is sent to another machine."""
    guest: bool = False
    """Whether this direction is used only where no others lead to the target, whatever its cost. The server sets this,
    not the translator."""


class RouteScore(msgspec.Struct, frozen=True, kw_only=True):
    """How good a route's translations of test sentences were, and how fast, on the machine that has the translators."""

    chrf2: float
    """0 to 100, of all sentences together."""
    ms: float
    """Mean time of a sentence through all hops, ms."""
    p95_ms: float
    """95th percentile of these times, ms."""
    sentences: int
    """How many there were."""
    own: bool = False
    """Whether they came from a file of the operator; with those of Moothall alone does the floor mean anything."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The directions of a translation in order, at least one."""

    hops: tuple[Direction, ...]
    score: RouteScore | None = None
    """Its score; None where it was not tested."""

    @property
    def cost(self) -> float:
        """Points of chrF2 that the whole route loses."""
        return sum(hop.cost for hop in self.hops)

    @property
    def rough(self) -> bool:
        """Whether readers should be told that the translation gives only the gist."""
        if any(hop.rough for hop in self.hops):
            return True
        if self.score is None or self.score.own:
            return self.cost >= ROUGH_FROM
        return self.score.chrf2 < FLOORS.get(primary(self.hops[-1].target), FLOOR)

    @property
    def name(self) -> str:
        """The route as the record has it: `bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es`."""
        return ", ".join(f"{hop.engine} {hop.version} {hop.source}>{hop.target}" for hop in self.hops)


def best_route(directions: Sequence[Direction], source: str, target: str) -> Route | None:
    """The cheapest route from one language to another; None when there is none, or when both are the same.

    A route over guests is taken only if there is none without them.
    """
    own = _cheapest((each for each in directions if not each.guest), source, target)
    return own or _cheapest(directions, source, target)


def _cheapest(directions: Iterable[Direction], source: str, target: str) -> Route | None:
    """The cheapest route over some directions; None when there is none.

    It is found with Dijkstra's algorithm over (language, number of hops). Of two routes with the same cost the shorter
    one is taken, and then the first by name, so that the same directions always give the same route.
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
    """The languages (primary tags) into which a text in `source` can be translated, sorted."""
    targets = {primary(each.target) for each in directions}
    return tuple(sorted(target for target in targets if best_route(directions, source, target) is not None))
