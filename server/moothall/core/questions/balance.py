"""Who is heard, by where it comes from; and of whom somebody should be reminded. Pure.

All of it is in the log. What people say of themselves is not, and has rules of its own (`disclosure.py`).
"""

from __future__ import annotations

from statistics import median

import msgspec

from moothall.core.events.question_parts import REMOTE, ROOM, InterventionStatus
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import was_answered

MANY_WAITING = 3
"""From so many in the queue on the chair is reminded of a place."""
LONG_QUIET_MS = 900_000
"""When none of a place's has had a turn for so long. A quarter of an hour is a sixth of a usual session."""


class SpeakingShare(msgspec.Struct, frozen=True, kw_only=True):
    """What became of those of one place."""

    received: int
    taken: int
    """How many of them have had a turn."""
    answered: int
    """Aloud or in writing."""
    turns: int
    spoken: int
    """How long all turns took, ms."""
    wait: int | None
    """Ms for which half of those waited at most who had a turn; None before the first."""


class Unheard(msgspec.Struct, frozen=True, kw_only=True):
    """A place of which many wait and none has had a turn for long."""

    origin: str
    waiting: int
    minutes: int
    """For how long."""


def by_origin(questions: Questions, now: int) -> dict[str, SpeakingShare]:
    """What became of those of the room, of the remote, and of each hub, in this order; `now` in media ms."""
    asked: dict[str, list[Intervention]] = {}
    for each in questions.with_status(*InterventionStatus):
        asked.setdefault(each.origin, []).append(each)
    return {origin: _heard(questions, origin, asked[origin], now) for origin in sorted(asked, key=_place)}


def unheard(questions: Questions, now: int) -> tuple[Unheard, ...]:
    """Of which places the chair should be reminded, in the order of `by_origin`; `now` in media ms."""
    waiting: dict[str, list[Intervention]] = {}
    for each in questions.with_status(InterventionStatus.QUEUED):
        waiting.setdefault(each.origin, []).append(each)
    current = None if questions.called is None else questions.get(questions.called)
    found = []
    for origin in sorted(waiting, key=_place):
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


def _place(origin: str) -> tuple[bool, bool, str]:
    return origin != ROOM, origin != REMOTE, origin
