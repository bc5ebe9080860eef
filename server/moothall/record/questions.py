"""What was asked in a session as its record has it: what was published, and nothing that never was. Pure.

A question that was taken back has its number alone there.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import OPEN, InterventionStatus, Kind
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.questions.interventions import Intervention, Questions
from moothall.record.wrapping import plain


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in writing."""

    text: str
    """Its lines apart, none of them blank."""
    language: str
    """BCP-47 tag."""


class RecordedQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question, a comment or a wish to speak."""

    id: InterventionId
    number: int
    kind: Kind
    text: str
    """As everybody reads it; its lines apart, none of them blank. Empty where it has none."""
    language: str
    """BCP-47 tag of the text."""
    name: str
    """The name that was chosen, on one line; empty for none."""
    origin: str
    """`room`, `remote`, or `hub:` with the hub's name."""
    t: int
    """When it was asked, media ms."""
    status: InterventionStatus
    joined_with: int | None
    """The number of the question that it was joined with."""
    segment: SegmentId | None
    """The line as spoken at which it was answered."""
    answer: Answer | None
    support: int
    """How many would ask it too."""
    removed: bool
    """Whether its words were removed for good."""
    over: bool = False
    """Whether the meeting was closed while it stood there."""


def asked_in(questions: Questions, *, closed: bool) -> tuple[RecordedQuestion, ...]:
    """All that was published, by number. The public events are enough. `closed`: the meeting is."""
    published = [each for _, each in questions.interventions.items() if each.published]
    return tuple(_asked(questions, each, closed=closed) for each in sorted(published, key=lambda each: each.number))


def _asked(questions: Questions, each: Intervention, *, closed: bool) -> RecordedQuestion:
    taken_back = each.status is InterventionStatus.WITHDRAWN
    into = None if each.into is None else questions.get(each.into)
    answer = Answer(text=_lines(each.answer), language=each.answer_language)
    return made_of(
        RecordedQuestion,
        each,
        text="" if taken_back else _lines(each.text),
        name="" if taken_back else plain(each.name),
        joined_with=None if into is None else into.number,
        answer=answer if answer.text and not taken_back else None,
        over=closed and each.status in OPEN,
    )


def _lines(text: str) -> str:
    return "\n".join(line for line in map(plain, text.splitlines()) if line)
