from __future__ import annotations

from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.ids import InterventionId, PolicyQuestionId
from moothall.record.chapters import RecordedChapter
from support.sessions.record_maker import Questions, Telling


def test_topics_and_turns_are_chapters_by_time() -> None:
    told = Telling()
    asking = Questions(told)
    asked = asking.ask("Who?", 500)
    asking.stand(asked, InterventionStatus.CALLED, 2_000)
    told.tell(
        ev.TopicTaken(title="Item 1", t=3_000),
        ev.TopicTaken(question=PolicyQuestionId("q1"), number=1, title="Who pays?", t=1_000),
    )
    topic, turn = told.record().chapters
    assert topic == RecordedChapter(t=1_000, kind=None, number=1, title="Who pays?", language="")
    assert turn == RecordedChapter(t=2_000, kind=InterventionKind.QUESTION, number=1, title="Who?", language="en")


def test_the_turn_of_what_nobody_published_is_no_chapter() -> None:
    told = Telling()
    called = InterventionStatus.CALLED
    told.tell(qe.InterventionStatusChanged(intervention=InterventionId("x"), number=9, status=called, t=59_000))
    assert told.record().chapters == ()
