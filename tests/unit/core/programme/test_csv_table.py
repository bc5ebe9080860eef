from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProgrammeError
from support.files.programme_files import read, table

HOUR = 3_600_000


def test_the_columns_are_found_by_their_headings() -> None:
    there = read("Speakers;TITLE;other;Start;End\nAna;Opening; ;1970-01-01 01:00;1970-01-01 02:00\n;;;;\n")
    (opening,) = there.sessions
    assert (opening.title, opening.starts, opening.ends, opening.room) == ("Opening", HOUR, 2 * HOUR, None)
    assert [speaker.name for speaker in opening.speakers] == ["Ana"]


def test_a_length_stands_for_an_end_and_a_cell_may_hold_anything() -> None:
    (opening,) = table('a,"Water, ""our"" water\nand land",Hall,1970-01-01,1:00,"en;fr",Ana; Bo').sessions
    assert (opening.title, opening.starts, opening.ends) == ('Water, "our" water and land', 0, HOUR)
    assert (opening.languages, len(opening.speakers)) == (("en", "fr"), 2)


def test_a_column_names_the_time_zone_row_by_row() -> None:
    there = read(
        "title,start,time zone\nA,1970-01-01 03:00,Africa/Nairobi\nB,1970-01-01 03:00,\nC,1970-01-02,Africa/Nairobi\n"
    )
    assert [each.starts for each in there.sessions] == [0, 3 * HOUR, 21 * HOUR]
    assert there.zone == "Africa/Nairobi"
    assert read("title\nA").zone == ""
    with pytest.raises(ProgrammeError, match="'Mars/Base' is not known here"):
        read("title,timezone\nA,Mars/Base")


def test_a_short_row_lacks_what_it_lacks() -> None:
    (opening,) = table("a,Opening").sessions
    assert (opening.room, opening.starts, opening.ends) == (None, None, None)
    (untimed,) = table("a,Opening,,,1:00").sessions
    assert untimed.ends is None


def test_a_table_needs_its_headings() -> None:
    for text in ("", "name\nOpening", "Opening,10:00"):
        with pytest.raises(ProgrammeError, match="'title'"):
            read(text)


def test_a_mistake_is_said_with_its_line() -> None:
    with pytest.raises(ProgrammeError, match=r"^Line 3, column 'start': 'soon' is no time"):
        table("a,One", "b,Two,,soon")
    with pytest.raises(ProgrammeError, match=r"^Line 2: that is not CSV"):
        table(f"a,{'x' * 200_000}")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ProgrammeError) as raised:
        table("a,One,,soon,,xx!", "b,Two,,,long", "c,Three,,1970-01-01,1:00")
    assert [sentence.partition(":")[0] for sentence in raised.value.sentences] == [
        "Line 2, column 'start'",
        "Line 2, column 'languages'",
        "Line 3, column 'duration'",
    ]
    with pytest.raises(ProgrammeError) as raised:
        table(*[f"{n},T,,soon" for n in range(60)])
    assert (len(raised.value.sentences), raised.value.sentences[-1]) == (51, "And 10 more.")


def test_a_missing_title_and_an_end_before_its_start_are_said_beside_what_cant_be_read() -> None:
    with pytest.raises(ProgrammeError) as raised:
        read(
            "Code,Titel,Title,Date,Start,End,Duration,Language\n"
            "a,,,1970-01-02,09:00,08:00,,Klingon\n"
            "a,,B,1970-01-02,soon,10:00,0,en\n"
            "b,,C,,,1970-01-02 10:00,,en\n"
        )
    assert raised.value.sentences == (
        "Line 2, column 'Language': 'Klingon' names no language; write a name or a tag, such as English or en.",
        "Line 2, column 'Title': there is no title; write one of at most 500 characters.",
        "Line 2, column 'End': the end '08:00' is not after its start; write a later end.",
        "Line 3, column 'Start': 'soon' is no time; write it as 2026-11-24 10:00.",
        "Line 3, column 'Duration': '0' is no length of time; write one of a minute or more, such as 1:30.",
        "Line 3, column 'Code': another session has the id 'a' already; give each an id of its own.",
        "Line 4, column 'End': the end '1970-01-02 10:00' has no start beside it; write when it starts too.",
    )


def test_a_spreadsheet_keeps_dates_and_times_in_columns_of_their_own() -> None:
    there = read(
        "Title;Date;Start;End;Language\n"
        "Opening;01/02/1970;09:00;10:30;en\nNight;02/02/1970;23:00;00:30;fr\nDay;03/02/1970;;;\n"
    )
    day = 24 * HOUR
    assert [(each.starts, each.ends) for each in there.sessions] == [
        (31 * day + 9 * HOUR, 31 * day + 10 * HOUR + HOUR // 2),
        (32 * day + 23 * HOUR, 33 * day + HOUR // 2),
        (33 * day, None),
    ]
    assert there.notes == ("Dates such as 01/02/2026 were read with the day first.",)
    (timed,) = read("title,start,end\nA,1970-01-01 09:00,10:00").sessions
    assert (timed.starts, timed.ends) == (9 * HOUR, 10 * HOUR)
    with pytest.raises(ProgrammeError, match=r"'Start': its date 'next Monday' is no date; write it as 2026"):
        read("Title,Date,Start\nA,next Monday,09:00")
    with pytest.raises(ProgrammeError, match=r"column 'end'.*needs a column 'date'"):
        read("title,start,end\nA,09:00,10:00")


def test_headings_are_known_in_the_languages_of_the_interface() -> None:
    for heading in ("Título;Fecha", "Название;Дата", "العنوان;التاريخ", "标题;日期"):
        (opening,) = read(f"{heading}\nA;1970-01-02").sessions
        assert opening.starts == 24 * HOUR


@pytest.mark.parametrize(
    ("text", "why"),
    [("title\n" + "a\n" * 3_000_000, "more than 5000"), ("title,x\n" + ",\n" * 100_001, "100000 lines")],
)
def test_a_file_of_millions_of_lines_is_given_up_at_once(text: str, why: str) -> None:
    with pytest.raises(ProgrammeError, match=why):
        read(text)
