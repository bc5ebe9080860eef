"""What walls show of the questions: the called one, the next ones, and a show of hands."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from moothall.core.kernel.languages import primary
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import listing
from moothall.core.questions.polls import Poll, shown_polls

NEXT = 2
"""How many queued questions are shown."""
MOST_LANGUAGES = 2
"""Languages into which a question is translated on one wall; with more there would be no room for its text."""
PUBLIC = frozenset(
    {
        InterventionStatus.CALLED,
        InterventionStatus.QUEUED,
        InterventionStatus.LATER,
        InterventionStatus.ANSWERED,
        InterventionStatus.TO_WRITE,
        InterventionStatus.WRITTEN,
        InterventionStatus.TO_REPORT,
    }
)
"""Statuses in which a published intervention is on a public list."""


class OnWall(msgspec.Struct, frozen=True, kw_only=True):
    """The questions on a wall. All of them are published."""

    now: Intervention | None
    next: tuple[Intervention, ...]
    """The next questions in the queue, at most `NEXT`, the first one first."""
    moves: bool
    """Whether the queue is ordered by support, so that the next questions change with it."""
    hands: Poll | None
    """The open show of hands, or the result of the last one until somebody is called after it; None otherwise."""


def on_wall(questions: Questions) -> OnWall:
    """Return what a wall shows now. After a clearing that is nothing, until a question is called or a show of hands is
    opened.
    """
    found = listing(questions)
    return OnWall(
        now=next(iter(found.now), None),
        next=() if questions.off_wall else tuple(each.intervention for each in found.queue[:NEXT]),
        moves=questions.order is QueueOrder.SUPPORT,
        hands=_hands(questions),
    )


def _hands(questions: Questions) -> Poll | None:
    newest = next(iter(shown_polls(questions.polls)), None)
    if newest is None or questions.off_wall:
        return None
    over = newest.closed is not None and any(turn.t > newest.closed for turn in questions.turns)
    return None if over else newest


def is_public(each: Intervention) -> bool:
    """Whether the intervention is published and has a public status."""
    return each.published and each.status in PUBLIC


def languages_on_wall(each: Intervention, languages: Iterable[str]) -> tuple[str, ...]:
    """The languages of a wall (BCP-47) into which a question is translated: those that are not its own; at most
    `MOST_LANGUAGES`.
    """
    if not each.text:
        return ()
    others = dict.fromkeys(tag for tag in languages if primary(tag) != primary(each.language))
    return tuple(others)[:MOST_LANGUAGES]
