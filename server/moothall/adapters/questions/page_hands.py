"""Shows of hands as pages and walls show them: their texts, and plain values for templates. Pure.

The keys of the texts are the English texts (`web/locales`, hands.po).
"""

from __future__ import annotations

from collections.abc import Mapping

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.ids import PollId
from moothall.core.kernel.languages import direction
from moothall.core.questions.interventions import Questions
from moothall.core.questions.polls import NO_CHOICE, Choice, Poll, open_poll, rows_of, shown_polls

COUNTED = "Remote: {remote}. On site: {here}. Together: {sum}."
BEGUN = "A show of hands has begun: {question}"
OVER = "The show of hands is closed."


def hands_of(poll: Poll, ui: Catalogue, *, going: bool = True, mine: Choice = NO_CHOICE) -> dict[str, object]:
    """The values of a show of hands. `going`: whether the meeting is on; `mine`: the visitor's choice."""
    quiet = poll.quiet and poll.open
    rows = [
        {
            "text": row.text,
            "share": 0 if quiet else row.share,
            "sum": 0 if quiet else row.sum,
            "counted": "" if quiet else ui.text(COUNTED, remote=row.remote, here=row.room, sum=row.sum),
            "mine": option == mine.option,
            "waits": option == mine.option and mine.waits,
            "late": option == mine.late,
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


def raised(questions: Questions | None, ui: Catalogue, *, going: bool) -> dict[str, object]:
    """The values of `_raised.html`: the open show of hands as in `hands_of`; with an empty `question` when none is
    open.

    `before` and `behind` are the parts of the sentence before and after the question.
    """
    poll = None if questions is None or not going else open_poll(questions.polls)
    begun = ui.text(BEGUN)
    before, _, behind = begun.partition("{question}")
    return {
        **({"id": "", "question": "", "rows": (), "quiet": False} if poll is None else hands_of(poll, ui)),
        "begun": begun,
        "over": ui.text(OVER),
        "counted": ui.text(COUNTED),
        "before": before,
        "behind": behind,
    }


def hands(
    polls: tuple[Poll, ...], ui: Catalogue, *, going: bool, mine: Mapping[PollId, Choice], base: str, query: str
) -> dict[str, object]:
    """The values of `_hands.html`: the open show of hands, or else the newest, and those before it.

    `base` is the session's address, `query` the query that links keep.
    """
    shown = [hands_of(poll, ui, going=going, mine=mine.get(poll.id, NO_CHOICE)) for poll in shown_polls(polls)]
    return {
        "hands": shown[0] if shown else None,
        "hands_before": shown[1:],
        "hands_at": f"{base}/hands/",
        "hands_query": query,
        "hands_counted": ui.text(COUNTED),
        "hands_begun": ui.text(BEGUN),
        "hands_over": ui.text(OVER),
    }
