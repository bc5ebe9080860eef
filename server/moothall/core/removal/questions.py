"""What leaves a log of an intervention whose words must not stay, and what stays of it. Pure.

Its number stays, where it stands and has stood, whence it came and how many would have asked it too: so the queue, the
turns and all counts are what they were. Everything goes that somebody wrote: its text, name and spelling, the answer in
writing, and why it was not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import SpeakerId
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.removal.selection import Interventions, Selection

Words = (
    ev.InterventionReceived
    | ev.InterventionReworded
    | ev.InterventionDeclined
    | ev.HubDeclined
    | ev.InterventionPublished
    | ev.InterventionWritten
    | ev.InterventionStatusChanged
)
"""Events that may hold words of an intervention or about it."""
_WORDS = (
    ev.InterventionReceived
    | ev.InterventionReworded
    | ev.InterventionDeclined
    | ev.HubDeclined
    | ev.InterventionWritten
)
"""Those of them that always do."""


def has_words(event: ev.AnyEvent | UnknownEvent) -> TypeGuard[Words]:
    """Whether an event holds what has to go with an intervention's words."""
    match event:
        case ev.InterventionPublished():
            return not event.removed
        case ev.InterventionStatusChanged():
            return bool(event.reason)
        case _:
            return isinstance(event, _WORDS)


def chosen(questions: Questions, selection: Selection) -> tuple[Intervention, ...]:
    """The interventions that a selection names, each once."""
    if not isinstance(selection, Interventions):
        return ()
    found = (questions.get(name) for name in dict.fromkeys(selection.interventions))
    return tuple(each for each in found if each is not None)


def speaker_of(each: Intervention | ev.InterventionStatusChanged) -> SpeakerId:
    """Who speaks in the text when an intervention's author is called."""
    return SpeakerId(f"i{each.number}")


def stays_of(each: Intervention) -> Sequence[ev.AnyEvent]:
    """The events that say what stays, in place of those that go."""
    stays: list[ev.AnyEvent] = [made_of(ev.InterventionRemoved, each, intervention=each.id)]
    if each.published:
        emptied = made_of(ev.InterventionPublished, each, intervention=each.id, text="", name="", removed=True)
        stays.append(emptied)
    if each.reason:  # It stands there by an event that goes.
        stays.append(
            ev.InterventionStatusChanged(intervention=each.id, number=each.number, status=each.status, t=each.since)
        )
    return stays
