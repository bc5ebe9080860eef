"""The public list of a session's questions and comments, and how many of them were answered."""

from __future__ import annotations

from statistics import median

import msgspec

from moothall.core.events.question_parts import OPEN, InterventionStatus
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.order import Why, queue

ANSWERED = frozenset({InterventionStatus.ANSWERED, InterventionStatus.WRITTEN})
ASIDE = frozenset({InterventionStatus.JOINED, InterventionStatus.DECLINED, InterventionStatus.WITHDRAWN})
"""Interventions that were dealt with without being answered themselves; no list has them."""


class InQueue(msgspec.Struct, frozen=True):
    """An intervention in the queue."""

    intervention: Intervention
    why: Why
    """Why it has its position in the queue."""


class QuestionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many interventions there were, and how many were answered."""

    received: int
    """How many were received, published or not."""
    answered: int
    """How many were answered, aloud or in writing, by themselves or with the question they were joined with."""
    wait: int | None
    """Median time from asking to the turn, ms; null before the first turn."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """All published interventions, by status."""

    now: tuple[Intervention, ...]
    """The called intervention; at most one."""
    queue: tuple[InQueue, ...]
    """The queue, the next intervention first; empty once the meeting is closed."""
    later: tuple[Intervention, ...]
    answered: tuple[Intervention, ...]
    """Answered aloud, newest first."""
    written: tuple[Intervention, ...]
    """Answered in writing, or to be answered so, newest first."""
    reported: tuple[Intervention, ...]
    """Passed on to the authors of the report, newest first."""
    left: tuple[Intervention, ...]
    """Not dealt with when the meeting closed, by number; empty while it isn't closed."""
    checked: int
    """How many are being checked, and so in no list; 0 once the meeting is closed."""
    aside: int
    """How many are in no list because they were joined, declined or withdrawn."""
    figures: QuestionCounts


def called_at(questions: Questions, each: Intervention) -> int:
    """When it was last called, media ms; if it never was, when it got its status."""
    return next((turn.t for turn in reversed(questions.turns) if turn.intervention == each.id), each.since)


def was_answered(questions: Questions, each: Intervention) -> bool:
    """Whether an intervention was answered, by itself or with the question it was joined with."""
    into = each if each.into is None else questions.get(each.into)
    return into is not None and into.status in ANSWERED


def figures_of(questions: Questions) -> QuestionCounts:
    """The present figures of all interventions."""
    waits = [turn.t - each.t for turn in questions.turns if (each := questions.get(turn.intervention)) is not None]
    return QuestionCounts(
        received=questions.last,
        answered=sum(was_answered(questions, each) for _, each in questions.interventions.items()),
        wait=round(median(waits)) if waits else None,
    )


def listing(questions: Questions, *, closed: bool = False) -> Listing:
    """Return the present list; `closed`: whether the meeting is closed."""
    waiting = [(questions.get(each.intervention), each.why) for each in queue(questions)]
    newest = sorted(_published(questions, *InterventionStatus), key=lambda each: (-each.since, -each.number))
    return Listing(
        now=_published(questions, InterventionStatus.CALLED),
        queue=()
        if closed
        else tuple(InQueue(each, why) for each, why in waiting if each is not None and each.published),
        later=() if closed else _published(questions, InterventionStatus.LATER),
        answered=tuple(each for each in newest if each.status is InterventionStatus.ANSWERED),
        written=tuple(
            each for each in newest if each.status in (InterventionStatus.TO_WRITE, InterventionStatus.WRITTEN)
        ),
        reported=tuple(each for each in newest if each.status is InterventionStatus.TO_REPORT),
        left=_published(questions, *(OPEN - {InterventionStatus.CALLED}), InterventionStatus.CLOSED) if closed else (),
        checked=0 if closed else len(questions.with_status(InterventionStatus.CHECKED)),
        aside=len(questions.with_status(*ASIDE)),
        figures=figures_of(questions),
    )


def _published(questions: Questions, *statuses: InterventionStatus) -> tuple[Intervention, ...]:
    return tuple(each for each in questions.with_status(*statuses) if each.published)
