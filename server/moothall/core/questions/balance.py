"""How much each origin (the room, remote, a hub) is heard, and of which origins the chair should be reminded.

Everything here comes from the log. What people say of themselves is not in the log; `disclosure.py` has its rules.
"""

from __future__ import annotations

from statistics import median

import msgspec

from moothall.core.events.question_parts import REMOTE, ROOM, InterventionStatus
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import was_answered

MANY_WAITING = 3
"""How many interventions of one origin must be queued before the chair is reminded of that origin."""
LONG_QUIET_MS = 900_000
"""How long an origin must have had no turn before the chair is reminded of it, in ms. A quarter of an hour is a sixth
of a usual session.
"""


class SpeakingShare(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the interventions of one origin."""

    received: int
    taken: int
    """How many of the interventions have had a turn."""
    answered: int
    """How many were answered, aloud or in writing."""
    turns: int
    spoken: int
    """Duration of all turns together, ms."""
    wait: int | None
    """Median time from asking to the turn, ms; None before the first turn."""


class Unheard(msgspec.Struct, frozen=True, kw_only=True):
    """An origin with many queued interventions and no turn for a long time."""

    origin: str
    waiting: int
    minutes: int
    """Minutes since its last turn, or since its first intervention was queued if that is later."""


def by_origin(questions: Questions, now: int) -> dict[str, SpeakingShare]:
    """The figures of the room, of remote participants, and of each hub, in this order; `now` in media ms."""
    asked: dict[str, list[Intervention]] = {}
    for each in questions.with_status(*InterventionStatus):
        asked.setdefault(each.origin, []).append(each)
    return {origin: _heard(questions, origin, asked[origin], now) for origin in sorted(asked, key=_sort_key)}


def unheard(questions: Questions, now: int) -> tuple[Unheard, ...]:
    """The origins of which the chair should be reminded, in the order of `by_origin`; `now` in media ms."""
    waiting: dict[str, list[Intervention]] = {}
    for each in questions.with_status(InterventionStatus.QUEUED):
        waiting.setdefault(each.origin, []).append(each)
    current = None if questions.called is None else questions.get(questions.called)
    found = []
    for origin in sorted(waiting, key=_sort_key):
        mine = waiting[origin]
        ends = (turn.t + turn.spoken for turn in questions.turns if turn.origin == origin)
        quiet = now - max([*ends, min(each.since for each in mine)])
        speaks = current is not None and current.origin == origin
        if len(mine) >= MANY_WAITING and quiet >= LONG_QUIET_MS and not speaks:
            found.append(Unheard(origin=origin, waiting=len(mine), minutes=quiet // 60_000))
    return tuple(found)


def _heard(questions: Questions, origin: str, asked: list[Intervention], now: int) -> SpeakingShare:
    turns = [turn for turn in questions.turns if turn.origin == origin]
    times = {each.id: each.t for each in asked}
    waits = [turn.t - times[turn.intervention] for turn in turns if turn.intervention in times]
    running = sum(max(0, now - each.since) for each in asked if each.status is InterventionStatus.CALLED)
    return SpeakingShare(
        received=len(asked),
        taken=len({turn.intervention for turn in turns}),
        answered=sum(was_answered(questions, each) for each in asked),
        turns=len(turns),
        spoken=running + sum(turn.spoken for turn in turns),
        wait=round(median(waits)) if waits else None,
    )


def _sort_key(origin: str) -> tuple[bool, bool, str]:
    return origin != ROOM, origin != REMOTE, origin
