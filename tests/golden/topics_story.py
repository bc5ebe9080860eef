"""A story for `make_log.py`: an agenda item and two policy questions are taken up, one of them set back and put off
again; then nothing is.
"""

from __future__ import annotations

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.events.notes_and_tags import PolicyQuestion
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, PolicyQuestionId, SegmentId
from support.sessions.recorder import MORNING, Recorder

CHAIR = Actor(Role.CHAIR, "chair-2")
CAPTIONER = Actor(Role.CAPTIONER, "captioner-1")
STAFF = Actor(Role.SECRETARIAT, "staff-1")
FLOOR, LINE = ChannelId("floor"), SegmentId("s1")
WHO, WHEN = PolicyQuestionId("q1"), PolicyQuestionId("q2")


def topics_taken_up(recorder: Recorder) -> list[LogRecord]:
    tell = recorder.record
    pays, begins = PolicyQuestion(id=WHO, text="Who pays?"), PolicyQuestion(id=WHEN, text="When does it begin?")
    ended = le.SegmentEnded(
        channel=FLOOR, segment=LINE, t1=5_900, reason=le.EndReason.SENTENCE, text="The members pay, says Ana."
    )
    return [
        tell(ev.SessionCreated(title="Topics", languages=("en",)), STAFF),
        tell(ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)), STAFF),
        tell(ne.PolicyQuestionsListed(questions=(pays, begins)), STAFF),
        tell(ev.SessionOpened(wall=MORNING), CHAIR),
        tell(ev.TopicTaken(title="Item 1: Opening", t=1_000), CHAIR),
        tell(ev.TopicTaken(question=WHEN, number=2, title="When does it begin?", t=4_000), CHAIR),
        tell(ev.TopicTaken(question=WHO, number=1, title="Who pays?", t=3_500), CHAIR),
        tell(
            le.SegmentOpened(channel=FLOOR, segment=LINE, t0=5_000, language="en", origin=le.Origin.PERSON), CAPTIONER
        ),
        tell(ended, CAPTIONER),
        tell(ne.PolicyQuestionsListed(questions=(begins, PolicyQuestion(id=WHO, text="Who pays for it?"))), STAFF),
        tell(ev.TopicTaken(t=8_000), CHAIR),
        tell(ev.SessionClosed(t=9_000), CHAIR),
    ]


def remove_the_statement(recorder: Recorder) -> tuple[tuple[int, ...], list[LogRecord]]:
    return (9,), [recorder.record(ev.BodyRemoved(offsets=(9,), reason="request", by="staff-1"), STAFF)]
