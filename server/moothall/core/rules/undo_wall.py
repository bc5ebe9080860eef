"""What undoes the clearing of the walls."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.question_parts import Standing
from moothall.core.removal.questions import speaker_of
from moothall.core.session.state import State

_Fact = ev.AnyEvent | UnknownEvent | None


def wall_step(state: State, event: ev.WallCleared) -> tuple[do.AnyCommand, tuple[do.AnyCommand, ...]]:
    """The command behind the event in the state before it, and what undoes that.

    What was taken back is cleared again as of now: that empties the walls in any case.
    """
    before = state.wall_cleared
    if event.t is None or (before is not None and event.t < before):
        return do.RestoreWall(t=event.t), (do.ClearWall(),)
    return do.ClearWall(), (do.RestoreWall(t=before, intervention=event.withdrawn),)


def goes_with_wall(state: State, last: _Fact, event: _Fact) -> bool:
    """Whether an event only carries out a clearing; `last` is the one before it of the same act."""
    match last, event:
        case ev.WallCleared(), ev.InterventionStands():
            return last.withdrawn == event.intervention
        case ev.InterventionStands(), ev.SpeakerTookFloor():
            named = state.channels[event.channel].speaker
            return event.speaker is None and last.standing is Standing.CHECKED and named == speaker_of(last)
        case _:
            return False
