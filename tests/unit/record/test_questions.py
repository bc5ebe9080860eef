from __future__ import annotations

import msgspec

from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.questions.listing import QuestionCounts
from moothall.record.questions import WrittenAnswer
from support.sessions.record_maker import FLOOR, Questions, Telling, questioned


def test_what_was_published_stands_there_by_number_and_nothing_else() -> None:
    record = questioned().record()
    assert [each.number for each in record.asked] == [1, 2, 3, 4, 5]
    assert record.figures == QuestionCounts(received=6, answered=3, wait=56_000)
    first, second, third, fourth, fifth = record.asked
    assert (first.kind, first.text, first.name, first.t) == (
        InterventionKind.QUESTION,
        "Why?\nWhy & how?",
        "Ana <x>",
        5_000,
    )
    assert (first.status, first.support, first.origin, first.answer) == (InterventionStatus.ANSWERED, 3, "remote", None)
    assert record.by_source()[first.segment or SegmentId("")].text == "Because <we> can."
    assert (second.language, second.answer) == ("ar", WrittenAnswer(text="نحن.\nمعكم.", language="ar"))
    assert (third.status, third.text, third.name) == (InterventionStatus.WITHDRAWN, "", "")
    assert (fourth.status, fourth.joined_with, fifth.joined_with) == (InterventionStatus.DECLINED, None, 1)


def test_it_stands_in_every_text_of_the_session() -> None:
    told = questioned()
    assert told.record(ChannelId("fr")).asked == told.record().asked


def test_of_what_was_removed_the_number_stays() -> None:
    told = Telling()
    made = Questions(told)
    asked = made.ask("Why?", name="Ana")
    made.write(asked, "Because.")
    gone = ("intervention.published", "intervention.written")
    told.records = [
        msgspec.structs.replace(record, salt=None, body=None) if record.header.type in gone else record
        for record in told.records
    ]
    told.tell(
        qe.InterventionPublished(
            intervention=asked,
            number=1,
            kind=InterventionKind.QUESTION,
            text="",
            language="en",
            name="",
            origin="remote",
            t=1_000,
            removed=True,
        )
    )
    (each,) = told.record().asked
    assert (each.number, each.text, each.name, each.answer, each.removed) == (1, "", "", None, True)
    assert each.status is InterventionStatus.WRITTEN


def test_a_translated_line_stands_for_the_one_that_it_was_made_from() -> None:
    told = Telling()
    made = le.MadeFrom(sources=(le.SourceSegment(SegmentId("said"), 0),), route="echo")
    opened = le.SegmentOpened(
        channel=FLOOR,
        segment=SegmentId("line"),
        t0=0,
        language="en",
        origin=le.Origin.TRANSLATED,
        made_from=made,
    )
    ended = le.SegmentEnded(channel=FLOOR, segment=SegmentId("line"), t1=9, reason=le.EndReason.CLOSE, text="Yes.")
    told.tell(opened, ended)
    assert told.record().by_source()[SegmentId("said")].segment == "line"
