"""The questions and comments of a session as everybody may read them, and how many of them were answered. Pure."""

from __future__ import annotations

from statistics import median

import msgspec

from moothall.core.events.question_parts import OPEN, InterventionStatus
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.order import Why, queue

ANSWERED = frozenset({InterventionStatus.ANSWERED, InterventionStatus.WRITTEN})


class InQueue(msgspec.Struct, frozen=True):
    """One that waits for its turn."""

    intervention: Intervention
    why: Why
    """Why it stands at this place."""


class QuestionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many asked, and what became of them."""

    received: int
    """How many came, published or not."""
    answered: int
    """How many of them were answered, aloud or in writing, by themselves or with the question they were joined with."""
    wait: int | None
    """Ms for which half of those waited at most who had a turn; null before the first turn."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """All that is published, by where it stands."""

    now: tuple[Intervention, ...]
    """At most one."""
    queue: tuple[InQueue, ...]
    """The next one first."""
    later: tuple[Intervention, ...]
    answered: tuple[Intervention, ...]
    """Aloud, the newest first."""
    written: tuple[Intervention, ...]
    """Answered in writing or to be, the newest first."""
    reported: tuple[Intervention, ...]
    """Passed on to the authors of the report, the newest first."""
    left: tuple[Intervention, ...]
    """What the meeting closed before, by number; nothing while it isn't closed."""
    figures: QuestionCounts


def called_at(questions: Questions, each: Intervention) -> int:
    """When it was called last, media ms; where it never was, when it came to stand where it stands."""
    return next((turn.t for turn in reversed(questions.turns) if turn.intervention == each.id), each.since)


def was_answered(questions: Questions, each: Intervention) -> bool:
    """Whether a question was answered, by itself or with the question it was joined with."""
    into = each if each.into is None else questions.get(each.into)
    return into is not None and into.status in ANSWERED


def figures_of(questions: Questions) -> QuestionCounts:
    """The figures as they stand."""
    waits = [turn.t - each.t for turn in questions.turns if (each := questions.get(turn.intervention)) is not None]
    return QuestionCounts(
        received=questions.last,
        answered=sum(was_answered(questions, each) for _, each in questions.interventions.items()),
        wait=round(median(waits)) if waits else None,
    )


def listing(questions: Questions, *, closed: bool = False) -> Listing:
    """The list as it stands; `closed` is whether the meeting is."""
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
        figures=figures_of(questions),
    )


def _published(questions: Questions, *statuses: InterventionStatus) -> tuple[Intervention, ...]:
    return tuple(each for each in questions.with_status(*statuses) if each.published)
