from __future__ import annotations

from moothall.core.events import types as ev
from moothall.record.parallel import OtherText
from moothall.record.sections import excerpt, heading_of, sections, states_of
from moothall.record.wording import Options
from moothall.record.wrapping import EXCERPT
from support.record.golden import ARABIC, golden_records
from support.sessions.record_maker import FLOOR, WORDING, Telling


def told(*times: int) -> Telling:
    session = Telling()
    for t0 in times:
        session.line(f"At {t0}.", t0, t0 + 900, name="Ann")
    return session


def starts(session: Telling, **options: bool) -> list[int]:
    return [start for start, _ in sections(session.record(), Options(**options))]


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
    assert [start for start, _ in parts] == [0, 300_000]
    assert len(states_of(records[FLOOR], WORDING, beside)) == 2
    assert states_of(records[FLOOR], WORDING, OtherText(record=records[FLOOR], wording=WORDING)) == states_of(
        records[FLOOR], WORDING
    )


def test_an_excerpt_is_the_beginning_of_the_first_line() -> None:
    session = Telling()
    session.tell(ev.GapNoted(channel=FLOOR, t0=0, t1=900, reason=ev.GapReason.OVERLOAD))
    ((_, rows),) = sections(session.record(), Options())
    assert excerpt(rows) == ("", "")
    session.line("word " * 40, 1_000, 1_900)
    ((_, rows),) = sections(session.record(), Options())
    assert excerpt(rows) == ("word " * 11 + "word…", "en")
    session = Telling()
    session.line("水" * 100, 0, 900, language="zh")
    ((_, rows),) = sections(session.record(), Options())
    assert excerpt(rows) == ("水" * EXCERPT + "…", "zh")


def test_a_section_begins_with_the_name_of_who_goes_on_speaking() -> None:
    session = told(1_000, 2_000, 301_000)
    session.line("Who?", 302_000, 303_000)
    names = [
        [heading_of(row, number, WORDING) for number, row in enumerate(rows)]
        for _, rows in sections(session.record(), Options())
    ]
    assert names == [["Ann", None], ["Ann", "Speaker not named"]]
