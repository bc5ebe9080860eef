"""What a draft holds before anybody has written: the marks made at the desk, and the questions that were answered.

Each is a message without a text of its own, with its citations. The ids follow from what is cited, so that a message
that was taken out doesn't come back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.outcome_parts import Citation, MessageKind
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, CitationId, MessageId, PolicyQuestionId, SegmentId, SessionId
from moothall.core.outcomes.commands import WriteMessage
from moothall.core.questions.interventions import Intervention
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State

MOST = 100
"""Messages that a draft begins with. Overflow: the later marks are left to the rapporteur."""
FOR_THE_REPORT = (InterventionStatus.ANSWERED, InterventionStatus.WRITTEN, InterventionStatus.TO_REPORT)
KINDS = {Tag.AGREED: MessageKind.AGREED, Tag.DIVERGING: MessageKind.VIEW, Tag.OPTION: MessageKind.OPTION}


def digest_of(*parts: str) -> str:
    """A name that follows from some texts."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def lines_cited(session: SessionId, offset: int, channel: ChannelId, first: SegmentId, last: SegmentId) -> Citation:
    """The citation of a span of whole lines as they read at an offset of the session's log."""
    name = CitationId(f"c-{digest_of(session, channel, first, last)}")
    return Citation(id=name, session=session, offset=offset, channel=channel, first=first, last=last)


def question_cited(session: SessionId, offset: int, asked: Intervention) -> Citation:
    """The citation of a question from the queue."""
    name = CitationId(f"q-{digest_of(session, asked.id)}")
    return Citation(id=name, session=session, offset=offset, intervention=asked.id)


def prefilled(state: State, offset: int) -> list[WriteMessage]:
    """The messages with which the draft of a session's report begins; `offset` is that of its log's last event."""
    return [*_marked(state, offset), *_answered(state, offset)][:MOST]


def _marked(state: State, offset: int) -> Iterator[WriteMessage]:
    """A message for each run of lines beside each other with the same mark."""
    tags = state.notes_and_tags.tags
    run: list[Segment] = []
    for question in dict.fromkeys(each.question for _, marks in tags.items() for each in marks):
        for tag, kind in KINDS.items():
            for channel in state.channels:
                for line in [*spoken_lines(state, channel), None]:
                    if line is not None and state.notes_and_tags.tag(line.id, question) is tag:
                        run.append(line)
                    elif run:
                        yield _message(state.id, offset, run, kind, question)
                        run = []


def spoken_lines(state: State, channel: ChannelId) -> list[Segment]:
    """The finished lines of a text that people spoke or typed, in order; none of a machine's translation."""
    if state.channels[channel].kind is ChannelKind.TRANSLATION:
        return []
    lines = [line for _, line in state.segments.items() if line.channel == channel and line.ended and not line.gone]
    return sorted((line for line in lines if line.whole.strip()), key=lambda line: line.t0)


def _message(
    session: SessionId, offset: int, run: list[Segment], kind: MessageKind, question: PolicyQuestionId | None
) -> WriteMessage:
    cited = lines_cited(session, offset, run[0].channel, run[0].id, run[-1].id)
    name = MessageId(f"mark-{digest_of(kind, question or '', run[0].id)}")
    return WriteMessage(message=name, kind=kind, text="", question=question, citations=(cited,), base_revision=0)


def _answered(state: State, offset: int) -> Iterator[WriteMessage]:
    for each in state.questions.with_status(*FOR_THE_REPORT):
        if each.kind is InterventionKind.REQUEST or not each.readable:
            continue
        line = None if each.segment is None else state.segments.get(each.segment)
        cited = [question_cited(state.id, offset, each)]
        if line is not None and line.ended and not line.gone:
            cited.append(lines_cited(state.id, offset, line.channel, line.id, line.id))
        name = MessageId(f"asked-{digest_of(each.id)}")
        yield WriteMessage(
            message=name,
            kind=MessageKind.VIEW,
            text="",
            question=each.under,
            citations=tuple(cited),
            base_revision=0,
        )
