"""The contract of files of badges: what is read, and what each refusal says."""

from __future__ import annotations

import pytest

from moothall.core.attendance.badges import MOST_BYTES, MOST_CHARACTERS, MOST_LINES, count_badges
from moothall.core.kernel.errors import BadgesRefused


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Badge ID,Name\n17,Ana\n18,Ben\n17,Ana\n", 2),
        ("name;badge_number;time\nAna;A-17;09:00\nBen;a-17;09:01\n\n;;\nCara; B-1 ;\n", 2),
        ("id\tbadge\n1\t7\n2\t7\n", 1),
        ("\ufeffCrachá\n1\n2\n", 2),
        ("17\n18\n18\n", 2),
        ("17\r\n18\r\n", 2),
    ],
)
def test_each_badge_counts_once(text: str, people: int) -> None:
    assert count_badges(text.encode()) == people


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Line 1: no column has the badges' numbers"),
        (b"name,time\nAna,09:00\n", "Line 1: no column has the badges' numbers"),
        (b"badge\n", "The file has no badges"),
        (b"badge,name\n17,Ana\n,Ben\n", "Line 3: the badge's number is missing"),
        (b"name,badge\nAna,17\nBen\n", "Line 3: the badge's number is missing"),
        (b"badge\n" + b"1" * (MOST_CHARACTERS + 1) + b"\n", "Line 2: the badge's number has more than 200 characters"),
        (b"badge\nAna\xff\n", "Line 2: the file is not written in UTF-8"),
        (b"badge\n" + b"1\n" * MOST_LINES, "The file has more than 50000 lines"),
        (b"badge\n" + b"1" * 200_000 + b"\n", "Line 2: that is not CSV"),
        (b"x" * (MOST_BYTES + 1), "it may have 2097152"),
    ],
)
def test_a_refusal_names_the_line_and_nothing_of_it(data: bytes, sentence: str) -> None:
    with pytest.raises(BadgesRefused) as refused:
        count_badges(data)
    assert sentence in str(refused.value)
    assert "Ana" not in str(refused.value)
