"""Handles two people who call a question within seconds: the second is warned beforehand, and the first learns who has
overridden their call.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall.core.commands import AnyCommand, SetStatus
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.core.sessions.state import State
from moothall.services.desks.acts import DeskPresence

WITHIN_MS = 10_000
"""A person who calls less than this long (ms) after somebody else has probably not seen that call."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One person's call of a question."""

    act: CommandId
    by: DeskPresence
    intervention: InterventionId
    at: int
    """When it was called, in ms of the monotonic clock."""


class Calls:
    """The newest call of one session."""

    def __init__(self) -> None:
        self._last: Call | None = None
        self._under_way = False
        """Whether that call isn't carried out yet."""

    def begin(
        self, state: State, act: CommandId, commands: Sequence[AnyCommand], by: DeskPresence, now: int, *, known: bool
    ) -> Refusal | Call | None:
        """Note a call before it is carried out. Returns a refusal with what the person should know first, unless they
        know it (`known`); or the call that theirs overrides; else None.

        Calls are noted before they are carried out because two may be in progress at the same time. An act that calls
        no question is ignored.
        """
        called = _called(commands)
        if called is None:
            return None
        other, call = self._other(state, act, called, by, now), Call(act=act, by=by, intervention=called, at=now)
        if other is not None and not known:
            return _first_know(other, state, now)
        self._last, self._under_way = call, True
        return other

    def _other(self, state: State, act: CommandId, called: InterventionId, by: DeskPresence, now: int) -> Call | None:
        """The call that somebody else made just now and that this one would override; None where there is none."""
        last = self._last
        if last is None or last.act == act or last.by.desk == by.desk or now - last.at >= WITHIN_MS:
            return None
        each = state.questions.interventions.get(last.intervention)
        stands = each is not None and (self._under_way or each.status is InterventionStatus.CALLED)
        return last if stands and last.intervention != called else None

    def ended(self, act: CommandId, *, done: bool) -> None:
        """Record that an act was carried out (`done`) or refused; a refused act has called nobody."""
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
