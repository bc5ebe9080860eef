"""Limits: how many interventions a session accepts, and from whom.

Limits apply to open interventions: there is room again once one was answered, not taken, taken back or removed. The log
holds no addresses, so `moothall.services.questions.asking_addresses` limits how many of one address are open.
"""

from __future__ import annotations

from collections.abc import Iterable

from moothall.core.events.question_parts import HUB, OPEN, InterventionKind
from moothall.core.hubs.presence import is_or_is_below, way_to
from moothall.core.questions.interventions import Intervention, Questions

MOST = 5_000
"""Open interventions in one session."""
MOST_EVER = 20_000
"""Interventions in one session, with any status: a log has to fit into memory."""
MOST_OPEN = 10
"""Open interventions of one person, among them at most one request to speak."""
MOST_OF_HUB = 500
"""Open interventions of one top hub and the hubs below it, so that no hub fills the session."""
MOST_EVER_OF_HUB = 4 * MOST_OF_HUB
"""Interventions of one top hub and the hubs below it, with any status. A hub could take back and ask again without
limit otherwise.
"""


def full(questions: Questions, hub: str | None = None) -> str:
    """Why a session accepts no further intervention, as a sentence; empty when it does. `hub`: the hub it comes from,
    if any.
    """
    if questions.last >= MOST_EVER:
        return f"The session has had {MOST_EVER} questions and comments, and takes no more."
    still_open = [each for _, each in questions.interventions.items() if each.status in OPEN]
    if len(still_open) >= MOST:
        return f"{MOST} questions and comments wait in this session; it takes more once some were dealt with."
    if hub is not None and sum(1 for _ in _of_hub(still_open, hub)) >= MOST_OF_HUB:
        return f"{MOST_OF_HUB} questions and comments of one group wait; it takes more once some were dealt with."
    ever = (each for _, each in questions.interventions.items())
    if hub is not None and sum(1 for _ in _of_hub(ever, hub)) >= MOST_EVER_OF_HUB:
        return f"Of one group a session takes {MOST_EVER_OF_HUB} questions and comments in all."
    return ""


def too_many(questions: Questions, asker: str, kind: InterventionKind) -> str:
    """Why this person may not have another open intervention, as a sentence; empty when they may."""
    mine = [each for each in questions.with_status(*OPEN) if each.asker == asker]
    if kind is InterventionKind.REQUEST and any(each.kind is InterventionKind.REQUEST for each in mine):
        return "You have asked to speak already, and wait for your turn."
    if len(mine) >= MOST_OPEN:
        return f"{MOST_OPEN} of yours are still open; wait until one was answered."
    return ""


def _of_hub(some: Iterable[Intervention], hub: str) -> Iterable[Intervention]:
    """The interventions of the top hub through which `hub` is linked, and of all hubs below that one."""
    top = way_to(hub)[0]
    return (each for each in some if each.origin.startswith(HUB) and is_or_is_below(each.origin.removeprefix(HUB), top))
