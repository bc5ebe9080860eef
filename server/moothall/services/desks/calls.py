"""Two people call within seconds: the second is told before it happens, and the first who has overridden them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.commands import AnyCommand, SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.core.session.state import State
from moothall.services.desks.acts import Presence

WITHIN_MS = 10_000
"""A person who calls so soon after somebody else has probably not seen it."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody calls something."""

    act: CommandId
    by: Presence
    intervention: InterventionId
    at: int
    """Monotonic ms."""


class Calls:
    """The newest call of one session."""

    def __init__(self) -> None:
        self._last: Call | None = None
        self._under_way = False
        """Whether it isn't carried out yet."""

    def begin(
        self, state: State, act: CommandId, commands: Sequence[AnyCommand], by: Presence, now: int, *, known: bool
    ) -> Refusal | Call | None:
        """Somebody is about to act. What they should know first, unless it is `known`; or whose call they override.

        None where there is nothing to say. Calls are noted here, before they are carried out: two may be under way.
        """
        called = _called(commands)
        if called is None:
            return None
        other, call = self._other(state, act, called, by, now), Call(act=act, by=by, intervention=called, at=now)
        if other is not None and not known:
            return _first_know(other, state, now)
        self._last, self._under_way = call, True
        return other

    def _other(self, state: State, act: CommandId, called: InterventionId, by: Presence, now: int) -> Call | None:
        """The call of somebody else just now that this one would override."""
        last = self._last
        if last is None or last.act == act or last.by.desk == by.desk or now - last.at >= WITHIN_MS:
            return None
        each = state.questions.interventions.get(last.intervention)
        stands = each is not None and (self._under_way or each.status is InterventionStatus.CALLED)
        return last if stands and last.intervention != called else None

    def ended(self, act: CommandId, *, done: bool) -> None:
        """An act was carried out, or was refused: then nobody was called by it."""
        if self._last is not None and self._last.act == act:
            self._last, self._under_way = self._last if done else None, False


def _called(commands: Sequence[AnyCommand]) -> InterventionId | None:
    calls = (each for each in commands if isinstance(each, SetStatus) and each.status is InterventionStatus.CALLED)
    return next((each.interventions[0] for each in calls if each.interventions), None)


def _first_know(last: Call, state: State, now: int) -> Refusal:
    each = state.questions.interventions.get(last.intervention)
    who, seconds = last.by.known_as, max(1, (now - last.at) // 1000)
    number = 0 if each is None else each.number
    message = f"{who or 'Somebody else'} called no. {number} {seconds} s ago. Call another one instead?"
    know = FirstKnow(kind="called", who=who, number=number, seconds=seconds)
    return Refusal(code=RefusalCode.CONFLICT, message=message, first_know=know)
