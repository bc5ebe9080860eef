"""Shows of hands as pages have them: their texts, and plain values for templates here and on walls. Pure.

The keys of the texts are the English ones (`web/locales`, hands.po).
"""

from __future__ import annotations

from collections.abc import Mapping

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.ids import PollId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Floor
from moothall.core.questions.polls import Poll, open_poll, rows_of, shown_polls

COUNTED = "Remote: {remote}. On site: {here}. Together: {sum}."
BEGUN = "A show of hands has begun: {question}"
OVER = "The show of hands is closed."


def hands_of(poll: Poll, ui: Catalogue, *, going: bool = True, mine: int | None = None) -> dict[str, object]:
    """One of them. `going`: the meeting is on; `mine`: what whoever looks has chosen."""
    quiet = poll.quiet and poll.open
    rows = [
        {
            "text": row.text,
            "share": 0 if quiet else row.share,
            "counted": "" if quiet else ui.text(COUNTED, remote=row.remote, here=row.room, sum=row.sum),
            "mine": option == mine,
        }
        for option, row in enumerate(rows_of(poll))
    ]
    return {
        "id": poll.id,
        "number": poll.number,
        "question": poll.question,
        "language": poll.language,
        "direction": direction(poll.language),
        "open": poll.open and going,
        "quiet": quiet,
        "rows": rows,
    }


def raised(floor: Floor | None, ui: Catalogue, *, going: bool) -> dict[str, str]:
    """How the page of a session says that a show of hands is open; `question` is empty where none is.

    `before` and `behind` are what stands around the question.
    """
    poll = None if floor is None or not going else open_poll(floor.polls)
    begun = ui.text(BEGUN)
    before, _, behind = begun.partition("{question}")
    return {
        "begun": begun,
        "over": ui.text(OVER),
        "before": before,
        "behind": behind,
        "question": "" if poll is None else poll.question,
        "language": "" if poll is None else poll.language,
        "direction": "" if poll is None else direction(poll.language),
    }


def hands(
    polls: tuple[Poll, ...], ui: Catalogue, *, going: bool, mine: Mapping[PollId, int]
) -> tuple[dict[str, object] | None, list[dict[str, object]]]:
    """The one that is open, or else the newest, and those before it."""
    shown = [hands_of(poll, ui, going=going, mine=mine.get(poll.id)) for poll in shown_polls(polls)]
    return (shown[0], shown[1:]) if shown else (None, [])
