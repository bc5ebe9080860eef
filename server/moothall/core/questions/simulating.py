"""A queue that has been, under another rule: who would have had their turn when.

What can't be known stays as it was: when each was approved, when turns began, and how many there were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import Order, Standing, place_of
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.questions.interventions import Floor, Turn
from moothall.core.questions.order import queue
from moothall.core.session.state import State, evolve

_NAME = SessionId("simulated")


class Had(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that was, and the one that would have been in its place."""

    t: int
    """When it began, media ms."""
    was: InterventionId
    would: InterventionId


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of those of one place (room, remote, hub) under a rule."""

    asked: int
    taken: int
    waits: tuple[int, ...]
    """From the asking to the turn, media ms, of those that were taken."""


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """A queue under another rule."""

    turns: tuple[Had, ...]
    was: dict[str, Outcome]
    """By place, as it was."""
    would: dict[str, Outcome]
    """By place, as it would have been."""
    numbers: dict[InterventionId, int]
    """By which people know them."""


def simulated(events: Iterable[ev.AnyEvent | UnknownEvent | None], order: Order) -> Simulated:
    """The queue of a session's log under another rule.

    At each turn that somebody had, the rule chooses among what had been approved by then and has had no turn under it.
    What the chair put first, and what was taken out of the queue otherwise, counts as it was. A call that was undone,
    or put back for another one, was no turn.
    """
    told = list(events)
    # Of those whose words were removed it is said last what they were.
    told.sort(key=lambda event: not isinstance(event, ev.InterventionRemoved))
    told.sort(key=lambda event: not (isinstance(event, ev.InterventionPublished) and event.removed))
    begun = {(turn.intervention, turn.t) for turn in _folded(told).floor.turns}
    state, history, had = State(id=_NAME), list[Turn](), list[Had]()
    for event in told:
        calls = isinstance(event, ev.InterventionStands) and event.standing is Standing.CALLED
        if calls and isinstance(event, ev.InterventionStands) and (event.intervention, event.t) in begun:
            begun.discard((event.intervention, event.t))
            chosen = _chosen(state.floor, event.intervention, had, history, order)
            had.append(Had(t=event.t, was=event.intervention, would=chosen))
            known = state.floor.get(chosen)
            if known is not None:
                history.append(Turn(intervention=chosen, origin=known.origin, asker=known.asker, t=event.t))
        state = evolve(state, event)
    floor = state.floor
    return Simulated(
        turns=tuple(had),
        was=_outcomes(floor, {each.was: each.t for each in had}),
        would=_outcomes(floor, {each.would: each.t for each in had}),
        numbers={name: each.number for name, each in floor.interventions.items()},
    )


def _folded(told: Iterable[ev.AnyEvent | UnknownEvent | None]) -> State:
    state = State(id=_NAME)
    for event in told:
        state = evolve(state, event)
    return state


def _chosen(
    floor: Floor, called: InterventionId, had: Sequence[Had], history: Sequence[Turn], order: Order
) -> InterventionId:
    """Whose turn it would be: of what waits, and of what had its turn in fact but not under the rule."""
    replace = msgspec.structs.replace
    waiting, taken, were = floor, {each.would for each in had}, {each.was for each in had}
    for each in floor.standing(*Standing):
        if each.id in were or each.standing is Standing.QUEUED:
            open_to_it = each.id not in taken and each.published
            waiting = waiting.with_(each.id, standing=Standing.QUEUED if open_to_it else Standing.ANSWERED)
    found = queue(replace(waiting, turns=tuple(history), arranged=()), order)
    return found[0].intervention if found else called


def _outcomes(floor: Floor, turns: dict[InterventionId, int]) -> dict[str, Outcome]:
    places: dict[str, list[tuple[int, int | None]]] = {}
    for each in floor.standing(*Standing):
        places.setdefault(place_of(each.origin), []).append((each.t, turns.get(each.id)))
    return {
        place: Outcome(
            asked=len(times),
            taken=sum(turn is not None for _, turn in times),
            waits=tuple(turn - asked for asked, turn in times if turn is not None),
        )
        for place, times in sorted(places.items())
    }
