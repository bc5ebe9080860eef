"""The order of the queue by each rule, with the reason of each position, which can be explained in one sentence.

No rule uses what people say of themselves.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from moothall.core.events.question_parts import InterventionStatus, QueueOrder, side_of
from moothall.core.kernel.ids import InterventionId
from moothall.core.questions.interventions import Intervention, Questions, Turn

TURN_MS = 120_000
"""Assumed duration of a turn, in ms, until two turns have begun."""
MEASURED = 5
"""Over how many turns the mean duration is taken, the newest."""
LONGEST_TURN_MS = 600_000
"""Longest time between two calls that counts as a turn, in ms. This long after the last call the meeting is occupied
with something else.
"""


class Why(StrEnum):
    """Why an intervention has its position in the queue."""

    ARRANGED = "arranged"
    """The chair put it there."""
    ARRIVAL = "arrival"
    """It came before those after it."""
    SIDE = "side"
    """Its side (the room, remote, the hubs) is the one that has had no turn for longest."""
    NEWCOMER = "newcomer"
    """Its author has had no turn yet."""
    AGAIN = "again"
    """Its author has had a turn, so others come first."""
    SUPPORT = "support"
    """Others would ask it too, and their number decides."""


class QueuedIntervention(msgspec.Struct, frozen=True, kw_only=True):
    """An intervention in the queue, and the reason of its position."""

    intervention: InterventionId
    why: Why


def queue(questions: Questions, order: QueueOrder | None = None) -> tuple[QueuedIntervention, ...]:
    """The queue, next intervention first; by the rule `order` where one is given, else by the session's rule and the
    chair.
    """
    waiting = {each.id: each for each in questions.with_status(InterventionStatus.QUEUED)}
    first = [name for name in questions.arranged if name in waiting] if order is None else []
    ahead = [QueuedIntervention(intervention=name, why=Why.ARRANGED) for name in first]
    turns = [*questions.turns, *(_turn(waiting[name]) for name in first)]
    rest = [each for name, each in waiting.items() if name not in set(first)]
    return (*ahead, *_RULES[order or questions.order](rest, turns))


def ahead_of(questions: Questions, name: InterventionId) -> int | None:
    """How many interventions in the queue come before this one; None when it isn't in the queue."""
    names = [each.intervention for each in queue(questions)]
    return names.index(name) if name in names else None


def wait_ms(questions: Questions, name: InterventionId, now: int) -> int | None:
    """Estimated wait until its turn, ms from `now` (media ms); None when it isn't in the queue, or no estimate is
    possible.
    """
    before = ahead_of(questions, name)
    return None if before is None else wait_behind(questions, before, now)


def wait_behind(questions: Questions, before: int, now: int) -> int | None:
    """Estimated wait until the turn of an intervention with `before` others ahead of it, ms from `now` (media ms).

    The estimate is the mean of the last turns for each, and the rest of the turn under way. None when no turn is under
    way and none has begun recently: the meeting may come to questions only at its end.
    """
    if questions.called is None and (not questions.turns or now - questions.turns[-1].t > LONGEST_TURN_MS):
        return None
    each = mean_turn_ms(questions.turns)
    running = max(0, each - (now - questions.turns[-1].t)) if questions.called is not None and questions.turns else 0
    return before * each + running


def mean_turn_ms(turns: Sequence[Turn]) -> int:
    """Mean duration of the last turns, ms, from call to call; `TURN_MS` until there is one."""
    gaps = [later.t - turn.t for turn, later in pairwise(turns)]
    measured = [gap for gap in gaps if 0 < gap <= LONGEST_TURN_MS][-MEASURED:]
    return sum(measured) // len(measured) if measured else TURN_MS


def _turn(each: Intervention) -> Turn:
    return Turn(intervention=each.id, origin=each.origin, asker=each.asker, t=each.since)


def _by_arrival(rest: Sequence[Intervention], _turns: Sequence[Turn]) -> list[QueuedIntervention]:
    return [QueuedIntervention(intervention=each.id, why=Why.ARRIVAL) for each in rest]


def _alternating(rest: Sequence[Intervention], turns: Sequence[Turn]) -> list[QueuedIntervention]:
    """The next turn goes to the side that has had no turn for longest, and there to the intervention that
    came first.
    """
    last = {side_of(turn.origin): number for number, turn in enumerate(turns)}
    sides: dict[str, deque[Intervention]] = {}
    for each in rest:
        sides.setdefault(side_of(each.origin), deque()).append(each)
    out = list[QueuedIntervention]()
    while sides:
        side = min(sides, key=lambda each: (last.get(each, -1), sides[each][0].number))
        earliest = min(sides, key=lambda each: sides[each][0].number) == side
        why = Why.SIDE if len(sides) > 1 and not earliest else Why.ARRIVAL
        out.append(QueuedIntervention(intervention=sides[side].popleft().id, why=why))
        last[side] = len(turns) + len(out)
        if not sides[side]:
            del sides[side]
    return out


def _newcomers(rest: Sequence[Intervention], turns: Sequence[Turn]) -> list[QueuedIntervention]:
    """Authors with the fewest turns come first. If one author has several in the queue, each counts as a turn for the
    next.
    """
    had = Counter(turn.asker for turn in turns)
    taken = list[tuple[int, int, Intervention]]()
    for each in rest:
        taken.append((had[each.asker], each.number, each))
        had[each.asker] += 1
    taken.sort(key=lambda each: each[:2])
    return [
        QueuedIntervention(intervention=each.id, why=Why.AGAIN if before else Why.NEWCOMER) for before, _, each in taken
    ]


def _supported(rest: Sequence[Intervention], _turns: Sequence[Turn]) -> list[QueuedIntervention]:
    ordered = sorted(rest, key=lambda each: (-each.support, each.number))
    return [
        QueuedIntervention(intervention=each.id, why=Why.SUPPORT if each.support else Why.ARRIVAL) for each in ordered
    ]


_RULES: dict[QueueOrder, Callable[[Sequence[Intervention], Sequence[Turn]], list[QueuedIntervention]]] = {
    QueueOrder.ARRIVAL: _by_arrival,
    QueueOrder.ALTERNATE: _alternating,
    QueueOrder.NEWCOMERS: _newcomers,
    QueueOrder.SUPPORT: _supported,
}
