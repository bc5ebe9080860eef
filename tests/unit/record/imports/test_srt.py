from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.srt import read_srt


def test_numbers_blank_rows_and_points_are_taken_as_players_take_them() -> None:
    past = read_srt(
        "1\n00:00:01,000 --> 00:00:02,500 X1:0\n<i>Hello.</i>\n\nStill the first.\n\n2\n"
        "0:0:3.5 --> 00:00:05\nANN: 1984.\n\n00:00:06,000 --> 00:00:07,000\nNo number.\n"
    )
    assert [(line.row, line.t0, line.t1, line.name, line.text) for line in past.lines] == [
        (2, 1_000, 2_500, "", "Hello. Still the first."),
        (8, 3_500, 5_000, "ANN", "1984."),
        (11, 6_000, 7_000, "ANN", "No number."),
    ]


def test_a_caption_without_text_is_noted() -> None:
    past = read_srt("1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:02,000\nx")
    assert [note.row for note in past.notes] == [2]
    assert (past.lines[0].t0, past.lines[0].t1) == (3_000, 3_000)


@pytest.mark.parametrize(
    ("text", "row"),
    [("no times", 1), ("1\n00:00:01,000 --> soon\nx", 2), ("1\n00:00:01,000 --> 00:00:02,000\n", 1)],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, row: int) -> None:
    with pytest.raises(ImportRefused) as refused:
        read_srt(text)
    assert refused.value.row == row
