"""What was asked in a session as its record has it: what was published, and nothing that never was. Pure.

A question that was taken back has its number alone there.
"""

from __future__ import annotations

import msgspec

from moothall.core.events.question_parts import OPEN, Kind, Standing
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import InterventionId, SegmentId
from moothall.core.questions.interventions import Floor, Intervention
from moothall.record.wrapping import plain


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer in writing."""

    text: str
    """Its lines apart, none of them blank."""
    language: str
    """BCP-47 tag."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
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
    standing: Standing
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


def asked_in(floor: Floor, *, closed: bool) -> tuple[Asked, ...]:
    """All that was published, by number. The public events are enough. `closed`: the meeting is."""
    published = [each for _, each in floor.interventions.items() if each.published]
    return tuple(_asked(floor, each, closed=closed) for each in sorted(published, key=lambda each: each.number))


def _asked(floor: Floor, each: Intervention, *, closed: bool) -> Asked:
    taken_back = each.standing is Standing.WITHDRAWN
    into = None if each.into is None else floor.get(each.into)
    answer = Answer(text=_lines(each.answer), language=each.answer_language)
    return made_of(
        Asked,
        each,
        text="" if taken_back else _lines(each.text),
        name="" if taken_back else plain(each.name),
        joined_with=None if into is None else into.number,
        answer=answer if answer.text and not taken_back else None,
        over=closed and each.standing in OPEN,
    )


def _lines(text: str) -> str:
    return "\n".join(line for line in map(plain, text.splitlines()) if line)
