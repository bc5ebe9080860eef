"""The published interventions of a session, in the form of the record. Interventions that were never published are left
out.

If an intervention was taken back, the record has neither its words nor its name.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import OPEN, InterventionKind, InterventionStatus
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.kernel.languages import written_tag
from moothall.core.questions.interventions import Intervention, Questions, without_taken_back
from moothall.record.wrapping import plain


class WrittenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to an intervention in writing."""

    text: str
    """The answer; its rows are separated by a line feed, and none is blank."""
    language: str
    """BCP-47 tag; `und` where the log has none that is well-formed."""


class RecordedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question, a comment or a request to speak."""

    id: InterventionId
    number: int
    kind: InterventionKind
    text: str
    """The public text; rows are separated by a line feed, and none is blank. Empty when it was taken back or has no
    text.
    """
    language: str
    """BCP-47 tag of the text; `und` where the log has none that is well-formed."""
    name: str
    """The name that the author chose, as a single row; empty for none."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    t: int
    """When it was asked, media ms."""
    status: InterventionStatus
    joined_with: int | None
    """The number of the question with which it was joined; None otherwise."""
    segment: SegmentId | None
    """The line of the floor in which it was answered; None when none was named."""
    answer: WrittenAnswer | None
    support: int
    """How many people would ask the same."""
    removed: bool
    """Whether its words were removed for good."""
    over: bool = False
    """Whether the meeting was closed before it was dealt with."""


def asked_in(questions: Questions, *, closed: bool) -> tuple[RecordedQuestion, ...]:
    """All published interventions, by number; public events suffice for them. `closed`: whether the meeting
    is closed.
    """
    published = [each for _, each in questions.interventions.items() if each.published]
    return tuple(_asked(questions, each, closed=closed) for each in sorted(published, key=lambda each: each.number))


def _asked(questions: Questions, each: Intervention, *, closed: bool) -> RecordedQuestion:
    each = without_taken_back(each)
    into = None if each.into is None else questions.get(each.into)
    answer = WrittenAnswer(text=_lines(each.answer), language=written_tag(each.answer_language))
    return made_of(
        RecordedQuestion,
        each,
        text=_lines(each.text),
        language=written_tag(each.language),
        name=plain(each.name),
        joined_with=None if into is None else into.number,
        answer=answer if answer.text else None,
        over=closed and each.status in OPEN,
    )


def _lines(text: str) -> str:
    return "\n".join(line for line in map(plain, text.splitlines()) if line)
