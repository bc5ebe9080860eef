from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.kernel.times import Zone
from moothall.core.programme.drafts import MOST_SESSIONS
from moothall.core.programme.plan import Planned, RoomId, Speaker
from moothall.core.programme.table_writing import defused, names_in, table, write_csv
from support.files.programme_files import read

NAIROBI = Zone("Africa/Nairobi", timezone(timedelta(hours=3)))
HEADING = "moothall id,title,room,start,end,languages,speakers,time zone"


def test_a_meeting_is_a_row_by_the_clock_of_the_conference() -> None:
    opening = Planned(
        session=SessionId("igf-opening"),
        title="Opening",
        room=RoomId("main-hall"),
        starts=0,
        ends=5_400_500,
        languages=("en", "fr"),
        speakers=(Speaker(id=SpeakerId("p-1"), name="Ana"), Speaker(id=SpeakerId("p-2"), name="Chen; Li")),
    )
    row = 'igf-opening,Opening,Main hall,1970-01-01 03:00:00+03:00,1970-01-01 04:30:00.500+03:00,"en, fr"'
    assert write_csv([opening], {RoomId("main-hall"): "Main hall"}, NAIROBI).decode("utf-8-sig").splitlines() == [
        HEADING,
        f'{row},"Ana; ""Chen; Li""",Africa/Nairobi',
    ]


def test_what_begins_as_a_formula_gets_an_apostrophe() -> None:
    for cell in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "'=1", "''  -1"):
        assert defused(cell) == f"'{cell}"
    assert defused("Ana - Bo") == "Ana - Bo"
    assert defused("'Ana") == "'Ana"


def test_any_rows_are_a_table_without_a_formula() -> None:
    rows = (("part", "name"), ("hub", "=HYPERLINK(1)"), ("named", 'Ana "A" Lee, x\r\n-1'))
    written = 'part,name\r\nhub,\'=HYPERLINK(1)\r\nnamed,"Ana ""A"" Lee, x\r\n-1"\r\n'
    assert table(rows).decode("utf-8-sig") == written
    assert table(rows).startswith(b"\xef\xbb\xbf")


def test_names_in_quotes_may_hold_semicolons() -> None:
    assert names_in('Ana; "Chen; Li" ;"""Bo""; x";"Duke" Ellington;') == [
        *("Ana", "Chen; Li", '"Bo"; x', '"Duke" Ellington'),
    ]
    assert names_in("Ana;") == ["Ana"]
    assert names_in("") == []
    assert names_in('"Ana; Bo') == ['"Ana', " Bo"]


def test_no_table_is_larger_than_one_that_is_read() -> None:
    many = [Planned(session=SessionId(f"s{n}"), title="T") for n in range(MOST_SESSIONS + 1)]
    assert len(read(write_csv(many[:-1], {}, NAIROBI).decode("utf-8-sig")).sessions) == MOST_SESSIONS
    with pytest.raises(ProgrammeError, match="day by day"):
        write_csv(many, {}, NAIROBI)
    crowd = tuple(Speaker(id=SpeakerId(f"p{n}"), name="名" * 190) for n in range(200))
    for names in (crowd, crowd[:40]):
        with pytest.raises(ProgrammeError, match="day by day"):
            write_csv([Planned(session=SessionId(f"s{n}"), title="T", speakers=names) for n in range(400)], {}, NAIROBI)


def test_an_id_of_ours_is_taken_as_it_is_and_another_cell_is_refused() -> None:
    heading = "moothall id,title"
    there = read(f"{heading}\na-much_longer.id-{'x' * 47},One\n,Two\nthree,'=Three\n")
    assert [(each.session, each.title) for each in there.sessions] == [
        *((f"a-much_longer.id-{'x' * 47}", "One"), ("two", "Two"), ("three", "=Three")),
    ]
    with pytest.raises(ProgrammeError, match=r"^Line 2, column 'moothall id': 'a b' is no meeting's id"):
        read(f"{heading}\na b,One\n")
    with pytest.raises(ProgrammeError, match="another session has the id 'one' already"):
        read(f"{heading}\none,One\none,Two\n")
