"""The rules of clearing every wall and overlay at once, and of taking that back."""

from __future__ import annotations

from collections.abc import Sequence

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import InterventionId
from moothall.core.rules.questions import decide_questions
from moothall.core.sessions.state import State, Status, evolve


def decide_wall(state: State, command: do.WallCommand, actor: Actor, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of clearing or restoring the walls, or a refusal."""
    if isinstance(command, do.ClearWall):
        return _clear(state, actor, wall)
    again = _called_again(state, command.intervention, actor, wall)
    # The walls may have been cleared again and restored in between: restoring never hides anything.
    t = None if command.t is None or state.wall_cleared is None else min(command.t, state.wall_cleared)
    if t == state.wall_cleared and not again:
        return refuse(RefusalCode.CONFLICT, "The walls already show this.")
    return [ev.WallCleared(t=t), *again]


def _clear(state: State, actor: Actor, wall: int) -> list[ev.AnyEvent]:
    called = state.questions.called
    t = 0  # Before the session begins there are no lines, so 0 hides nothing that will come.
    if state.status is not Status.CREATED:
        now = state.media_now(wall)
        # What is said now began before now. Where the clock is behind what an engine hears, its committed words count
        # instead.
        t = max([now, *(channel.committed_through for channel in state.channels.values())]) + 1
        # The clock may have been set back; nothing that was cleared may be shown again.
        t = max(t, state.wall_cleared or 0)
    events: list[ev.AnyEvent] = [ev.WallCleared(t=t, withdrawn=called)]
    known = None if called is None else state.questions.get(called)
    if known is None:
        return events
    return [*events, *_stood(state, known.id, InterventionStatus.CHECKED, actor, wall)]


def _called_again(state: State, name: InterventionId | None, actor: Actor, wall: int) -> list[ev.AnyEvent]:
    """The events that call again the intervention that a clearing withdrew; none if its status has changed since, or
    another intervention was called.
    """
    known = None if name is None or name not in state.wall_withdrew else state.questions.get(name)
    if known is None or state.questions.called is not None:
        return []
    queued = _stood(state, known.id, InterventionStatus.QUEUED, actor, wall)
    for event in queued:
        state = evolve(state, event)
    return [*queued, *_stood(state, known.id, InterventionStatus.CALLED, actor, wall)]


def _stood(
    state: State, name: InterventionId, status: InterventionStatus, actor: Actor, wall: int
) -> list[ev.AnyEvent]:
    decided = decide_questions(state, do.SetStatus(interventions=(name,), status=status), actor, wall)
    return [] if isinstance(decided, Refusal) else list(decided)
