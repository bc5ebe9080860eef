"""The chapters of a record: the topics that were taken up, and the questions from the queue that had their turn."""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.languages import written_tag
from moothall.core.questions.interventions import Questions, without_taken_back
from moothall.core.sessions.topics import taken_up
from moothall.core.views.captions import Session
from moothall.record.wrapping import beginning, plain

MOST_TURNS = 200
"""The most turns of questions that are chapters: the newest."""


class RecordedChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter: what was taken up, and when."""

    t: int
    """When it was taken up, media ms."""
    kind: InterventionKind | None
    """What had its turn in the queue; None for a policy question, or another topic."""
    number: int
    """The public number of a question from the queue, or a policy question's number in the list; 0 for another
    topic.
    """
    title: str
    """The wording, or the beginning of a question from the queue, as a single row; empty where that has no text."""
    language: str
    """BCP-47 tag of the title; empty where it is not known."""


def chapters_of(session: Session, questions: Questions) -> tuple[RecordedChapter, ...]:
    """The chapters of a session, by time. Turns of interventions that aren't published are left out, and so are the
    words of those that were taken back.
    """
    topics = [
        RecordedChapter(t=topic.t, kind=None, number=topic.number, title=plain(topic.title), language="")
        for topic in taken_up(session.topics or ())
    ]
    turns = []
    for turn in questions.turns[-MOST_TURNS:]:
        each = questions.get(turn.intervention)
        if each is None or not each.published:
            continue
        text = beginning(plain(without_taken_back(each).text)).strip()
        language = written_tag(each.language)
        turns.append(RecordedChapter(t=turn.t, kind=each.kind, number=each.number, title=text, language=language))
    return tuple(sorted([*topics, *turns], key=lambda chapter: chapter.t))
