"""What walls show of the questions: the called one, the next ones, and a show of hands. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.events.question_parts import InterventionStatus, QueueOrder
from moothall.core.kernel.languages import primary
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.listing import listing
from moothall.core.questions.polls import Poll, shown_polls

NEXT = 2
"""How many of those that wait are shown."""
MOST_LANGUAGES = 2
"""Into which a question is translated on one wall: more would leave no place for its text."""
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
"""Where one stands on a public list, once it was published."""


class OnWall(msgspec.Struct, frozen=True, kw_only=True):
    """The questions of a wall; all of them are published."""

    now: Intervention | None
    next: tuple[Intervention, ...]
    """At most two, the next one first."""
    moves: bool
    """Whether what is next changes with how many would ask it too."""
    hands: Poll | None
    """The show of hands that is open, or its result until somebody is called after it."""


def on_wall(questions: Questions) -> OnWall:
    """What a wall shows as it stands: nothing once it was cleared, until something is called or everybody asked."""
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
    """Whether everybody may read it where it stands now."""
    return each.published and each.status in PUBLIC


def languages_on_wall(each: Intervention, languages: Iterable[str]) -> tuple[str, ...]:
    """Into which of a wall's languages (BCP-47) a question is translated: those that its own is not one of."""
    if not each.text:
        return ()
    others = dict.fromkeys(tag for tag in languages if primary(tag) != primary(each.language))
    return tuple(others)[:MOST_LANGUAGES]
