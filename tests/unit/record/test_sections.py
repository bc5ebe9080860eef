from __future__ import annotations

from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionStatus
from moothall.core.kernel.ids import PolicyQuestionId
from moothall.record.parallel import OtherText
from moothall.record.sections import excerpt, heading_of, sections, states_of
from moothall.record.wording import Options
from moothall.record.wrapping import EXCERPT
from support.record.golden import ARABIC, golden_records
from support.sessions.record_maker import FLOOR, WORDING, Questions, Telling


def told(*times: int) -> Telling:
    session = Telling()
    for t0 in times:
        session.line(f"At {t0}.", t0, t0 + 900, name="Ann")
    return session


def starts(session: Telling, **options: bool) -> list[int]:
    return [part.start for part in sections(session.record(), Options(**options))]


def test_sections_have_five_minutes_and_ten_in_a_long_record() -> None:
    assert starts(told(1_000, 299_000, 300_000, 1_500_000)) == [0, 300_000, 1_500_000]
    assert starts(told(1_000, 300_000, 3_700_000)) == [0, 3_600_000]
    assert starts(told(1_000, 300_000, 3_700_000), times=False) == [0]
    assert starts(told()) == []


def test_what_is_said_early_stays_in_the_section_of_the_line_above() -> None:
    session = told(300_100)
    session.line("Before.", 299_950, 301_000)
    assert starts(session) == [300_000]


def test_of_two_texts_the_longer_one_decides() -> None:
    session = told(1_000)
    french = session.fold().feed.channel
    assert french == FLOOR
    records = golden_records()
    beside = OtherText(record=records[ARABIC], wording=WORDING)
    parts = list(sections(records[FLOOR], Options(), beside))
    assert [part.start for part in parts] == [0, 151_000, 300_000]
    assert len(states_of(records[FLOOR], WORDING, beside)) == 2
    assert states_of(records[FLOOR], WORDING, OtherText(record=records[FLOOR], wording=WORDING)) == states_of(
        records[FLOOR], WORDING
    )


def test_an_excerpt_is_the_beginning_of_the_first_line() -> None:
    session = Telling()
    session.tell(ev.GapNoted(channel=FLOOR, t0=0, t1=900, reason=ev.GapReason.OVERLOAD))
    (part,) = sections(session.record(), Options())
    assert excerpt(part.rows) == ("", "")
    session.line("word " * 40, 1_000, 1_900)
    (part,) = sections(session.record(), Options())
    assert excerpt(part.rows) == ("word " * 11 + "word…", "en")
    session = Telling()
    session.line("水" * 100, 0, 900, language="zh")
    (part,) = sections(session.record(), Options())
    assert excerpt(part.rows) == ("水" * EXCERPT + "…", "zh")


def test_a_section_begins_with_the_name_of_who_goes_on_speaking() -> None:
    session = told(1_000, 2_000, 301_000)
    session.line("Who?", 302_000, 303_000)
    names = [
        [heading_of(row, number, WORDING) for number, row in enumerate(part.rows)]
        for part in sections(session.record(), Options())
    ]
    assert names == [["Ann", None], ["Ann", "Speaker not named"]]


def headings(session: Telling, **options: bool) -> list[tuple[int, str, int]]:
    """The beginning of each section, its chapter in words, and its number of rows."""
    parts = sections(session.record(), Options(**options))
    return [
        (
            part.start,
            "" if part.chapter is None else f"{WORDING.chapter(part.chapter)} {part.chapter.title}".strip(),
            len(part.rows),
        )
        for part in parts
    ]


def test_a_section_begins_with_what_is_taken_up() -> None:
    session = told(1_000, 60_000, 299_000, 301_000)
    session.tell(
        ev.TopicTaken(title="Opening", t=500),
        ev.TopicTaken(question=PolicyQuestionId("q1"), number=1, title="Who pays?", t=59_000),
        ev.TopicTaken(t=61_500),
    )
    assert headings(session) == [
        (500, "Opening", 1),
        (59_000, "Policy question 1 Who pays?", 1),
        (61_500, "", 1),
        (300_000, "", 1),
    ]
    timeless = [(500, "Opening", 1), (59_000, "Policy question 1 Who pays?", 1), (61_500, "", 2)]
    assert headings(session, times=False) == timeless
    session.tell(ev.TopicTaken(title="Closing", t=300_500), ev.TopicTaken(t=300_600))
    assert headings(session)[-1] == (300_600, "", 1), "nothing was said on what was taken up for a moment"


def test_a_topic_stands_above_its_first_question_and_one_without_lines_is_left_out() -> None:
    session = told(1_000, 60_000)
    asking = Questions(session)
    asked = asking.ask("Who?\nWhy?", 5_000)
    asking.stand(asked, InterventionStatus.CALLED, 59_900)
    session.tell(*(ev.TopicTaken(title=title, t=t) for title, t in (("A", 50_000), ("B", 59_500), ("C", 90_000))))
    assert headings(session) == [(0, "", 1), (59_500, "B", 0), (59_900, "Question no. 1 Who? Why?", 1)]
    names = [part.name for part in sections(session.record(), Options())]
    assert names == ["0", "59", "59b"]
    taken_back = asking.ask("Me?", 6_000)
    asking.stand(taken_back, InterventionStatus.CALLED, 60_500)
    asking.stand(taken_back, InterventionStatus.WITHDRAWN, 60_600)
    session.line("Next.", 61_000, 62_000)
    assert headings(session)[-1] == (60_500, "Question no. 2", 1)
