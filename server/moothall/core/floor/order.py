"""Whose turn comes next, by which rule, and why: each place in the queue can be told in one sentence.

No rule looks at what people say of themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from moothall.core.floor.interventions import Floor, Intervention, Turn
from moothall.core.floor.parts import Order, Standing, place_of
from moothall.core.ids import InterventionId

TURN_MS = 120_000
"""How long a turn is taken to last until two have been."""
MEASURED = 5
"""Turns of which the mean is taken."""
LONGEST_TURN_MS = 600_000
"""A longer pause between two calls was no turn."""


class Why(StrEnum):
    """Why an intervention stands where it does."""

    ARRANGED = "arranged"
    """The chair put it there."""
    ARRIVAL = "arrival"
    """It came before those behind it."""
    PLACE = "place"
    """Its place (the room, remote, the hubs) has had no turn for longest."""
    NEWCOMER = "newcomer"
    """Its author has had no turn yet."""
    AGAIN = "again"
    """Its author has had a turn, and others come first."""
    SUPPORT = "support"
    """So many would ask it too."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An intervention in the queue."""

    intervention: InterventionId
    why: Why


def queue(floor: Floor, order: Order | None = None) -> tuple[Waiting, ...]:
    """What is in the queue, the next one first; by another rule than the session's with `order`."""
    waiting = {each.id: each for each in floor.standing(Standing.QUEUED)}
    first = [name for name in floor.arranged if name in waiting] if order is None else []
    ahead = [Waiting(intervention=name, why=Why.ARRANGED) for name in first]
    turns = [*floor.turns, *(_turn(waiting[name]) for name in first)]
    rest = [each for name, each in waiting.items() if name not in set(first)]
    return (*ahead, *_RULES[order or floor.order](rest, turns))


def ahead_of(floor: Floor, name: InterventionId) -> int | None:
    """How many come before an intervention; None where it isn't in the queue."""
    names = [each.intervention for each in queue(floor)]
    return names.index(name) if name in names else None


def wait_ms(floor: Floor, name: InterventionId, now: int) -> int | None:
    """About how long it takes until its turn, media ms from `now`; None where it isn't in the queue.

    By the mean of the last turns, and what is left of the one that is under way.
    """
    before = ahead_of(floor, name)
    if before is None:
        return None
    each = mean_turn_ms(floor.turns)
    running = max(0, each - (now - floor.turns[-1].t)) if floor.called is not None and floor.turns else 0
    return before * each + running


def mean_turn_ms(turns: Sequence[Turn]) -> int:
    """How long a turn takes, by the last ones."""
    gaps = [later.t - turn.t for turn, later in pairwise(turns)]
    measured = [gap for gap in gaps if 0 < gap <= LONGEST_TURN_MS][-MEASURED:]
    return sum(measured) // len(measured) if measured else TURN_MS


def _turn(each: Intervention) -> Turn:
    return Turn(intervention=each.id, origin=each.origin, asker=each.asker, t=each.since)


def _by_arrival(rest: Sequence[Intervention], _turns: Sequence[Turn]) -> list[Waiting]:
    return [Waiting(intervention=each.id, why=Why.ARRIVAL) for each in rest]


def _alternating(rest: Sequence[Intervention], turns: Sequence[Turn]) -> list[Waiting]:
    """The next turn goes to the place that has had none for longest, and there to whoever came first."""
    last = {place_of(turn.origin): number for number, turn in enumerate(turns)}
    left, out, number = list(rest), list[Waiting](), len(turns)
    while left:
        several = len({place_of(each.origin) for each in left}) > 1
        chosen = min(left, key=lambda each: (last.get(place_of(each.origin), -1), each.number))
        earliest = chosen is left[0]
        out.append(Waiting(intervention=chosen.id, why=Why.PLACE if several and not earliest else Why.ARRIVAL))
        last[place_of(chosen.origin)] = number
        number += 1
        left.remove(chosen)
    return out


def _newcomers(rest: Sequence[Intervention], turns: Sequence[Turn]) -> list[Waiting]:
    """Who has had fewest turns comes first; whoever has two in the queue has had one before the second."""
    had: dict[str, int] = {}
    for turn in turns:
        had[turn.asker] = had.get(turn.asker, 0) + 1
    left, out = list(rest), list[Waiting]()
    while left:
        chosen = min(left, key=lambda each: (had.get(each.asker, 0), each.number))
        out.append(Waiting(intervention=chosen.id, why=Why.AGAIN if had.get(chosen.asker) else Why.NEWCOMER))
        had[chosen.asker] = had.get(chosen.asker, 0) + 1
        left.remove(chosen)
    return out


def _supported(rest: Sequence[Intervention], _turns: Sequence[Turn]) -> list[Waiting]:
    ordered = sorted(rest, key=lambda each: (-each.support, each.number))
    return [Waiting(intervention=each.id, why=Why.SUPPORT if each.support else Why.ARRIVAL) for each in ordered]


_RULES: dict[Order, Callable[[Sequence[Intervention], Sequence[Turn]], list[Waiting]]] = {
    Order.ARRIVAL: _by_arrival,
    Order.ALTERNATE: _alternating,
    Order.NEWCOMERS: _newcomers,
    Order.SUPPORT: _supported,
}
