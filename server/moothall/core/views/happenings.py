"""What happened in a session besides its words, for readers who were away: topics that were taken up, turns of
questions, shows of hands, breaks, and gaps in the text.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.types import Topic
from moothall.core.questions.interventions import Intervention, Questions, without_taken_back
from moothall.core.questions.polls import Poll
from moothall.core.sessions.state import Status
from moothall.core.sessions.topics import taken_up
from moothall.core.views.captions import Session
from moothall.core.views.reading_order import Gap

MOST = 30
"""How many happenings are listed, the newest. Older ones are in the text and in the list of questions."""


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One happening. `topic`, `question`, `poll` or `gap` says what it was. Without any of these it is the break, or
    the span that is not recorded, which still lasts.
    """

    t: int
    """When it began, media ms."""
    topic: Topic | None = None
    """The policy question, or other topic, that was taken up."""
    question: Intervention | None = None
    """The intervention that had its turn."""
    poll: Poll | None = None
    """The show of hands."""
    gap: Gap | None = None
    """A span that is over and has no text."""
    recorded: bool = True
    """False: a span that is not recorded, and still lasts."""


def happenings(session: Session, questions: Questions | None, most: int = MOST) -> tuple[Happening, ...]:
    """The newest `most` happenings, newest first. Turns of interventions that aren't published are left out, and so are
    the words of those that were taken back.
    """
    found = [Happening(t=gap.t0, gap=gap) for gap in session.gaps]
    found += [Happening(t=topic.t, topic=topic) for topic in taken_up(session.topics or ())]
    if session.not_recorded is not None:
        found.append(Happening(t=session.not_recorded, recorded=False))
    if session.paused is not None and session.status is Status.PAUSED:
        found.append(Happening(t=session.paused))
    if questions is not None:
        turns = [(turn.t, questions.get(turn.intervention)) for turn in questions.turns]
        published = [(t, each) for t, each in turns if each is not None and each.published]
        found += [Happening(t=t, question=without_taken_back(each)) for t, each in published]
        found += [Happening(t=poll.t, poll=poll) for poll in questions.polls if not poll.void]
    return tuple(sorted(found, key=lambda each: each.t, reverse=True)[:most])
