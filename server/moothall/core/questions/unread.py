"""How long what has a word of the lists has waited for a person's eye. Pure."""

from __future__ import annotations

from moothall.core.events.question_parts import Standing
from moothall.core.questions.blocked_words import BLOCKED_WORD
from moothall.core.questions.interventions import Floor


def unread_for(floor: Floor, now: int) -> int | None:
    """Of those that are being checked and marked so, how long the first has waited, ms; None where there is none.

    `now`: media ms.
    """
    marked = [each.since for each in floor.standing(Standing.CHECKED) if BLOCKED_WORD in each.flags]
    return max(0, now - min(marked)) if marked else None
