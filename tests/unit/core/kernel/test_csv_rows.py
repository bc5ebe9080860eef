from __future__ import annotations

import pytest

from moothall.core.kernel.csv_rows import UnreadableTable, csv_rows


def test_rows_have_the_number_of_their_last_line() -> None:
    assert list(csv_rows('a;b\r\n"1\n2";3\r4;5', 9)) == [(1, ["a", "b"]), (3, ["1\n2", "3"]), (4, ["4", "5"])]
    assert list(csv_rows("", 9)) == []


def test_too_many_lines_and_what_is_no_table_are_refused() -> None:
    with pytest.raises(UnreadableTable, match="more than 1 lines"):
        list(csv_rows("a\nb\n", 1))
    with pytest.raises(UnreadableTable, match="Line 1: that is not CSV"):
        list(csv_rows(f'"{"x" * 200_000}"', 9))
