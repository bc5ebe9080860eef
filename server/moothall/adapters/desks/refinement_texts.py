"""Which text of the catalogues stands for what on the page of a second pass's proposals. The keys are English."""

from __future__ import annotations

from moothall.adapters.desks.desk_texts import DESK_TEXTS

REFINEMENT_TEXTS = {
    **DESK_TEXTS,
    "fate.m": "Most words would change: listen first",
    "fate.t": "A person has written in this line",
    "fate.a": "Reads as proposed now",
    "fate.l": "Left as it is",
    "fate.c": "Changed since: it can't be accepted any more",
    "fate.g": "The line is not here any more",
    "stands": "As it stands",
    "stood": "As it stood",
    "proposed": "As proposed",
    "now": "It now reads:",
    "accept": "Accept",
    "leave": "Leave as it is",
    "back": "Decide again",
    "done.accept": "Accepted",
    "done.leave": "Left as it is",
    "done.back": "Waits again",
    "none": "Nothing is proposed for this meeting.",
    "by": "Heard once more by {model}, {time}",
    "count.waiting": "Waiting: {n}",
    "count.accepted": "Accepted: {n}",
    "count.left": "Left: {n}",
    "count.past": "Changed since: {n}",
    "key.accept": "Accept the line",
    "key.leave": "Leave the line as it is",
    "key.hear": "Hear the line",
    "key.next": "Next line that waits",
    "key.before": "Line that waits before",
}
"""What the page's scripts say, by their names for it."""
ACCEPTING = "Accept the {n} line that nobody has touched"
"""The key of the counted text on the button that accepts many."""
