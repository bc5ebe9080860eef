from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.about import MOST_ROWS, AboutMeeting, by_name, read_table, united
from moothall.record.imports.past import PastLine, PastText

NAIROBI = timezone(timedelta(hours=3))
PAST = PastText(form="vtt", lines=(PastLine(row=1, t0=0, t1=1, text="x"),))


def ms(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp()) * 1000  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("name", "about"),
    [
        (
            "2026-11-24 Opening ceremony (pt-BR).vtt",
            AboutMeeting(title="Opening ceremony", day="2026-11-24", language="pt-BR"),
        ),
        ("2026-11-24 10.05 Opening.srt", AboutMeeting(title="Opening", start=ms(2026, 11, 24, 7, 5))),
        (
            "Opening 2026-11-24T10:05:09 - part 1.txt",
            AboutMeeting(title="Opening - part 1", start=ms(2026, 11, 24, 7, 5, 9)),
        ),
        ("GMT20201124-130012_Recording.transcript.vtt", AboutMeeting(start=ms(2020, 11, 24, 13, 0, 12))),
        (
            "My_talk-20231102_150335-Meeting Recording.vtt",
            AboutMeeting(title="My talk", start=ms(2023, 11, 2, 12, 3, 35)),
        ),
        ("2026-13-24 x.vtt", AboutMeeting(title="x", day="2026-13-24")),
        ("2026-11-31 10.00 x.vtt", AboutMeeting(title="x")),
        ("talk.en.vtt", AboutMeeting(title="talk", language="en")),
        ("talk.transcript.vtt", AboutMeeting(title="talk")),
        ("noend", AboutMeeting(title="noend")),
    ],
)
def test_what_the_name_of_a_file_says(name: str, about: AboutMeeting) -> None:
    assert by_name(name, NAIROBI) == about


def test_the_table_of_a_folder() -> None:
    table = (
        "File,Title,Start,Language,Session,Text\n"
        "a.vtt,Plenary,2019-11-25 10:00,en,plenary,floor\n\n"
        "b.vtt,,2019-11-25T10:00Z,fr,,interpretation\n"
    )
    assert read_table(table.encode(), NAIROBI) == {
        "a.vtt": AboutMeeting(
            title="Plenary", start=ms(2019, 11, 25, 7), language="en", session="plenary", kind=ChannelKind.FLOOR
        ),
        "b.vtt": AboutMeeting(start=ms(2019, 11, 25, 10), language="fr", kind=ChannelKind.INTERPRETATION),
    }


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("", 1),
        ("title\nx", 1),
        ("file,what\nx,y", 1),
        ("file,title\n,x", 2),
        ("file\na\na", 3),
        ("file,language\na,no language", 2),
        ("file,session\na,A B", 2),
        ("file,text\na,notes", 2),
        ("file,start\na,soon", 2),
        ('file\n"a\n' + "x" * 140_000, 3),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(table: str, row: int) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_table(table.encode(), UTC)
    assert refused.value.row == row


def test_the_table_comes_before_the_file_and_the_file_before_its_name() -> None:
    past = PastText(
        form="json", lines=PAST.lines, title="Of the file", opened=5, channel="fr", kind=ChannelKind.INTERPRETATION
    )
    found = united(AboutMeeting(title="Of the table"), past, AboutMeeting(title="x", start=9, language="en"), UTC)
    assert found == AboutMeeting(title="Of the table", start=5, language="en", kind=ChannelKind.INTERPRETATION)


def test_a_day_begins_at_midnight() -> None:
    found = united(AboutMeeting(), PAST, AboutMeeting(day="2019-11-25"), NAIROBI)
    assert (found.start, found.kind) == (ms(2019, 11, 24, 21), None)
    assert united(AboutMeeting(), PAST, AboutMeeting(day="2019-11-31"), NAIROBI).start is None


def test_a_table_has_a_bound() -> None:
    with pytest.raises(ImportRefused, match="at most"):
        read_table("file\n{}".format("\n".join(f"{n}.vtt" for n in range(MOST_ROWS + 1))).encode(), UTC)
