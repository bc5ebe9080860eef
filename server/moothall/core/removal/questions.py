"""Which events of an intervention a removal of its words erases, and which events state what remains.

The number, the present and past statuses, the origin and the number of supporters remain, so that the queue, the turns
and all counts don't change. Everything that somebody wrote is erased: text, name, edits of both, the answer in writing,
and why the intervention was not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from moothall.core.events import hubs as he
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.decoding import made_of
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.removal.selection import Interventions, Selection

EventWithWords = (
    qe.InterventionReceived
    | qe.InterventionReworded
    | qe.InterventionDeclined
    | he.HubDeclined
    | qe.InterventionPublished
    | qe.InterventionWritten
    | qe.InterventionStatusChanged
)
"""Events that may hold words of an intervention or about it."""
_WORDS = (
    qe.InterventionReceived
    | qe.InterventionReworded
    | qe.InterventionDeclined
    | he.HubDeclined
    | qe.InterventionWritten
)
"""Those of these events that always do."""


def has_words(event: ev.AnyEvent | UnknownEvent) -> TypeGuard[EventWithWords]:
    """Whether an event has to be erased together with an intervention's words."""
    match event:
        case qe.InterventionPublished():
            return not event.removed
        case qe.InterventionStatusChanged():
            return bool(event.reason)
        case _:
            return isinstance(event, _WORDS)


def chosen(questions: Questions, selection: Selection) -> tuple[Intervention, ...]:
    """The interventions that a selection names, each once; none for other kinds of selection."""
    if not isinstance(selection, Interventions):
        return ()
    found = (questions.get(name) for name in dict.fromkeys(selection.interventions))
    return tuple(each for each in found if each is not None)


def stays_of(each: Intervention) -> Sequence[ev.AnyEvent]:
    """The events that state what remains, in place of the erased ones."""
    stays: list[ev.AnyEvent] = [made_of(qe.InterventionRemoved, each, intervention=each.id)]
    if each.published:
        emptied = made_of(qe.InterventionPublished, each, intervention=each.id, text="", name="", removed=True)
        stays.append(emptied)
    if each.reason:  # The event that set this status has a reason, and is erased.
        stays.append(
            qe.InterventionStatusChanged(intervention=each.id, number=each.number, status=each.status, t=each.since)
        )
    return stays
