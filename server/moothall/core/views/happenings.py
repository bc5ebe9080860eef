"""What happened in a session beside its words, for whoever looked away: questions that had their turn, shows of hands,
breaks, and what is missing from the text. Pure.
"""

from __future__ import annotations

import msgspec

from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.polls import Poll
from moothall.core.session.state import Status
from moothall.core.views.captions import Session
from moothall.core.views.reading_order import Gap

MOST = 30
"""How many are told of: what is older stands in the text and in the list of questions."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One of them: `question`, `poll` or `gap` says what; with none of them, the break or the span that goes on."""

    t: int
    """When it began, media ms."""
    question: Intervention | None = None
    """What had its turn."""
    poll: Poll | None = None
    """A show of hands."""
    gap: Gap | None = None
    """A span that is over and has no text."""
    recorded: bool = True
    """False: a span that goes on, of which nothing is kept."""


def happenings(session: Session, questions: Questions | None, most: int = MOST) -> tuple[Happening, ...]:
    """The newest `most` of them, the newest first. A turn of something that nobody may read yet has no words."""
    found = [Happening(t=gap.t0, gap=gap) for gap in session.gaps]
    if session.not_recorded is not None:
        found.append(Happening(t=session.not_recorded, recorded=False))
    if session.paused is not None and session.status is Status.PAUSED:
        found.append(Happening(t=session.paused))
    if questions is not None:
        turns = [(turn.t, questions.get(turn.intervention)) for turn in questions.turns]
        found += [Happening(t=t, question=each) for t, each in turns if each is not None and each.published]
        found += [Happening(t=poll.t, poll=poll) for poll in questions.polls if not poll.void]
    return tuple(sorted(found, key=lambda each: each.t, reverse=True)[:most])
